/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A volume: an instance of the target, from ctr to dtr. It owns its metadata
 * only from preresume to postsuspend (@active); a table that is loaded beside
 * an active one reads, but does not write.
 *
 * Locks, outermost first:
 *
 *	@message	one message, resume or suspend at a time; may be held
 *			for as long as an erase takes
 *	  @job_lock	the job and the mover's cursor; never in the committer
 *	    @meta.lock	the metadata, as in meta.h
 *	      bucket->lock	see map.h; interrupts off
 *		@places.lock, @copiers.lock, @lock	innermost, none in another
 *
 * I/O holds none of the first three while it waits for anything. The list of
 * volumes has a spinlock of its own, under which nothing else is taken; who
 * looks at a volume of the list holds a reference, and takes snapshots under the
 * inner locks alone. So nobody waits for another volume than his own.
 *
 * What a bio needs to get through is never behind itself in a queue:
 *
 *	@io_wq		waits for pages of bios that are below
 *	@defer_wq	waits for changes to be freed
 *	@crypt_wq	only computes
 *	copiers' wq	waits for data devices
 *	@commit_wq	waits for devices
 *	@move_wq	waits for changes to be freed
 */
#ifndef _HEARTH_REKEY_VOLUME_H
#define _HEARTH_REKEY_VOLUME_H

#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/dm-ioctl.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/percpu_counter.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "cipher.h"
#include "copy.h"
#include "map.h"
#include "meta.h"
#include "place.h"
#include "slot.h"

/* One bio takes no more pages than the reserve has. */
#define REKEY_BIO_SECTORS	(BIO_MAX_VECS * (PAGE_SIZE >> SECTOR_SHIFT))

enum mover_state {
	MOVER_IDLE,
	MOVER_WAITING,		/* till some time behind the first write */
	MOVER_RUNNING,
	MOVER_PAUSED,
	MOVER_NO_KEY,		/* goes on when the key is there */
	MOVER_NO_SPACE,		/* these three: by "rekey resume" */
	MOVER_ERROR,
	MOVER_INCOMPLETE,	/* all but regions that cannot be moved */
};

enum mover_end {
	MOVER_ENDED_NOT,
	MOVER_ENDED_DONE,
	MOVER_ENDED_ABORTED,
};

struct rekey_mover {
	/* under @job_lock: */
	bool down;		/* from the last region to the first */
	bool retried;		/* what failed was tried a second time */
	bool settled;		/* a job may begin: see mover_grace() */
	bool mended;		/* the metadata, when that is so */
	u64 cursor;		/* regions of the job looked at */
	u64 next;		/* ktime_get_ns(): not before */
	u64 scrub_at;		/* places below were looked at: see place_take_stale() */
	/* changed under @job_lock and the volume's @lock, read under any: */
	struct rekey_job job;	/* as in the superblock */
	/* under the volume's @lock: */
	enum mover_state state;
	bool again;		/* some were passed over: another round */
	u32 under_way;
	u64 begun;		/* ktime_get_ns(): the last move did */
	u64 rest;		/* the same: none before, if others are at work */
	u64 skipped;		/* regions that failed in this round */
	u64 unscrubbed;		/* places, the same */
	u64 scrubbed;		/* counts as @moved does */
	u64 scrub_total;	/* places to be scrubbed, when that began */
	u64 moved;		/* since the job began, or the volume's resume */
	u64 total;		/* to be moved, as it was counted then */
	u64 errors;
	enum mover_end ended;	/* nobody was told of it yet */
	struct rekey_job last;	/* that ended so */
};

/* A place that a job overwrites. */
struct rekey_scrub {
	struct rekey_copy copy;
	struct rekey_volume *v;
	u64 entry;
};

struct rekey_volume {
	struct list_head all;	/* from ctr to dtr; list's lock */
	struct list_head node;	/* of active ones; list's lock */
	u64 serial;		/* of its activation; list's lock */
	bool shown;		/* active, all of it; list's lock */
	atomic_t readers;	/* who looks at it */
	struct dm_target *ti;
	char name[DM_NAME_LEN];	/* as it was last; @lock */

	struct rekey_meta meta;
	struct rekey_cipher cipher;
	struct rekey_places places;
	struct rekey_slots slots;
	struct rekey_map map;
	struct rekey_copiers copiers;

