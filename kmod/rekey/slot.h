/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Slots that have a key, and how many regions are under each.
 *
 * Each I/O and each copy of a region holds a reference on the key that it
 * uses. slot_evict() takes the key away from new ones, waits for those, and
 * frees the transform, which wipes it.
 *
 * Which slots there are, and whose keys they take, is in the slot table (meta.h).
 */
#ifndef _HEARTH_REKEY_SLOT_H
#define _HEARTH_REKEY_SLOT_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "keys.h"
#include "meta.h"

/*
 * Under this one are never-written regions that are nobody's: those of a slot
 * that was erased. It takes no key.
 */
#define REKEY_SLOT_NOBODY	(REKEY_SLOTS - 1)

struct rekey_slot {
	struct rekey_key __rcu *key;
	atomic64_t regions;	/* written ones under it */
};

struct rekey_slots {
	/* Protects the keys against other loads and evictions. Outermost. */
	struct mutex *lock;
	const struct rekey_cipher *cipher;
	struct rekey_meta *meta;
	struct work_struct evict;	/* takes keys away that have ended */
	struct rekey_slot slot[REKEY_SLOTS];
};

void slots_init(struct rekey_slots *slots, struct mutex *lock,
		const struct rekey_cipher *cipher, struct rekey_meta *meta);
void slots_exit(struct rekey_slots *slots);
int slots_activate(struct rekey_slots *slots, char **error);
u64 slots_regions(const struct rekey_slots *slots);

int slot_read(struct rekey_slots *slots, u32 slot, const char *source,
	      char **error);
int slot_load(struct rekey_slots *slots, u32 slot, const char *source,
	      bool active, char **error);
bool slot_evict(struct rekey_slots *slots, u32 slot);
struct rekey_key *slot_get_key(struct rekey_slots *slots, u32 slot);
void slot_count(struct rekey_slots *slots, u64 old, u64 new);

/* Is the key of @slot there, to be used? Any context. */
static inline bool slot_loaded(const struct rekey_slots *slots, u32 slot)
{
	const struct rekey_key *key;
	bool loaded;

	rcu_read_lock();
	key = rcu_dereference(slots->slot[slot].key);
	loaded = key && !test_bit(0, &key->ended);
	rcu_read_unlock();
	return loaded;
}

/* Written regions under @slot. Any context. */
static inline u64 slot_regions(const struct rekey_slots *slots, u32 slot)
{
	return atomic64_read(&slots->slot[slot].regions);
}

#endif /* _HEARTH_REKEY_SLOT_H */
