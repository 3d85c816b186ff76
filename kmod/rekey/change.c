// SPDX-License-Identifier: GPL-2.0
/* Changes and the committer: see change.h. */
#include <linux/blkdev.h>
#include <linux/device-mapper.h>

#include "change.h"
#include "io.h"
#include "region.h"

#define DM_MSG_PREFIX "rekey"

/**
 * change_new() - a change that is not claimed yet
 * @v: active
 * @kind: what for
 * @region: whose entry
 * @old: as the entry is
 * @new: as it will be; a CHANGE_ZERO's place comes later
 *
 * May wait for another change to be freed; not in the committer, nor in a lane.
 *
 * Return: the change, always.
 */
struct rekey_change *change_new(struct rekey_volume *v, enum change_kind kind,
				u64 region, u64 old, u64 new)
{
	struct rekey_change *change = mempool_alloc(&v->change_pool, GFP_NOIO);

	memset(change, 0, sizeof(*change));
	change->v = v;
	change->kind = kind;
	change->region = region;
	change->old = old;
	change->new = new;
	bio_list_init(&change->bios);
	atomic_inc(&v->changes);
	change->frees = kind != CHANGE_ZERO && entry_written(old);
	if (change->frees)
		atomic_inc(&v->freeing);
	return change;
}

/**
 * change_free() - one that is not claimed, or not any more
 * @change: is gone then
 */
void change_free(struct rekey_change *change)
{
	struct rekey_volume *v = change->v;

	if (change->frees)
		atomic_dec(&v->freeing);
	mempool_free(change, &v->change_pool);
	atomic_dec(&v->changes);
	wake_up_all(&v->change_wait);
}

/**
 * changes_wait() - until there is no change under way
 * @v: nobody makes new ones
 */
void changes_wait(struct rekey_volume *v)
{
	wait_event(v->change_wait, !atomic_read(&v->changes));
	/* the committer may still have its hands on the last one's page */
	flush_work(&v->commit_work);
}

static void change_add(struct rekey_volume *v, struct rekey_change *change,
		       struct list_head *list)
{
	unsigned long flags;

	spin_lock_irqsave(&v->lock, flags);
	list_add_tail(&change->node, list);
	spin_unlock_irqrestore(&v->lock, flags);
	queue_work(v->commit_wq, &v->commit_work);
}

/**
 * change_ready() - nothing but the commit is missing
 * @v: the volume
 * @change: its @err tells whether it will come to that
 */
void change_ready(struct rekey_volume *v, struct rekey_change *change)
{
	change->stage = CHANGE_COMMIT;
	change_add(v, change, &v->ready);
}

/**
 * change_drained() - nobody is left for whom a change waited
 * @v: the volume
 * @change: its bucket's lock is held
 *
 * Any context.
 */
void change_drained(struct rekey_volume *v, struct rekey_change *change)
{
	if (change->stage == CHANGE_DRAIN_READS ||
	    change->kind == CHANGE_NOTHING) {
		change_add(v, change, &v->reap);
	} else if (change->kind == CHANGE_ZERO || change->kind == CHANGE_MOVE) {
		change->stage = CHANGE_COPY;
		lane_queue(v, change);
	} else {
		change_ready(v, change);
	}
}

/* --- the committer -------------------------------------------------------------- */

static bool change_copied(const struct rekey_change *change)
{
	return change->kind == CHANGE_ZERO || change->kind == CHANGE_MOVE;
}

static void give_up_place(struct rekey_volume *v, u64 entry)
{
	struct block_device *bdev = entry_bdev(v, entry);

	/* a hint: nobody is told when it fails */
	if (v->allow_discards && bdev_max_discard_sectors(bdev) &&
	    entry_place(entry) < v->device[entry_device(entry)].places)
		blkdev_issue_discard(bdev, entry_sector(v, entry),
				     v->region_sectors, GFP_NOIO);
	place_put(v, entry);
}

/* The bios that had to wait: on they go, or they fail with the change. */
static void let_go(struct rekey_volume *v, struct rekey_change *change,
		   struct bio_list *bios)
{
	struct bio *bio;

	if (!change->err || change->kind != CHANGE_ZERO) {
		io_defer(v, bios);
		return;
	}
	while ((bio = bio_list_pop(bios)))
		io_fail(bio, errno_to_blk_status(change->err));
}

/* The end of a change, good or bad. */
static void change_end(struct rekey_volume *v, struct rekey_change *change)
{
	struct bio_list bios = BIO_EMPTY_LIST;

	region_release(v, change, &bios);
	let_go(v, change, &bios);
	if (change->discard)
		io_fail(change->discard, errno_to_blk_status(change->err));
	if (change->end)
		change->end(change);
	change_free(change);
}

static void change_reap(struct rekey_volume *v, struct rekey_change *change)
{
	if (change->kind == CHANGE_NOTHING) {
		if (entry_written(change->new))
			place_put(v, change->new);
	} else if (entry_written(change->old)) {
		give_up_place(v, change->old);
	}
	change_end(v, change);
}