	/* of the table: */
	struct dm_dev *meta_dm;
	char *meta_key;		/* ":32:logon:name", for the table */
	char *old_meta_key;	/* the one before, to be changed; or NULL */
	sector_t meta_start;	/* of the metadata on their device */
	u32 region_sectors;
	u32 region_shift;
	u64 regions;
	bool allow_discards;
	bool no_read_workqueue;
	bool no_write_workqueue;
	bool high_priority;
	bool salvage;		/* read-only: what is damaged is read as it can */
	bool create;		/* an empty metadata device is formatted */
	bool adopt;		/* and all regions lie from adopt_place on */
	u64 adopt_place;
	u32 version;		/* of one that is formatted */
	bool upgrade;		/* one of version 1 becomes one of version 2 */
	u32 rate;		/* KiB/s of the mover; 0: no limit */

	struct mutex message;	/* outermost; see above */
	bool active;		/* @message; READ_ONCE */
	bool lived;		/* it was active before; @message; READ_ONCE */
	bool heir;		/* or the device, by another table; the same */
	bool made_ro;		/* the disk, by us; in resume alone */
	bool dead;		/* could not be resumed: I/O fails; READ_ONCE */
	bool started;		/* it was written to, or a job asked for; acquire */
	unsigned long since;	/* jiffies of the first write, if @started by it */
	unsigned long used;	/* jiffies of the last bio; READ_ONCE */
	bool stopping;		/* no new job or change of our own; READ_ONCE */
	bool halted;		/* the mover, by a hibernation; READ_ONCE */
	bool frozen;		/* and now the map, too; READ_ONCE */

	struct mutex job_lock;	/* see struct rekey_mover */
	struct rekey_mover mover;
	struct delayed_work mover_work;
	struct rekey_scrub scrub[COPIERS_MOVE];	/* free while none is under way */

	spinlock_t lock;	/* irq-safe */
	struct bio_list deferred;	/* bios that need a change or memory */
	struct list_head ready;		/* changes to commit */
	struct list_head reap;		/* changes whose last reader is gone */
	struct list_head starved;	/* first writes without a place */
	u64 *staging;		/* the committer's: a page of entries */
	bool told;		/* that a write of metadata failed */

	atomic_t changes;	/* allocated, not yet freed */
	atomic_t freeing;	/* of them, those that will give up a place */
	atomic_t starving;	/* on @starved */
	wait_queue_head_t change_wait;	/* one is freed */

	struct workqueue_struct *io_wq;
	struct workqueue_struct *defer_wq;
	struct workqueue_struct *crypt_wq;
	struct workqueue_struct *commit_wq;
	struct workqueue_struct *move_wq;
	struct work_struct deferred_work;
	struct work_struct commit_work;
	struct work_struct notify_work;

	struct bio_set bios;
	mempool_t pages;		/* single ones, of writes */
	struct percpu_counter pages_used;
	mempool_t change_pool;
	struct mutex page_lock;	/* whoever waits for pages of the reserve */
};

static inline const char *volume_name(const struct rekey_volume *v)
{
	return dm_device_name(dm_table_get_md(v->ti->table));
}

/* Sectors of @region: the last one may be shorter. */
static inline u32 volume_region_length(const struct rekey_volume *v,
				       u64 region)
{
	return min_t(u64, v->region_sectors,
		     v->ti->len - (region << v->region_shift));
}

/* Whether writes are refused, whatever it is that forbids them. */
static inline bool volume_readonly(const struct rekey_volume *v)
{
	return !meta_may_write(&v->meta);
}

void volume_add(struct rekey_volume *v);
void volume_remove(struct rekey_volume *v);
int volume_register(struct rekey_volume *v);
void volume_show(struct rekey_volume *v);
void volume_unregister(struct rekey_volume *v);
bool volume_inherit(struct rekey_volume *v);
struct rekey_volume *volume_next(u64 serial);
bool volume_get(struct rekey_volume *v);
void volume_put(struct rekey_volume *v);
void volume_notify(struct rekey_volume *v);
void volume_failed(struct rekey_volume *v, const char *what, int err);
void volume_kick(struct rekey_volume *v);
void volume_defer(struct rekey_volume *v, struct bio_list *bios);

#endif /* _HEARTH_REKEY_VOLUME_H */
