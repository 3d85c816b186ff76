/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The metadata device: reads and writes pages, and vouches for them by MAC.
 *
 * Two in memory mirror what is on disk: @sb and @slot, under @lock. The map's
 * mirror is the volume's (map.h), as it is read without any lock.
 *
 * Opening writes nothing. What it found to be mended, and what is to be told of the
 * table that it was opened with, is kept, and written by meta_begin() before the
 * first write of any kind: see there for the order.
 *
 * An error of a write leaves it open which copy is on disk. @failed is set where that
 * happens, before anybody can see the error: no write comes after, so both stay
 * true. The volume's volume_failed() is due.
 */
#ifndef _HEARTH_REKEY_META_H
#define _HEARTH_REKEY_META_H

#include <linux/blkdev.h>
#include <linux/mutex.h>

#include "format.h"

struct crypto_shash;
struct workqueue_struct;

struct rekey_meta {
	/*
	 * Protects all below but the first three, which don't change once the
	 * table is loaded, and orders the writes. Nests inside the volume's message lock and that
	 * of a job, outside of bucket locks. @failed and a slot's @state are
	 * read without it, too.
	 */
	struct mutex lock;
	struct block_device *bdev;
	sector_t start;			/* where they begin there */
	sector_t sectors;		/* that they take, or will */
	struct rekey_layout layout;	/* of their pages there; an upgrade's changes */
	u32 upgrade;			/* stride that it is to have then; 0: none */
	struct crypto_shash *mac;	/* by which pages are sealed: one of those of the table */
	struct crypto_shash *also;	/* by which they may be, while it is changed; or NULL */
	struct crypto_shash *key;	/* of the table: HMAC-SHA256 with the metadata key */
	struct crypto_shash *old_key;	/* with the one before, to be changed; or NULL */
	union rekey_page *page;		/* two of them: one I/O's data */
	struct rekey_super sb;		/* as it is to be */
	struct rekey_super disk_sb;	/* as it is on disk */
	u64 sb_seq;			/* of its newest copy */
	struct rekey_slot_info slot[REKEY_SLOTS];
	struct rekey_age *age;		/* of slot and map pages, by number - 1 */
	u64 pages;			/* of them, the superblock not counted */
	const u64 *map;			/* the volume's */
	u64 regions;			/* of it */
	u64 old_pages;			/* @pages as they are on disk */
	unsigned long *mend;		/* by number: a copy is not valid */
	unsigned long *change;		/* by number: another one than on disk */
	unsigned long *differ;		/* by number: its copies do; version 2 */
	atomic_t torn;			/* copies that a crash may have cut */
	u64 torn_page;			/* number of the last one's; READ_ONCE */
	atomic_t lost;			/* pages without a valid copy */
	struct {
		struct block_device *bdev;
		sector_t sector;
		bool fresh;		/* the device is none of the volume yet */
	} label[REKEY_DEVICES];		/* to be written at the beginning */
	bool begun;			/* meta_begin() is through */
	bool readonly;			/* nothing may be written */
	bool frozen;			/* for a hibernation; READ_ONCE */
	bool failed;			/* a write did; READ_ONCE */
};

int meta_init(struct rekey_meta *meta, struct block_device *bdev,
	      sector_t start, struct crypto_shash *key,
	      struct crypto_shash *old_key, u64 regions);
void meta_exit(struct rekey_meta *meta);
int meta_lay_out(struct rekey_meta *meta, u32 version, sector_t sectors,
		 char **error);

bool meta_is_blank(struct rekey_meta *meta, int *err);
int meta_read_super(struct rekey_meta *meta, char **error);
int meta_read_slots(struct rekey_meta *meta, char **error);
int meta_read_map(struct rekey_meta *meta, struct workqueue_struct *wq,
		  u64 *map, u64 regions, bool salvage, char **error);
int meta_check_digest(struct rekey_meta *meta, bool salvage, char **error);

int meta_format(struct rekey_meta *meta, const u64 *map);
int meta_begin(struct rekey_meta *meta);
int meta_mend(struct rekey_meta *meta);
int meta_plan_upgrade(struct rekey_meta *meta, sector_t sectors,
		      char **error);
int meta_upgrade(struct rekey_meta *meta, char **error);
int meta_rotate(struct rekey_meta *meta, char **error);
int meta_write_job(struct rekey_meta *meta, const struct rekey_job *job);
int meta_any_stale(struct rekey_meta *meta);
int meta_write_slot(struct rekey_meta *meta, u32 slot, u32 state);
int meta_bind_slot(struct rekey_meta *meta, u32 slot, u32 key_size,
		   const u8 *kcv, bool now);
int meta_write_map(struct rekey_meta *meta, u32 index, const u64 *entry);
int meta_close(struct rekey_meta *meta);

void meta_add_label(struct rekey_meta *meta, u32 device,
		    struct block_device *bdev, sector_t sector, bool fresh);
int meta_read_label(struct rekey_meta *meta, struct block_device *bdev,
		    sector_t sector, u32 device, const char **why);
int meta_write_label(struct rekey_meta *meta, struct block_device *bdev,
		     sector_t sector, u32 device);
int meta_give_label(struct rekey_meta *meta, struct block_device *bdev,
		    sector_t sector, u32 device);

/* Is the key before the table's still needed: pages are under it, or may be? */
static inline bool meta_needs_old_key(const struct rekey_meta *meta)
{
	return meta->old_key && (meta->mac == meta->old_key || meta->also);
}

/* Could a write be tried? */
static inline bool meta_may_write(const struct rekey_meta *meta)
{
	return !meta->readonly && !READ_ONCE(meta->failed);
}

/* Any context: what is seen may be changing. */
static inline u32 meta_slot_state(const struct rekey_meta *meta, u32 slot)
{
	return READ_ONCE(meta->slot[slot].state);
}

#endif /* _HEARTH_REKEY_META_H */
