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
 *	  volumes_lock	the list of active ones, in volume.c
 *	  @job_lock	the job and the mover's cursor; never in the committer
 *	    @meta.lock	the metadata, as in meta.h
 *	      bucket->lock	see region.h; interrupts off
 *		@lock		lists of changes and bios, places; innermost
 *
 * I/O holds none of the first three while it waits for anything.
 *
 * What a bio needs to get through is never behind itself in a queue: @io_wq may
 * wait for memory of bios that are under way, @crypt_wq only computes, @copy_wq
 * may wait for places and for data devices, @commit_wq waits for devices alone.
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
#include "meta.h"

/* One bio takes no more pages than the reserve has. */
#define REKEY_BIO_SECTORS	(BIO_MAX_VECS * (PAGE_SIZE >> SECTOR_SHIFT))
#define REKEY_BUCKETS		256
/* Regions that are copied at a time: for writers that wait, for the mover. */
#define REKEY_LANES_IO		2
#define REKEY_LANES_MOVE	4
#define REKEY_LANES		(REKEY_LANES_IO + REKEY_LANES_MOVE)
#define REKEY_LANE_PAGES	64

struct rekey_bucket;
struct rekey_change;
struct rekey_key;
struct rekey_lane;
struct rekey_volume;

struct rekey_device {
	struct dm_dev *dm;	/* NULL: "-", nothing lies on it */
	sector_t start;		/* of its region 0 */
	sector_t sectors;	/* behind that */
	u64 places;		/* whole regions */
	u64 free;		/* of them; under the volume's @lock */
	u64 cursor;		/* where to look first; @lock */
	unsigned long *used;	/* a bit a place; @lock */
	bool label;		/* place 0 is one */
};

struct rekey_slot {
	struct rekey_key __rcu *key;	/* changed under @message */
	atomic64_t regions;	/* written ones under it */
};

enum rekey_mover_state {
	REKEY_MOVER_IDLE,
	REKEY_MOVER_RUNNING,
	REKEY_MOVER_PAUSED,
	REKEY_MOVER_NO_KEY,	/* goes on when the key is there */
	REKEY_MOVER_NO_SPACE,	/* these two: by "rekey resume" */
	REKEY_MOVER_ERROR,
};

enum rekey_mover_end {
	REKEY_ENDED_NOT,
	REKEY_ENDED_DONE,
	REKEY_ENDED_ABORTED,
};

/* The job itself is in meta.sb. */
struct rekey_mover {
	bool down;		/* from the last region to the first; @job_lock */
	u64 cursor;		/* regions of the job looked at; @job_lock */
	u64 next;		/* ktime_get_ns(): not before; @job_lock */
	/* under the volume's @lock: */
	enum rekey_mover_state state;
	bool again;		/* some were passed over: another round */
	u32 under_way;
	u64 moved;		/* since the job began, or the volume's resume */
	u64 total;		/* to be moved, as it was counted then */
	u64 errors;
	enum rekey_mover_end ended;	/* nobody was told of it yet */
	struct rekey_job last;	/* that ended so */
};

struct rekey_volume {
	struct list_head node;	/* of active ones; volumes_lock */
	u64 serial;		/* of its activation; volumes_lock */
	bool shown;		/* active, all of it; volumes_lock */
	char name[DM_NAME_LEN];	/* as it was last; volumes_lock */
	struct dm_target *ti;
	struct rekey_meta meta;
	struct dm_dev *meta_dm;
	struct rekey_cipher cipher;
	char *meta_key;		/* ":32:logon:name", for the table */
	sector_t meta_start;	/* of the metadata on their device */

	u32 region_sectors;
	u32 region_shift;
	u64 regions;
	u32 devices;
	struct rekey_device device[REKEY_DEVICES];
	struct rekey_slot slot[REKEY_SLOTS];

	/*
	 * An entry for each region. Read under its bucket's lock; written
	 * under that by the committer only, once the entry is durable.
	 */
	u64 *map;
	u64 *staging;		/* the committer's: one page of it */
	u32 generation;		/* of the map; the committer's; READ_ONCE */
	struct rekey_bucket *bucket;

	bool allow_discards;
	bool no_read_workqueue;
	bool no_write_workqueue;
	bool high_priority;
	bool create;		/* an empty metadata device is formatted */
	bool adopt;		/* and all regions lie from adopt_place on */
	u64 adopt_place;
	u32 rate;		/* KiB/s of the mover; 0: no limit */

	struct mutex message;	/* outermost; see above */
	bool active;		/* @message; read without in the I/O path */
	bool stopping;		/* no new job or change of our own; READ_ONCE */
	bool failed;		/* read-only: by the table, or by an error */

	struct mutex job_lock;	/* the job in meta.sb, and @mover's parts */
	struct rekey_mover mover;
	struct delayed_work mover_work;

	spinlock_t lock;	/* irq-safe */
	struct bio_list deferred;	/* bios that need a change or memory */
	struct list_head ready;		/* changes to commit */
	struct list_head reap;		/* changes whose last reader is gone */
	struct list_head queue[2];	/* changes to copy: I/O's, the mover's */

	atomic_t changes;	/* allocated, not yet freed */
	atomic_t freeing;	/* of them, those that will give up a place */
	atomic_t starved;	/* lanes of I/O that wait for a place */
	wait_queue_head_t change_wait;	/* one is freed */

	struct workqueue_struct *io_wq;
	struct workqueue_struct *crypt_wq;
	struct workqueue_struct *copy_wq;
	struct workqueue_struct *commit_wq;
	struct workqueue_struct *move_wq;
	struct work_struct deferred_work;
	struct work_struct commit_work;
	struct work_struct notify_work;
	struct rekey_lane *lane[REKEY_LANES];

	struct bio_set bios;
	mempool_t pages;		/* single ones, of writes */
	struct percpu_counter pages_used;
	mempool_t change_pool;
	struct mutex page_lock;	/* whoever waits for pages of the reserve */
};

static inline const char *volume_name(struct rekey_volume *v)
{
	return dm_device_name(dm_table_get_md(v->ti->table));
}

/* Sectors of @region: the last one may be shorter. */
static inline u32 region_length(struct rekey_volume *v, u64 region)
{
	return min_t(u64, v->region_sectors,
		     v->ti->len - (region << v->region_shift));
}

/* Where a written region lies. */
static inline struct block_device *entry_bdev(struct rekey_volume *v,
					      u64 entry)
{
	return v->device[entry_device(entry)].dm->bdev;
}

static inline sector_t entry_sector(struct rekey_volume *v, u64 entry)
{
	return v->device[entry_device(entry)].start +
	       (entry_place(entry) << v->region_shift);
}

/* volume.c */
int volume_format(struct rekey_volume *v, char **error);
int volume_probe(struct rekey_volume *v, char **error);
int volume_activate(struct rekey_volume *v);
void volume_deactivate(struct rekey_volume *v);
void volumes_hold(void);
void volumes_release(void);
struct rekey_volume *volume_next(u64 serial);
u64 volume_written(struct rekey_volume *v);
void volume_fail(struct rekey_volume *v, const char *what, int err);

/* place.c */
int places_alloc(struct rekey_volume *v);
void places_free(struct rekey_volume *v);
void places_reset(struct rekey_volume *v);
bool place_claim(struct rekey_volume *v, u64 region, u64 entry);
bool place_get(struct rekey_volume *v, u32 slot, u32 device, u64 near,
	       bool below, u64 *entry);
void place_put(struct rekey_volume *v, u64 entry);

#endif /* _HEARTH_REKEY_VOLUME_H */
