// SPDX-License-Identifier: GPL-2.0
/* Changes: see change.h. */
#include "change.h"

#define DM_MSG_PREFIX "rekey"

#define CHANGES_RESERVED	16

static void change_drained(struct map_claim *claim);

/**
 * changes_init() - the reserve of changes
 * @v: the volume
 *
 * Return: 0 or -ENOMEM; changes_exit() is due either way.
 */
int changes_init(struct rekey_volume *v)
{
	return mempool_init_kmalloc_pool(&v->change_pool, CHANGES_RESERVED,
					 sizeof(struct rekey_change));
}

/**
 * changes_exit() - undo changes_init()
 * @v: without changes
 */
void changes_exit(struct rekey_volume *v)
{
	mempool_exit(&v->change_pool);
}

/**
 * change_new() - a change that is not claimed yet
 * @v: active
 * @kind: what for
 * @region: whose entry
 * @old: as the entry is
 * @new: as it will be; a CHANGE_FILL's place comes later
 *
 * May wait for another change to be freed; not in the committer, nor in a
 * copier, nor where writes wait for pages.
 *
 * Return: the change, always.
 */
struct rekey_change *change_new(struct rekey_volume *v, enum change_kind kind,
				u64 region, u64 old, u64 new)
{
	struct rekey_change *change = mempool_alloc(&v->change_pool, GFP_NOIO);

	memset(change, 0, sizeof(*change));
	claim_init(&change->claim, region, change_drained);
	bio_list_init(&change->copy.filled);
	change->v = v;
	change->kind = kind;
	change->old = old;
	change->new = new;
	atomic_inc(&v->changes);
	change->frees = kind != CHANGE_FILL && entry_written(old);
	if (change->frees)
		atomic_inc(&v->freeing);
	smp_mb__after_atomic();	/* against a freeze, see io.c and hibernate.c */
	return change;
}

/* First writes that wait for a place look again. */
static void changes_freed(struct rekey_volume *v)
{
	if (!atomic_dec_return(&v->freeing) && atomic_read(&v->starving))
		queue_work(v->commit_wq, &v->commit_work);
}

/**
 * change_free() - one that is not claimed, or not any more
 * @change: is gone then
 */
void change_free(struct rekey_change *change)
{
	struct rekey_volume *v = change->v;

	if (change->frees)
		changes_freed(v);
	mempool_free(change, &v->change_pool);
	atomic_dec(&v->changes);
	wake_up_all(&v->change_wait);
}

/**
 * changes_hold() - what is no change takes a free place, and will give it back
 * @v: active, neither halted nor frozen
 *
 * It is waited for as a change is.
 */
void changes_hold(struct rekey_volume *v)
{
	atomic_inc(&v->changes);
	atomic_inc(&v->freeing);
	smp_mb__after_atomic();	/* before the place is taken: see change_find_place() */
}

/**
 * changes_release() - undo changes_hold(), the place given back
 * @v: may be closed then, but is not freed before the copiers are
 *
 * In a copier, or where the volume cannot be closed.
 */
