/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The map: an entry for each region, who reads it, who writes it, and who has
 * claimed it.
 *
 * Each bio that is under way is in the bucket of its region, and so is each
 * claim. A claim keeps new writers out: they are put on its list and go on when
 * the entry is durable. It is told by its drained() when the writers that were there
 * before it are done, and once more, behind the switch to the new entry, when the
 * readers of the old place are. So a bio never waits for another region than its own,
 * and a reader never waits at all.
 */
#ifndef _HEARTH_REKEY_MAP_H
#define _HEARTH_REKEY_MAP_H

#include <linux/bio.h>
#include <linux/spinlock.h>

#include "slot.h"

#define MAP_BUCKETS	256

struct map_bucket {
	/*
	 * Protects the lists, all fields of what is on them that say so, and
	 * the entries of its regions. Interrupts off; locks of places and of
	 * the volume nest inside.
	 */
	spinlock_t lock;
	struct list_head users;		/* struct map_user */
	struct list_head claims;	/* struct map_claim */
} ____cacheline_aligned_in_smp;

struct rekey_map {
	u64 regions;
	/*
	 * Written under the bucket's lock by the committer only, once the
	 * entry is durable. Scans without it are hints: a claim compares.
	 */
	u64 *entry;
	u32 generation;		/* of the entries; the committer's; READ_ONCE */
	bool sealed;		/* no writer enters; each bucket's lock */
	struct rekey_slots *slots;
	struct map_bucket *bucket;
};

/* Who has a region for itself; in a change. */
struct map_claim {
	struct list_head node;		/* bucket lock */
	u64 region;
	bool blocks;			/* writers wait; bucket lock */
	u32 pending;			/* users to wait for; bucket lock */
	struct bio_list bios;		/* that wait; bucket lock */
	/* Nobody is left to wait for. Any context, the bucket's lock is held. */
	void (*drained)(struct map_claim *claim);
};

/* A bio that uses a region; in the bio's own data. */
struct map_user {
	struct list_head node;		/* bucket lock */
	struct map_claim *claim;	/* that waits for it; bucket lock */
	u64 region;
	u64 entry;			/* where it was told to go */
	struct rekey_key *key;		/* held */
	bool write;
};

enum map_verdict {
	MAP_ENTERED,		/* go on; map_leave() at the end */
	MAP_WAIT,		/* the bio is on a claim's list */
	MAP_UNWRITTEN,		/* nothing there yet */
	MAP_NO_KEY,
	MAP_SEALED,		/* the map cannot be trusted to stay as it is */
	MAP_LOST,		/* nobody knows where it lies */
};

int map_init(struct rekey_map *map, u64 regions, struct rekey_slots *slots);
void map_exit(struct rekey_map *map);
void map_seal(struct rekey_map *map, bool sealed);
u64 map_entry(struct rekey_map *map, u64 region);
enum map_verdict map_enter(struct rekey_map *map, struct map_user *user,
			   struct bio *bio);
void map_leave(struct rekey_map *map, struct map_user *user);
void claim_init(struct map_claim *claim, u64 region,
		void (*drained)(struct map_claim *claim));
bool claim_start(struct rekey_map *map, struct map_claim *claim, u64 *entry);
void claim_publish(struct rekey_map *map, struct map_claim *claim, u64 entry,
		   struct bio_list *waiting);
void claim_end(struct rekey_map *map, struct map_claim *claim,
	       struct bio_list *waiting);
struct bio *claim_take(struct rekey_map *map, struct map_claim *claim,
		       sector_t sector, u32 *gap);

/* A hint: who comes to wait at this moment is seen later. */
static inline bool claim_is_waited_for(const struct map_claim *claim)
{
	return READ_ONCE(claim->bios.head);
}

#endif /* _HEARTH_REKEY_MAP_H */
