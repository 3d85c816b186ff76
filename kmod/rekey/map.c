// SPDX-License-Identifier: GPL-2.0
/* The map and who uses it: see map.h. */
#include <linux/hash.h>
#include <linux/mm.h>

#include "map.h"

static struct map_bucket *bucket_of(struct rekey_map *map, u64 region)
{
	return &map->bucket[hash_64(region, ilog2(MAP_BUCKETS))];
}

/**
 * map_init() - all regions are under slot 0 and not written; nobody uses them
 * @map: zeroed by the caller
 * @regions: their number
 * @slots: whose keys are taken for those who enter
 *
 * Return: 0 or -ENOMEM; map_exit() is due either way.
 */
int map_init(struct rekey_map *map, u64 regions, struct rekey_slots *slots)
{
	int i;

	map->regions = regions;
	map->slots = slots;
	map->entry = kvcalloc(regions, sizeof(*map->entry), GFP_KERNEL);
	map->bucket = kvcalloc(MAP_BUCKETS, sizeof(*map->bucket), GFP_KERNEL);
	if (!map->entry || !map->bucket)
		return -ENOMEM;
	for (i = 0; i < MAP_BUCKETS; i++) {
		spin_lock_init(&map->bucket[i].lock);
		INIT_LIST_HEAD(&map->bucket[i].users);
		INIT_LIST_HEAD(&map->bucket[i].claims);
	}
	return 0;
}

/**
 * map_exit() - undo map_init()
 * @map: without users and claims
 */
void map_exit(struct rekey_map *map)
{
	kvfree(map->bucket);
	kvfree(map->entry);
}

/**
 * map_seal() - whether writers may enter from now on
 * @map: of the volume
 * @sealed: they may not
 *
 * Before the claims end whose commit has failed: who waited for one, and who was
 * about to enter, finds the map sealed, as the claim ended under its bucket's lock.
 */
void map_seal(struct rekey_map *map, bool sealed)
{
	WRITE_ONCE(map->sealed, sealed);
}

/**
 * map_entry() - the entry of a region as it holds now
 * @map: of the volume
 * @region: its number
 *
 * Any context.
 *
 * Return: the entry, which may be another one by then.
 */
u64 map_entry(struct rekey_map *map, u64 region)
{
	struct map_bucket *b = bucket_of(map, region);
	unsigned long flags;
	u64 entry;

	spin_lock_irqsave(&b->lock, flags);
	entry = map->entry[region];
	spin_unlock_irqrestore(&b->lock, flags);
	return entry;
}

/* --- users ------------------------------------------------------------------------ */

static struct map_claim *claim_of(struct map_bucket *b, u64 region)
{
	struct map_claim *claim;

	lockdep_assert_held(&b->lock);
	list_for_each_entry(claim, &b->claims, node)
		if (claim->region == region)
			return claim;
	return NULL;
}

static enum map_verdict enter(struct rekey_map *map, struct map_bucket *b,
			      struct map_user *user, struct bio *bio)
{
	struct map_claim *claim;

	lockdep_assert_held(&b->lock);
	user->entry = map->entry[user->region];
	if (unlikely(user->entry & REKEY_ENTRY_LOST))
		return MAP_LOST;
	if (user->write) {
		/* behind the lock: who ended a claim has sealed it before */
		if (unlikely(READ_ONCE(map->sealed)))
			return MAP_SEALED;
		claim = claim_of(b, user->region);
		if (claim && claim->blocks) {
			bio_list_add(&claim->bios, bio);
			return MAP_WAIT;
		}
	}
	if (!entry_written(user->entry))
		return MAP_UNWRITTEN;
	user->key = slot_get_key(map->slots, entry_slot(user->entry));
	if (!user->key)
		return MAP_NO_KEY;
	user->claim = NULL;
	list_add(&user->node, &b->users);
	return MAP_ENTERED;
}

/**
 * map_enter() - a read or write wants to go to its region
 * @map: of the volume
 * @user: in the bio's own data, with @region and @write set
 * @bio: put on a claim's list where it has to wait
 *
 * Any context.
 *
 * Return: what to do with the bio. After MAP_WAIT it belongs to the claim.
 */
enum map_verdict map_enter(struct rekey_map *map, struct map_user *user,
			   struct bio *bio)
{
	struct map_bucket *b = bucket_of(map, user->region);
	enum map_verdict verdict;
	unsigned long flags;

	spin_lock_irqsave(&b->lock, flags);
	verdict = enter(map, b, user, bio);
	spin_unlock_irqrestore(&b->lock, flags);
	return verdict;
}

/**
 * map_leave() - a read or write that entered is through
 * @map: of the volume
 * @user: in the bio's own data
 *
 * Any context.
 */
void map_leave(struct rekey_map *map, struct map_user *user)
{
	struct map_bucket *b = bucket_of(map, user->region);
	struct map_claim *claim;
	unsigned long flags;

	keys_put(user->key);
	spin_lock_irqsave(&b->lock, flags);
	list_del(&user->node);
	claim = user->claim;
	if (claim && !--claim->pending)
		claim->drained(claim);
	spin_unlock_irqrestore(&b->lock, flags);
}

