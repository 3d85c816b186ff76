/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Regions: who reads, who writes, and whose entry is being changed.
 *
 * Each bio that is under way is in the bucket of its region, and so is each
 * change (change.h). A change claims its region: new writers are put on its
 * list and go on when the entry is durable; it begins when the writers that
 * were there before it are done, and its old place is given up when the
 * readers that were there at the switch are done. So a bio never waits for
 * another region than its own, and a reader never waits at all.
 */
#ifndef _HEARTH_REKEY_REGION_H
#define _HEARTH_REKEY_REGION_H

#include "volume.h"

struct rekey_change;
struct rekey_key;

struct rekey_bucket {
	/*
	 * Protects the lists, all fields of what is on them that say so, and
	 * the map's entries of its regions. Interrupts off; @lock of the
	 * volume nests inside.
	 */
	spinlock_t lock;
	struct list_head bios;		/* struct rekey_region_user */
	struct list_head changes;	/* struct rekey_change */
} ____cacheline_aligned_in_smp;

/* A bio that uses a region; lives in the bio's own data. */
struct rekey_region_user {
	struct list_head node;		/* bucket lock */
	struct rekey_change *change;	/* that waits for it; bucket lock */
	u64 region;
	u64 entry;			/* where it was told to go */
	struct rekey_key *key;		/* held */
	bool write;
};

enum region_verdict {
	REGION_ENTERED,		/* go on; region_leave() at the end */
	REGION_WAIT,		/* the bio is on a change's list */
	REGION_UNWRITTEN,	/* nothing there yet */
	REGION_NO_KEY,
};

int regions_init(struct rekey_volume *v);
void regions_exit(struct rekey_volume *v);
enum region_verdict region_enter(struct rekey_volume *v,
				 struct rekey_region_user *user,
				 struct bio *bio);
void region_leave(struct rekey_volume *v, struct rekey_region_user *user);
bool region_claim(struct rekey_volume *v, struct rekey_change *change,
		  struct bio *bio);
void region_publish(struct rekey_volume *v, struct rekey_change *change,
		    struct bio_list *waiting);
void region_release(struct rekey_volume *v, struct rekey_change *change,
		    struct bio_list *waiting);
u64 region_entry(struct rekey_volume *v, u64 region);

#endif /* _HEARTH_REKEY_REGION_H */
