/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Places: where regions lie on the data devices, and which of them are free.
 *
 * A place is free only if no entry names it that is on disk or on its way there,
 * and no read of what was there is under way: the committer sees to both.
 *
 * A free place is stale as long as what was written there once is still there. Who
 * gets it for a region writes all of it.
 *
 * A device that is being drained takes no region as long as another has room; one
 * that was drained takes none at all, as its owner is about to take it away.
 */
#ifndef _HEARTH_REKEY_PLACE_H
#define _HEARTH_REKEY_PLACE_H

#include <linux/device-mapper.h>
#include <linux/spinlock.h>

#include "format.h"

/* Places that could not be written and are kept out of use, of a device. */
#define PLACE_BADS	16
/* No place would be better than another. */
#define PLACE_ANYWHERE	U64_MAX

enum place_use {
	PLACE_OPEN,
	PLACE_DRAINING,
	PLACE_DRAINED,
};

struct rekey_device {
	struct dm_dev *dm;	/* NULL: "-", nothing lies on it */
	sector_t start;		/* of its region 0 */
	sector_t sectors;	/* behind that */
	u64 places;		/* whole regions */
	bool label;		/* place 0 is one; of an active one under the lock */
	/* under the lock: */
	enum place_use use;
	u64 free;		/* of the places */
	u64 taken;		/* by regions, the short last place too */
	u32 bads;		/* of them that could not be written */
	u64 bad[PLACE_BADS];	/* which */
	u64 cursor;		/* where to look first */
	u64 stales;		/* of @stale */
	unsigned long *used;	/* a bit a place */
	unsigned long *stale;	/* the same: free, and was written once */
};

struct rekey_places {
	spinlock_t lock;	/* innermost; interrupts off */
	u32 region_shift;
	u32 devices;
	struct rekey_device device[REKEY_DEVICES];
};

void places_init(struct rekey_places *places);
int places_alloc(struct rekey_places *places);
void places_free(struct rekey_places *places);
void places_reset(struct rekey_places *places);
void places_count(struct rekey_places *places, u64 *free, u64 *total);
u64 places_free_on(struct rekey_places *places, u32 device);
void places_use(struct rekey_places *places, u32 device, enum place_use use);
bool places_drained(struct rekey_places *places, u32 device);
bool places_take_label(struct rekey_places *places, u32 device);
bool places_slide_down(struct rekey_places *places, u64 last);
bool place_claim(struct rekey_places *places, u64 entry, u32 sectors);
bool place_get(struct rekey_places *places, u32 slot, u32 device, u64 near,
	       bool below, u64 *entry);
bool place_get_any(struct rekey_places *places, u32 slot, u64 *entry);
void place_put(struct rekey_places *places, u64 entry);
void place_put_bad(struct rekey_places *places, u64 entry);
bool places_forgive(struct rekey_places *places);
void places_know_stale(struct rekey_places *places, u32 device,
		       const struct rekey_super *sb);
void places_list_stale(struct rekey_places *places, struct rekey_super *sb);
u64 places_stale(struct rekey_places *places);
bool place_take_stale(struct rekey_places *places, u64 *at, u64 *entry);
void place_put_scrubbed(struct rekey_places *places, u64 entry, bool scrubbed);

/* Where a written region lies. */
static inline struct block_device *place_bdev(const struct rekey_places *places,
					      u64 entry)
{
	return places->device[entry_device(entry)].dm->bdev;
}

/* Is it of the size of a region? The end of an adopted device may not be. */
static inline bool place_is_whole(const struct rekey_places *places, u64 entry)
{
	return entry_place(entry) < places->device[entry_device(entry)].places;
}

static inline sector_t place_sector(const struct rekey_places *places,
				    u64 entry)
{
	return places->device[entry_device(entry)].start +
	       (entry_place(entry) << places->region_shift);
}

#endif /* _HEARTH_REKEY_PLACE_H */