void changes_release(struct rekey_volume *v)
{
	changes_freed(v);
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

/*
 * The work is queued under the lock: the committer cannot have freed the last change,
 * and a close the volume, before.
 */
static void change_add(struct rekey_change *change, struct list_head *list)
{
	struct rekey_volume *v = change->v;
	unsigned long flags;

	spin_lock_irqsave(&v->lock, flags);
	list_add_tail(&change->node, list);
	queue_work(v->commit_wq, &v->commit_work);
	spin_unlock_irqrestore(&v->lock, flags);
}

/* Nothing but the commit is missing; or @err tells why it will not come to it. */
static void change_ready(struct rekey_change *change)
{
	change->stage = CHANGE_COMMIT;
	change_add(change, &change->v->ready);
}

/**
 * change_reaped() - nobody uses the old place any more
 * @change: in its last stage
 *
 * Any context.
 */
void change_reaped(struct rekey_change *change)
{
	change_add(change, &change->v->reap);
}

/* --- the copy --------------------------------------------------------------------- */

static struct rekey_change *change_of(const struct rekey_copy *copy)
{
	return container_of(copy, struct rekey_change, copy);
}

static struct bio *change_take_bio(struct rekey_copy *copy, u32 off, u32 *gap)
{
	struct rekey_change *change = change_of(copy);
	struct rekey_volume *v = change->v;

	return claim_take(&v->map, &change->claim,
			  v->ti->begin + copy->sector + off, gap);
}

static bool change_is_hurried(const struct rekey_copy *copy)
{
	return claim_is_waited_for(&change_of(copy)->claim);
}

static void copy_put_keys(struct rekey_key *const key[2])
{
	u32 i;

	for (i = 0; i < 2; i++)
		if (key[i])
			keys_put(key[i]);
}

static void change_report(struct rekey_change *change, int err)
{
	static const char * const what[] = {
		[COPY_READ] = "read",
		[COPY_ENCRYPT] = "encrypted",
		[COPY_WRITE] = "written",
	};

	change->region_bad = change->copy.step == COPY_READ;
	change->place_bad = change->copy.step == COPY_WRITE;
	DMERR_LIMIT("%s: region %llu: sector %llu cannot be %s: %d",
		    volume_name(change->v), change->claim.region,
		    change->copy.bad, what[change->copy.step], err);
}

/*
 * The keys are put when the change is with the committer: who evicts a key has
 * nothing but that to wait for.
 */
static void change_copied(struct rekey_copy *copy, int err)
{
	struct rekey_key *const key[2] = { copy->key[0], copy->key[1] };
	struct rekey_change *change = change_of(copy);

	if (err)
		change_report(change, err);
	change->err = err;
	change_ready(change);
	copy_put_keys(key);
}

/* The same slot: ciphertext is as good at another place. */
static int change_get_keys(struct rekey_change *change)
{
	u32 from = entry_slot(change->old), to = entry_slot(change->new);
	struct rekey_slots *slots = &change->v->slots;
	struct rekey_copy *copy = &change->copy;

	if (change->kind == CHANGE_MOVE && from == to)
		return 0;
	copy->key[1] = slot_get_key(slots, to);
	if (change->kind == CHANGE_MOVE)
		copy->key[0] = slot_get_key(slots, from);
	if (copy->key[1] && (copy->key[0] || change->kind == CHANGE_FILL))
		return 0;
	copy_put_keys(copy->key);
	return -ENOKEY;
}

static void change_copy(struct rekey_change *change)
{
	struct rekey_volume *v = change->v;
	struct rekey_copy *copy = &change->copy;

	change->stage = CHANGE_COPY;
	change->err = volume_readonly(v) ? -EROFS : change_get_keys(change);
	if (change->err) {
		change_ready(change);
		return;
	}
	copy->to = place_bdev(&v->places, change->new);
	copy->to_sector = place_sector(&v->places, change->new);
	if (change->kind == CHANGE_MOVE) {
		copy->from = place_bdev(&v->places, change->old);
		copy->from_sector = place_sector(&v->places, change->old);
	}
	copy->sector = change->claim.region << v->region_shift;
	copy->sectors = volume_region_length(v, change->claim.region);
	copy->room = place_is_whole(&v->places, change->new) ?
		     v->region_sectors : copy->sectors;
	copy->mover = change->mover;
	copy->take = change_take_bio;
	copy->hurried = change_is_hurried;
	copy->done = change_copied;
	copy_start(&v->copiers, copy);
}

/* --- places for first writes ------------------------------------------------------- */

/* In this order: what is given up in between is found. */
static bool change_find_place(struct rekey_change *change, bool *hope)
{
	struct rekey_volume *v = change->v;

	*hope = atomic_read(&v->freeing);
	smp_rmb();	/* pairs with the atomics of change_free() */
	return place_get_any(&v->places, entry_slot(change->old),
			     &change->new);
}

static void change_no_place(struct rekey_change *change)
{
	DMERR_LIMIT("%s: region %llu: no place is free for its first write",
		    volume_name(change->v), change->claim.region);
	change->err = -ENOSPC;
	change_ready(change);
}

/* None free, and one will be: the committer looks again when it is. */
static void change_starve(struct rekey_change *change)
{
	atomic_inc(&change->v->starving);
	change_add(change, &change->v->starved);
}

static void change_fill(struct rekey_change *change)
{
	bool hope;

	if (change_find_place(change, &hope))
		change_copy(change);
	else if (hope)
		change_starve(change);
	else
		change_no_place(change);
}

/**
 * changes_feed() - places for first writes that wait for one
 * @v: active
 *
 * In the committer, whenever one may have become free.
 */
void changes_feed(struct rekey_volume *v)
{
	struct rekey_change *change, *next;
	LIST_HEAD(starved);
	bool hope;

	spin_lock_irq(&v->lock);
	list_splice_init(&v->starved, &starved);
	spin_unlock_irq(&v->lock);
	if (list_empty(&starved))
		return;
	list_for_each_entry_safe(change, next, &starved, node) {
		bool found = change_find_place(change, &hope);

		if (!found && hope)
			continue;
		list_del(&change->node);
		atomic_dec(&v->starving);
		if (found)
			change_copy(change);
		else
			change_no_place(change);
	}
	spin_lock_irq(&v->lock);
	list_splice(&starved, &v->starved);
	spin_unlock_irq(&v->lock);
	volume_kick(v);
}

/* --- a region for oneself ----------------------------------------------------------- */

/* Nobody is left for whom the change waited. Any context, the bucket's lock held. */
static void change_drained(struct map_claim *claim)
{
	struct rekey_change *change = container_of(claim, struct rekey_change,
						   claim);

	if (change->stage == CHANGE_COMMIT) {
		change->stage = CHANGE_DRAIN_READS;
		change_reaped(change);
		return;
	}
	/* another entry than when this was asked for: who waits tries again */
	if (change->found != change->old)
		change->kind = CHANGE_NOTHING;
	switch (change->kind) {
	case CHANGE_NOTHING:
		change->stage = CHANGE_DRAIN_READS;
		change_reaped(change);
		break;
	case CHANGE_FILL:
		change_fill(change);
		break;
	case CHANGE_MOVE:
		change_copy(change);
		break;
	case CHANGE_DISCARD:
		/* the first of those that came */
		change->discard = bio_list_pop(&claim->bios);
		fallthrough;
	case CHANGE_ENTRY:
		change_ready(change);
	}
}

/**
 * change_start() - claim the region
 * @change: from change_new(); its owner has no business with it any more
 * @bio: that asked for it, or NULL
 *
 * Where the region is claimed already, the bio waits for that one.
 *
 * Return: false where it is so: change_free() is due.
 */
bool change_start(struct rekey_change *change, struct bio *bio)
{
	if (bio)
		bio_list_add(&change->claim.bios, bio);
	return claim_start(&change->v->map, &change->claim, &change->found);
}

/* --- the end ----------------------------------------------------------------------- */

static void end_bios(struct bio_list *bios, int err)
{
	struct bio *bio;

	while ((bio = bio_list_pop(bios))) {
		bio->bi_status = errno_to_blk_status(err);
		bio_endio(bio);
	}
}

/**
 * change_let_go() - bios that waited go on, or fail with the change
 * @change: of the region
 * @bios: that waited
 *
 * Those that the first write took with it are done.
 */
void change_let_go(struct rekey_change *change, struct bio_list *bios)
{
	end_bios(&change->copy.filled, change->err);
	if (change->err && change->kind == CHANGE_FILL)
		end_bios(bios, change->err);
	else
		volume_defer(change->v, bios);
}

/**
 * change_end() - of a change, good or bad: its region is everybody's again
 * @change: change_free() is due
 *
 * In the committer.
 */
void change_end(struct rekey_change *change)
{
	struct bio_list bios = BIO_EMPTY_LIST;

	claim_end(&change->v->map, &change->claim, &bios);
	change_let_go(change, &bios);
	if (change->discard) {
		change->discard->bi_status = errno_to_blk_status(change->err);
		bio_endio(change->discard);
	}
	if (change->end)
		change->end(change);
	/* a discard of the old place may keep the change for long */
	wake_up_all(&change->v->change_wait);
}