/* --- claims ----------------------------------------------------------------------- */

/**
 * claim_init() - of a region that is not claimed yet
 * @claim: the caller's
 * @region: its number
 * @drained: see struct map_claim
 */
void claim_init(struct map_claim *claim, u64 region,
		void (*drained)(struct map_claim *claim))
{
	memset(claim, 0, sizeof(*claim));
	claim->region = region;
	claim->drained = drained;
	bio_list_init(&claim->bios);
}

/* Lets @claim wait for readers or writers of its region that are there now. */
static void wait_for_users(struct map_bucket *b, struct map_claim *claim,
			   bool write)
{
	struct map_user *user;

	lockdep_assert_held(&b->lock);
	list_for_each_entry(user, &b->users, node) {
		if (user->region != claim->region || user->write != write)
			continue;
		user->claim = claim;
		claim->pending++;
	}
	if (!claim->pending)
		claim->drained(claim);
}

/**
 * claim_start() - have a region for oneself
 * @map: of the volume
 * @claim: with the bios that ask for it on its list
 * @entry: set to the entry as it is, which does not change any more; before
 *	@claim's drained() is called
 *
 * With success drained() is called, perhaps before this returns, when no writer is
 * left; the caller has no business with @claim any more. Where there is another
 * claim, @claim's bios go on its list.
 *
 * Any context.
 *
 * Return: false where the region is claimed already.
 */
bool claim_start(struct rekey_map *map, struct map_claim *claim, u64 *entry)
{
	struct map_bucket *b = bucket_of(map, claim->region);
	struct map_claim *other;
	unsigned long flags;

	spin_lock_irqsave(&b->lock, flags);
	other = claim_of(b, claim->region);
	if (other) {
		bio_list_merge(&other->bios, &claim->bios);
		bio_list_init(&claim->bios);
	} else {
		*entry = map->entry[claim->region];
		claim->blocks = true;
		list_add(&claim->node, &b->claims);
		wait_for_users(b, claim, true);
	}
	spin_unlock_irqrestore(&b->lock, flags);
	return !other;
}

/**
 * claim_publish() - the new entry is durable: from here on it holds
 * @map: of the volume
 * @claim: of its region
 * @entry: the new one
 * @waiting: the bios that waited for it are added
 *
 * In the committer. drained() is called when no reader of the old place is left.
 */
void claim_publish(struct rekey_map *map, struct map_claim *claim, u64 entry,
		   struct bio_list *waiting)
{
	struct map_bucket *b = bucket_of(map, claim->region);
	unsigned long flags;

	/* twice: whoever reads the map meanwhile sees one or the other */
	WRITE_ONCE(map->generation, map->generation + 1);
	spin_lock_irqsave(&b->lock, flags);
	WRITE_ONCE(map->entry[claim->region], entry);
	claim->blocks = false;
	bio_list_merge(waiting, &claim->bios);
	bio_list_init(&claim->bios);
	wait_for_users(b, claim, false);
	spin_unlock_irqrestore(&b->lock, flags);
	WRITE_ONCE(map->generation, map->generation + 1);
}

/**
 * claim_end() - the region is everybody's again, whatever came of it
 * @map: of the volume
 * @claim: nobody finds it any more
 * @waiting: the bios that waited for it are added
 *
 * Any context.
 */
void claim_end(struct rekey_map *map, struct map_claim *claim,
	       struct bio_list *waiting)
{
	struct map_bucket *b = bucket_of(map, claim->region);
	unsigned long flags;

	spin_lock_irqsave(&b->lock, flags);
	list_del(&claim->node);
	bio_list_merge(waiting, &claim->bios);
	bio_list_init(&claim->bios);
	spin_unlock_irqrestore(&b->lock, flags);
}

/**
 * claim_take() - a bio that waits, to be done by who has the region
 * @map: of the volume
 * @claim: of the region
 * @sector: where the bio is to begin
 * @gap: where there is none, lessened to the sectors till the next one begins
 *
 * Any context.
 *
 * Return: the bio, which does not wait any more, or NULL.
 */
struct bio *claim_take(struct rekey_map *map, struct map_claim *claim,
		       sector_t sector, u32 *gap)
{
	struct map_bucket *b = bucket_of(map, claim->region);
	struct bio *bio, *found = NULL;
	struct bio_list rest;
	unsigned long flags;

	bio_list_init(&rest);
	spin_lock_irqsave(&b->lock, flags);
	while ((bio = bio_list_pop(&claim->bios))) {
		sector_t at = bio->bi_iter.bi_sector;

		if (!found && at == sector && bio_op(bio) == REQ_OP_WRITE) {
			found = bio;
			continue;
		}
		if (at > sector && at - sector < *gap)
			*gap = at - sector;
		bio_list_add(&rest, bio);
	}
	claim->bios = rest;
	spin_unlock_irqrestore(&b->lock, flags);
	return found;
}
