// SPDX-License-Identifier: GPL-2.0
/* Regions in use: see region.h. */
#include <linux/hash.h>
#include <linux/slab.h>

#include "change.h"
#include "region.h"
#include "slot.h"

static struct rekey_bucket *bucket_of(struct rekey_volume *v, u64 region)
{
	return &v->bucket[hash_64(region, ilog2(REKEY_BUCKETS))];
}

/**
 * regions_init() - buckets, with nobody in them
 * @v: the volume
 *
 * Return: 0 or -ENOMEM; regions_exit() is due either way.
 */
int regions_init(struct rekey_volume *v)
{
	int i;

	v->bucket = kvcalloc(REKEY_BUCKETS, sizeof(*v->bucket), GFP_KERNEL);
	if (!v->bucket)
		return -ENOMEM;
	for (i = 0; i < REKEY_BUCKETS; i++) {
		spin_lock_init(&v->bucket[i].lock);
		INIT_LIST_HEAD(&v->bucket[i].bios);
		INIT_LIST_HEAD(&v->bucket[i].changes);
	}
	return 0;
}

/**
 * regions_exit() - undo regions_init()
 * @v: the volume, without I/O and changes
 */
void regions_exit(struct rekey_volume *v)
{
	kvfree(v->bucket);
}

static struct rekey_change *claim_of(struct rekey_bucket *b, u64 region)
{
	struct rekey_change *change;

	lockdep_assert_held(&b->lock);
	list_for_each_entry(change, &b->changes, claim)
		if (change->region == region)
			return change;
	return NULL;
}

/**
 * region_enter() - a read or write wants to go to its region
 * @v: the volume
 * @user: in the bio's own data, with @region and @write set
 * @bio: put on a change's list where it has to wait
 *
 * Any context.
 *
 * Return: what to do with the bio. After REGION_WAIT it belongs to the change.
 */
enum region_verdict region_enter(struct rekey_volume *v,
				 struct rekey_region_user *user,
				 struct bio *bio)
{
	struct rekey_bucket *b = bucket_of(v, user->region);
	enum region_verdict verdict = REGION_ENTERED;
	struct rekey_change *change;
	unsigned long flags;

	spin_lock_irqsave(&b->lock, flags);
	if (user->write) {
		change = claim_of(b, user->region);
		if (change && change->blocks) {
			bio_list_add(&change->bios, bio);
			verdict = REGION_WAIT;
			goto out;
		}
	}
	user->entry = v->map[user->region];
	if (!entry_written(user->entry)) {
		verdict = REGION_UNWRITTEN;
		goto out;
	}
	user->key = slot_get_key(v, entry_slot(user->entry));
	if (!user->key) {
		verdict = REGION_NO_KEY;
		goto out;
	}
	user->change = NULL;
	list_add(&user->node, &b->bios);
out:
	spin_unlock_irqrestore(&b->lock, flags);
	return verdict;
}

/* One of those that a change waits for is gone. */
static void change_one_less(struct rekey_volume *v, struct rekey_change *change)
{
	if (!--change->pending)
		change_drained(v, change);
}

/**
 * region_leave() - a read or write that entered is through
 * @v: the volume
 * @user: in the bio's own data
 *
 * Any context.
 */
void region_leave(struct rekey_volume *v, struct rekey_region_user *user)
{
	struct rekey_bucket *b = bucket_of(v, user->region);
	unsigned long flags;

	slot_put_key(user->key);
	spin_lock_irqsave(&b->lock, flags);
	list_del(&user->node);
	if (user->change)
		change_one_less(v, user->change);
	spin_unlock_irqrestore(&b->lock, flags);
}

/* Lets @change wait for readers or writers of its region that are there now. */
static void wait_for_users(struct rekey_bucket *b, struct rekey_change *change,
			   bool write)
{
	struct rekey_region_user *user;

	lockdep_assert_held(&b->lock);
	list_for_each_entry(user, &b->bios, node) {
		if (user->region != change->region || user->write != write)
			continue;
		user->change = change;
		change->pending++;
	}
}

/**
 * region_claim() - a change wants a region for itself
 * @v: the volume
 * @change: with @region and @old, the entry as it is supposed to be
 * @bio: that asked for it, or NULL
 *
 * With success change_drained() is called, perhaps before this returns, when
 * no writer is left; the caller has no business with @change any more. Where
 * there is another change, @bio goes on its list.
 *
 * Return: false where the region has a change already.
 */
bool region_claim(struct rekey_volume *v, struct rekey_change *change,
		  struct bio *bio)
{
	struct rekey_bucket *b = bucket_of(v, change->region);
	struct rekey_change *other;
	unsigned long flags;

	spin_lock_irqsave(&b->lock, flags);
	other = claim_of(b, change->region);
	if (other) {
		if (bio)
			bio_list_add(&other->bios, bio);
		goto out;
	}
	/* another entry than when this was asked for: the bio tries again */
	if (change->old != v->map[change->region])
		change->kind = CHANGE_NOTHING;
	if (bio && change->kind == CHANGE_DISCARD)
		change->discard = bio;
	else if (bio)
		bio_list_add(&change->bios, bio);
	change->blocks = true;
	change->stage = CHANGE_DRAIN_WRITES;
	list_add(&change->claim, &b->changes);
	wait_for_users(b, change, true);
	if (!change->pending)
		change_drained(v, change);
out:
	spin_unlock_irqrestore(&b->lock, flags);
	return !other;
}

/**
 * region_publish() - the new entry is durable: from here on it holds
 * @v: the volume
 * @change: that has claimed the region
 * @waiting: the bios that waited for it are added
 *
 * change_drained() is called when no reader of the old place is left.
 */
void region_publish(struct rekey_volume *v, struct rekey_change *change,
		    struct bio_list *waiting)
{
	struct rekey_bucket *b = bucket_of(v, change->region);
	unsigned long flags;

	spin_lock_irqsave(&b->lock, flags);
	v->map[change->region] = change->new;
	change->blocks = false;
	change->stage = CHANGE_DRAIN_READS;
	bio_list_merge(waiting, &change->bios);
	bio_list_init(&change->bios);
	wait_for_users(b, change, false);
	if (!change->pending)
		change_drained(v, change);
	spin_unlock_irqrestore(&b->lock, flags);
}

/**
 * region_release() - the change is over, whatever came of it
 * @v: the volume
 * @change: nobody finds it any more
 * @waiting: the bios that waited for it are added
 */
void region_release(struct rekey_volume *v, struct rekey_change *change,
		    struct bio_list *waiting)
{
	struct rekey_bucket *b = bucket_of(v, change->region);
	unsigned long flags;

	spin_lock_irqsave(&b->lock, flags);
	list_del(&change->claim);
	bio_list_merge(waiting, &change->bios);
	bio_list_init(&change->bios);
	spin_unlock_irqrestore(&b->lock, flags);
}

/**
 * region_entry() - the entry of a region as it holds now
 * @v: the volume
 * @region: its number
 *
 * Return: the entry, which may be another one by then.
 */
u64 region_entry(struct rekey_volume *v, u64 region)
{
	struct rekey_bucket *b = bucket_of(v, region);
	unsigned long flags;
	u64 entry;

	spin_lock_irqsave(&b->lock, flags);
	entry = v->map[region];
	spin_unlock_irqrestore(&b->lock, flags);
	return entry;
}
