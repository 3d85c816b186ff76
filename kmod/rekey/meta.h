/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The metadata device: reads and writes pages, and vouches for them by MAC.
 *
 * Two in memory mirror what is on disk: @sb and @slot, under @lock. The map's
 * mirror is the volume's (volume.h), as it is read without any lock.
 *
 * An error of a write leaves it open which copy is on disk. The caller has to
 * make the volume read-only (volume_fail()), so that both stay true.
 */
#ifndef _HEARTH_REKEY_META_H
#define _HEARTH_REKEY_META_H

#include <linux/blkdev.h>
#include <linux/mutex.h>

#include "format.h"

struct crypto_shash;

struct rekey_meta {
	/*
	 * Protects all below but the first four, which don't change, and
	 * orders the writes. Nests inside the volume's message lock, outside
	 * of its bucket locks.
	 */
	struct mutex lock;
	struct block_device *bdev;
	sector_t start;			/* where they begin there */
	sector_t sectors;		/* that they take */
	struct crypto_shash *mac;	/* HMAC-SHA256 with the metadata key */
	union rekey_page *page;		/* two of them: one I/O's data */
	struct rekey_super sb;
	u64 sb_seq;
	struct rekey_slot_info slot[REKEY_SLOTS];
	u64 *seq;			/* of slot and map pages, by number - 1 */
	u64 pages;			/* of them, the superblock not counted */
	u32 torn;			/* damaged copies that were read */
	u32 torn_kind;			/* the last of them */
	u32 torn_index;
};

int meta_init(struct rekey_meta *meta, struct block_device *bdev,
	      sector_t start, struct crypto_shash *mac, u64 regions,
	      char **error);
void meta_exit(struct rekey_meta *meta);

bool meta_is_blank(struct rekey_meta *meta, int *err);
int meta_read_super(struct rekey_meta *meta, char **error);
int meta_read_slots(struct rekey_meta *meta, char **error);
int meta_read_map(struct rekey_meta *meta, u64 *map, u64 regions,
		  char **error);
int meta_check_digest(struct rekey_meta *meta, u64 pages, char **error);

int meta_write_super(struct rekey_meta *meta);
int meta_write_slots(struct rekey_meta *meta, u32 slot);
int meta_write_map(struct rekey_meta *meta, u32 index, const u64 *entry,
		   u32 count);
int meta_repair(struct rekey_meta *meta, const u64 *map, u64 regions);
int meta_set_clean(struct rekey_meta *meta, u64 pages);
int meta_flush(struct rekey_meta *meta);

int meta_read_label(struct rekey_meta *meta, struct block_device *bdev,
		    sector_t sector, u32 device, const char **why);
int meta_write_label(struct rekey_meta *meta, struct block_device *bdev,
		     sector_t sector, u32 device);

/* Entries that page @index of the map of @regions has. */
static inline u32 meta_map_count(u64 regions, u32 index)
{
	return min_t(u64, REKEY_PAGE_ENTRIES,
		     regions - (u64)index * REKEY_PAGE_ENTRIES);
}

#endif /* _HEARTH_REKEY_META_H */