static void change_fail(struct rekey_volume *v, struct rekey_change *change)
{
	if (change_copied(change) && entry_written(change->new) &&
	    !change->lost)
		place_put(v, change->new);
	change_end(v, change);
}

static void count_regions(struct rekey_volume *v, struct rekey_change *change)
{
	if (entry_written(change->old))
		atomic64_dec(&v->slot[entry_slot(change->old)].regions);
	if (entry_written(change->new))
		atomic64_inc(&v->slot[entry_slot(change->new)].regions);
}

static void change_publish(struct rekey_volume *v, struct rekey_change *change)
{
	struct bio_list bios = BIO_EMPTY_LIST;

	count_regions(v, change);
	/* twice: whoever reads the map meanwhile sees one or the other */
	WRITE_ONCE(v->generation, v->generation + 1);
	region_publish(v, change, &bios);
	WRITE_ONCE(v->generation, v->generation + 1);
	/* the change may be reaped by now, but by this very thread */
	io_defer(v, &bios);
}

/* What the lanes wrote must be on the medium before an entry tells of it. */
static void flush_data(struct rekey_volume *v, struct list_head *batch)
{
	DECLARE_BITMAP(dirty, REKEY_DEVICES) = { 0 };
	struct rekey_change *change;
	int err;
	u32 i;

	list_for_each_entry(change, batch, node)
		if (!change->err && change_copied(change))
			__set_bit(entry_device(change->new), dirty);
	for_each_set_bit(i, dirty, v->devices) {
		err = blkdev_issue_flush(v->device[i].dm->bdev);
		if (!err)
			continue;
		DMERR("%s: device %u cannot be flushed: %d", volume_name(v), i,
		      err);
		list_for_each_entry(change, batch, node)
			if (!change->err && change_copied(change) &&
			    entry_device(change->new) == i)
				change->err = err;
	}
}

/* The first good change of @batch and all others of its map page. */
static u32 take_page(struct list_head *batch, struct list_head *page)
{
	struct rekey_change *change, *next;
	u32 index;

	change = list_first_entry(batch, struct rekey_change, node);
	index = div_u64(change->region, REKEY_PAGE_ENTRIES);
	list_for_each_entry_safe(change, next, batch, node)
		if (div_u64(change->region, REKEY_PAGE_ENTRIES) == index)
			list_move_tail(&change->node, page);
	return index;
}

static int write_page(struct rekey_volume *v, u32 index,
		      struct list_head *page)
{
	u64 first = (u64)index * REKEY_PAGE_ENTRIES;
	u32 count = meta_map_count(v->regions, index);
	struct rekey_change *change;
	int err;

	if (READ_ONCE(v->failed))
		return -EROFS;
	/* nobody else writes the map */
	memcpy(v->staging, v->map + first, count * sizeof(*v->staging));
	list_for_each_entry(change, page, node)
		v->staging[change->region - first] = change->new;
	mutex_lock(&v->meta.lock);
	err = meta_write_map(&v->meta, index, v->staging, count);
	mutex_unlock(&v->meta.lock);
	if (err)
		volume_fail(v, "map", err);
	return err;
}

static void commit_page(struct rekey_volume *v, u32 index,
			struct list_head *page)
{
	struct rekey_change *change, *next;
	int err;

	err = write_page(v, index, page);
	list_for_each_entry_safe(change, next, page, node) {
		list_del(&change->node);
		if (!err) {
			change_publish(v, change);
			continue;
		}
		change->err = err;
		change->lost = true;
		change_fail(v, change);
	}
}

static void commit_batch(struct rekey_volume *v, struct list_head *batch)
{
	struct rekey_change *change, *next;
	LIST_HEAD(page);
	u32 index;

	flush_data(v, batch);
	list_for_each_entry_safe(change, next, batch, node) {
		if (!change->err)
			continue;
		list_del(&change->node);
		change_fail(v, change);
	}
	while (!list_empty(batch)) {
		index = take_page(batch, &page);
		commit_page(v, index, &page);
	}
}

/**
 * commit_work_fn() - commit what is ready, end what is reaped
 * @work: of the volume; it is never run twice at a time
 */
void commit_work_fn(struct work_struct *work)
{
	struct rekey_volume *v = container_of(work, struct rekey_volume,
					      commit_work);
	struct rekey_change *change, *next;
	LIST_HEAD(ready);
	LIST_HEAD(reap);

	spin_lock_irq(&v->lock);
	list_splice_init(&v->ready, &ready);
	list_splice_init(&v->reap, &reap);
	spin_unlock_irq(&v->lock);
	list_for_each_entry_safe(change, next, &reap, node)
		change_reap(v, change);
	if (!list_empty(&ready))
		commit_batch(v, &ready);
	lanes_go_on(v);
}
