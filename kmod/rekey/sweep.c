// SPDX-License-Identifier: GPL-2.0
/* Sweeps: see sweep.h. */
#include <linux/delay.h>
#include <linux/device-mapper.h>

#include "change.h"
#include "move.h"
#include "sweep.h"

#define DM_MSG_PREFIX "rekey"

/* Changes under way: they cost no copy. */
#define SWEEP_ENTRIES	256

struct sweep {
	atomic_t left;
	bool again;		/* an entry was another one than expected */
	int err;
};

/* In the committer. */
static void sweep_end(struct rekey_change *change)
{
	struct sweep *sweep = change->data;

	if (change->kind == CHANGE_NOTHING)
		WRITE_ONCE(sweep->again, true);
	else if (change->err)
		WRITE_ONCE(sweep->err, change->err);
	smp_mb__before_atomic();	/* pairs with that of sweep_round() */
	atomic_dec(&sweep->left);
	/* the one who waits is woken behind this */
}

static void sweep_add(struct rekey_volume *v, struct sweep *sweep, u64 region,
		      u64 old, u64 new)
{
	struct rekey_change *change;

	wait_event(v->change_wait, atomic_read(&sweep->left) < SWEEP_ENTRIES);
	change = change_new(v, CHANGE_ENTRY, region, old, new);
	change->end = sweep_end;
	change->data = sweep;
	atomic_inc(&sweep->left);
	if (change_start(change, NULL))
		return;
	atomic_dec(&sweep->left);
	WRITE_ONCE(sweep->again, true);
	change_free(change);
}

/* Each region of a range that @want returns a new entry for gets it, once. */
static int sweep_round(struct rekey_volume *v, struct sweep *sweep, u64 first,
		       u64 count, u32 slot,
		       int (*want)(u64 entry, u32 slot, u64 *new), u64 *at)
{
	u64 new, i;
	int err = 0;

	*sweep = (struct sweep){ .left = ATOMIC_INIT(0) };
	for (i = 0; i < count && !READ_ONCE(sweep->err); i++) {
		u64 old = map_entry(&v->map, first + i);

		*at = first + i;
		if (READ_ONCE(v->stopping) || READ_ONCE(v->halted))
			err = -EINTR;
		else
			err = want(old, slot, &new);
		if (err < 0)
			break;
		if (err)
			sweep_add(v, sweep, first + i, old, new);
		cond_resched();
	}
	wait_event(v->change_wait, !atomic_read(&sweep->left));
	smp_rmb();	/* pairs with that of sweep_end() */
	return err < 0 ? err : sweep->err;
}

/* Till none is missing. */
static int sweep_run(struct rekey_volume *v, u64 first, u64 count, u32 slot,
		     int (*want)(u64 entry, u32 slot, u64 *new), u64 *at)
{
	struct sweep sweep;
	int err;

	for (;;) {
		err = sweep_round(v, &sweep, first, count, slot, want, at);
		if (err || !sweep.again)
			return err;
		msleep(20);	/* for whoever has the region now */
	}
}

static int want_assign(u64 entry, u32 slot, u64 *new)
{
	if (entry_slot(entry) == slot)
		return 0;
	if (entry_written(entry))
		return -EEXIST;
	*new = entry_unwritten(slot);
	return 1;
}

/*
 * Also regions that were never written: the next one who gets the slot's number
 * does not get them with it.
 */
static int want_erase(u64 entry, u32 slot, u64 *new)
{
	*new = entry_unwritten(REKEY_SLOT_NOBODY);
	return entry_slot(entry) == slot && entry != *new;
}

/**
 * sweep_assign() - give never-written regions to a slot
 * @v: active; its message lock is held
 * @first: the first region
 * @count: of regions
 * @slot: its number
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int sweep_assign(struct rekey_volume *v, u64 first, u64 count, u32 slot,
		 char **error)
{
	u64 at;
	int err;

	err = sweep_run(v, first, count, slot, want_assign, &at);
	if (err == -EEXIST) {
		DMERR("%s: region %llu is written under another slot",
		      volume_name(v), at);
		*error = "A region is written under another slot: rekey it";
	} else {
		*error = "The map cannot be changed";
	}
	return err;
}

static int write_slot_state(struct rekey_volume *v, u32 slot, u32 state)
{
	int err;

	mutex_lock(&v->meta.lock);
	err = meta_write_slot(&v->meta, slot, state);
	mutex_unlock(&v->meta.lock);
	if (err)
		volume_failed(v, "slot table", err);
	return err;
}

/**
 * sweep_erase() - a slot and all that was written under it
 * @v: active; its message lock is held
 * @slot: its number
 * @error: set to a sentence on failure
 *
 * From the first write of the slot table on the data is lost, whatever comes
 * then: its regions are never-written ones when the volume is opened again.
 *
 * Return: 0 or a negative errno.
 */
int sweep_erase(struct rekey_volume *v, u32 slot, char **error)
{
	u64 at;
	int err;

	*error = "A job uses the slot: abort it first";
	if (mover_uses_slot(v, slot))
		return -EBUSY;
	slot_evict(&v->slots, slot);
	/* first writes that had the key are with the committer by now */
	flush_work(&v->commit_work);
	*error = "The slot table cannot be written";
	err = write_slot_state(v, slot, REKEY_SLOT_ERASED);
	if (err)
		return err;
	*error = "The map cannot be changed";
	err = sweep_run(v, 0, v->regions, slot, want_erase, &at);
	if (err)
		return err;
	*error = "The slot table cannot be written";
	return write_slot_state(v, slot, REKEY_SLOT_FREE);
}
