// SPDX-License-Identifier: GPL-2.0
/* The committer: see commit.h. */
#include <linux/blkdev.h>
#include <linux/device-mapper.h>

#include "../compat/compat.h"
#include "change.h"
#include "commit.h"

#define DM_MSG_PREFIX "rekey"

/* --- reap ------------------------------------------------------------------------- */

static void discard_done(struct bio *bio)
{
	struct rekey_change *change = container_of(bio, struct rekey_change,
						   bio);

	/* a hint: nobody is told when it failed */
	bio_uninit(bio);
	change_reaped(change);
}

static bool wants_discard(struct rekey_volume *v, u64 entry)
{
	return v->allow_discards &&
	       bdev_max_discard_sectors(place_bdev(&v->places, entry)) &&
	       place_is_whole(&v->places, entry);
}

/* The change lives on till the discard is done, its region is everybody's again. */
static void discard_place(struct rekey_change *change)
{
	struct rekey_volume *v = change->v;

	change->stage = CHANGE_GIVE_UP;
	bio_init(&change->bio, place_bdev(&v->places, change->old), NULL, 0,
		 REQ_OP_DISCARD);
	change->bio.bi_iter.bi_sector = place_sector(&v->places, change->old);
	change->bio.bi_iter.bi_size = v->region_sectors << SECTOR_SHIFT;
	change->bio.bi_end_io = discard_done;
	submit_bio(&change->bio);
}

static void reap_change(struct rekey_change *change)
{
	struct rekey_volume *v = change->v;
	bool moot = change->kind == CHANGE_NOTHING;
	u64 gone = moot ? change->new : change->old;

	if (change->stage == CHANGE_DRAIN_READS) {
		if (!moot && entry_written(gone) && wants_discard(v, gone)) {
			change_end(change);
			discard_place(change);
			return;
		}
		if (entry_written(gone))
			place_put(&v->places, gone);
		change_end(change);
	} else {
		place_put(&v->places, gone);
	}
	change_free(change);
}

/* --- what cannot be committed -------------------------------------------------------- */

static void fail_change(struct rekey_change *change)
{
	struct rekey_places *places = &change->v->places;

	if (change_copies(change) && entry_written(change->new) &&
	    !change->lost) {
		if (change->place_bad && change->mover)
			place_put_bad(places, change->new);
		else
			place_put(places, change->new);
	}
	change_end(change);
	change_free(change);
}

/* What the copiers wrote must be on the medium before an entry tells of it. */
static void flush_data(struct rekey_volume *v, struct list_head *batch)
{
	DECLARE_BITMAP(dirty, REKEY_DEVICES) = { 0 };
	struct rekey_change *change;
	int err;
	u32 i;

	list_for_each_entry(change, batch, node)
		if (!change->err && change_copies(change))
			__set_bit(entry_device(change->new), dirty);
	for_each_set_bit(i, dirty, v->places.devices) {
		err = blkdev_issue_flush(v->places.device[i].dm->bdev);
		if (!err)
			continue;
		DMERR("%s: device %u cannot be flushed: %d", volume_name(v), i,
		      err);
		list_for_each_entry(change, batch, node)
			if (!change->err && change_copies(change) &&
			    entry_device(change->new) == i)
				change->err = err;
	}
}

/* --- publish ------------------------------------------------------------------------ */

static void publish_change(struct rekey_change *change)
{
	struct bio_list bios = BIO_EMPTY_LIST;
	struct rekey_volume *v = change->v;

	slot_count(&v->slots, change->old, change->new);
	claim_publish(&v->map, &change->claim, change->new, &bios);
	/* the change may be reaped by now, but by this very thread */
	change_let_go(change, &bios);
}

/* --- commit ------------------------------------------------------------------------- */

/* The first good change of @batch and all others of its map page. */
static u32 take_page(struct list_head *batch, struct list_head *page)
{
	struct rekey_change *change, *next;
	u32 index;

	change = list_first_entry(batch, struct rekey_change, node);
	index = div_u64(change->claim.region, REKEY_PAGE_ENTRIES);
	list_for_each_entry_safe(change, next, batch, node)
		if (div_u64(change->claim.region, REKEY_PAGE_ENTRIES) == index)
			list_move_tail(&change->node, page);
	return index;
}

static int write_page(struct rekey_volume *v, u32 index,
		      struct list_head *page)
{
	u64 first = (u64)index * REKEY_PAGE_ENTRIES;
	u32 count = rekey_map_count(v->regions, index);
	struct rekey_change *change;
	bool frees = false;
	int err = 0;

	/* nobody else writes the map */
	memcpy(v->staging, v->map.entry + first, count * sizeof(*v->staging));
	list_for_each_entry(change, page, node) {
		v->staging[change->claim.region - first] = change->new;
		frees |= entry_written(change->old);
	}
	mutex_lock(&v->meta.lock);
	if (frees)
		err = meta_any_stale(&v->meta);
	if (!err)
		err = meta_write_map(&v->meta, index, v->staging);
	mutex_unlock(&v->meta.lock);
	if (err)
		volume_failed(v, "map", err);
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
			publish_change(change);
			continue;
		}
		change->err = err;
		change->lost = true;
		fail_change(change);
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
		fail_change(change);
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
		reap_change(change);
	if (!list_empty(&ready))
		commit_batch(v, &ready);
	changes_feed(v);
	copiers_go_on(&v->copiers);
}
