// SPDX-License-Identifier: GPL-2.0
/* Slots that have a key: see slot.h. */
#include <linux/rcupdate.h>

#include "bind.h"
#include "slot.h"

/* Keys that have ended with their environment. */
static void slots_evict_work(struct work_struct *work)
{
	struct rekey_slots *slots = container_of(work, struct rekey_slots,
						 evict);
	u32 i;

	mutex_lock(slots->lock);
	for (i = 0; i < REKEY_SLOTS; i++)
		if (!slot_loaded(slots, i))
			slot_evict(slots, i);
	mutex_unlock(slots->lock);
}

/**
 * slots_init() - no keys
 * @slots: zeroed by the caller
 * @lock: held by whoever loads or evicts
 * @cipher: of the volume
 * @meta: with the slot table
 */
void slots_init(struct rekey_slots *slots, struct mutex *lock,
		const struct rekey_cipher *cipher, struct rekey_meta *meta)
{
	slots->lock = lock;
	slots->cipher = cipher;
	slots->meta = meta;
	INIT_WORK(&slots->evict, slots_evict_work);
}

/**
 * slots_exit() - wipe all keys
 * @slots: that no I/O uses
 */
void slots_exit(struct rekey_slots *slots)
{
	u32 i;

	if (!slots->lock)
		return;
	mutex_lock(slots->lock);
	for (i = 0; i < REKEY_SLOTS; i++)
		slot_evict(slots, i);
	mutex_unlock(slots->lock);
	/* none is bound any more, so it is not queued again */
	cancel_work_sync(&slots->evict);
}

/**
 * slots_regions() - how many regions were ever written
 * @slots: of an active volume
 *
 * Any context.
 *
 * Return: their number.
 */
u64 slots_regions(const struct rekey_slots *slots)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < REKEY_SLOTS; i++)
		n += slot_regions(slots, i);
	return n;
}

/**
 * slot_count() - an entry of the map has changed
 * @slots: of the volume
 * @old: as it was
 * @new: as it is
 *
 * Any context.
 */
void slot_count(struct rekey_slots *slots, u64 old, u64 new)
{
	if (entry_written(old))
		atomic64_dec(&slots->slot[entry_slot(old)].regions);
	if (entry_written(new))
		atomic64_inc(&slots->slot[entry_slot(new)].regions);
}

/**
 * slot_get_key() - use the key of a slot
 * @slots: of the volume
 * @slot: its number
 *
 * Any context. keys_put() when it is not used any more.
 *
 * Return: the key, or NULL where it is not loaded.
 */
struct rekey_key *slot_get_key(struct rekey_slots *slots, u32 slot)
{
	struct rekey_key *key;

	rcu_read_lock();
	key = rcu_dereference(slots->slot[slot].key);
	if (key && !percpu_ref_tryget_live(&key->ref))
		key = NULL;
	rcu_read_unlock();
	return key;
}

/*
 * A slot's first key makes it the slot's key for good; not @now: with the first
 * write of the metadata.
 */
static int slot_bind(struct rekey_slots *slots, u32 slot,
		     const struct rekey_key *key, bool now, char **error)
{
	struct rekey_meta *meta = slots->meta;
	int err;

	lockdep_assert_held(&meta->lock);
	if (meta->slot[slot].state == REKEY_SLOT_ERASED && now &&
	    meta_may_write(meta)) {
		*error = "The erase of this slot cannot be ended";
		err = meta_begin(meta);
		if (err)
			return err;
	}
	err = keys_check(key, &meta->slot[slot], error);
	if (err || meta->slot[slot].state == REKEY_SLOT_USED)
		return err;
	*error = "This slot is nobody's: it takes no key";
	if (slot == REKEY_SLOT_NOBODY)
		return -EINVAL;
	*error = "The volume is read-only";
	if (!meta_may_write(meta))
		return -EROFS;
	*error = "The slot table cannot be written";
	return meta_bind_slot(meta, slot, key->size, key->kcv, now);
}

/* A key that no slot got. */
static void slot_drop(struct rekey_key *key)
{
	bind_release(key);
	keys_free(key);
}

/* Reads a key for @slot, and binds it where that is asked for. slot_drop() it. */
static struct rekey_key *slot_read_key(struct rekey_slots *slots, u32 slot,
				       const char *source, char **error)
{
	struct rekey_key *key = keys_read(slots->cipher, slots->meta->sb.uuid,
					  slot, source, error);
	int err;

	if (IS_ERR(key))
		return key;
	err = bind_key(key, &slots->evict, error);
	if (!err)
		return key;
	keys_free(key);
	return ERR_PTR(err);
}

/**
 * slot_read() - load a key of a table, before the volume is active
 * @slots: of the volume, whose slot table was read
 * @slot: its number
 * @source: as keys_read() has it
 * @error: set to a sentence on failure
 *
 * slots_activate() is due.
 *
 * Return: 0 or a negative errno.
 */
int slot_read(struct rekey_slots *slots, u32 slot, const char *source,
	      char **error)
{
	struct rekey_key *key;
	int err;

	*error = "Bad key option";
	if (rcu_access_pointer(slots->slot[slot].key))
		return -EINVAL;
	/* one that ends meanwhile is evicted behind this */
	mutex_lock(slots->lock);
	key = slot_read_key(slots, slot, source, error);
	err = PTR_ERR_OR_ZERO(key);
	if (!err) {
		err = keys_check(key, &slots->meta->slot[slot], error);
		if (err)
			slot_drop(key);
		else
			rcu_assign_pointer(slots->slot[slot].key, key);
	}
	mutex_unlock(slots->lock);
	return err;
}

/* The key that is loaded goes on to be there: for as long as was asked? */
static int slot_bound_as(struct rekey_slots *slots, u32 slot, u32 env,
			 char **error)
{
	const struct rekey_key *key;

	key = rcu_dereference_protected(slots->slot[slot].key,
					lockdep_is_held(slots->lock));
	*error = "The key is loaded already, and not bound to that environment: evict it first";
	return key->env == env ? 0 : -EEXIST;
}

/**
 * slot_load() - load a key into a slot
 * @slots: of the volume; their lock is held
 * @slot: its number
 * @source: as keys_read() has it
 * @active: the volume is: a free slot may take the key as its own
 * @error: set to a sentence on failure
 *
 * A slot that has its key already keeps it, if it is the same, and bound as is asked.
 *
 * Return: 0 or a negative errno.
 */
int slot_load(struct rekey_slots *slots, u32 slot, const char *source,
	      bool active, char **error)
{
	struct rekey_meta *meta = slots->meta;
	struct rekey_key *key;
	int err;

	lockdep_assert_held(slots->lock);
	key = slot_read_key(slots, slot, source, error);
	if (IS_ERR(key))
		return PTR_ERR(key);
	mutex_lock(&meta->lock);
	if (active || meta->slot[slot].state != REKEY_SLOT_FREE) {
		err = slot_bind(slots, slot, key, active, error);
	} else {
		*error = "The volume is suspended: a new slot cannot be written";
		err = -EBUSY;
	}
	mutex_unlock(&meta->lock);
	if (!err && slot_loaded(slots, slot)) {
		err = slot_bound_as(slots, slot, key->env, error);
	} else if (!err) {
		slot_evict(slots, slot);	/* one that has ended */
		rcu_assign_pointer(slots->slot[slot].key, key);
		return 0;
	}
	slot_drop(key);
	return err;
}

/**
 * slots_activate() - hold the keys of the table against the slot table
 * @slots: of a volume about to be active, its metadata read; their lock and that
 *	of the metadata are held
 * @error: set to a sentence on failure
 *
 * Nothing is written: what a free slot took is, with the first write.
 *
 * Return: 0 or a negative errno.
 */
int slots_activate(struct rekey_slots *slots, char **error)
{
	int err = 0;
	u32 i;

	lockdep_assert_held(slots->lock);
	for (i = 0; !err && i < REKEY_SLOTS; i++) {
		struct rekey_key *key;

		key = rcu_dereference_protected(slots->slot[i].key,
						lockdep_is_held(slots->lock));
		if (key)
			err = slot_bind(slots, i, key, false, error);
	}
	return err;
}

/**
 * slot_evict() - take the key of a slot away
 * @slots: of the volume; their lock is held
 * @slot: its number
 *
 * When this returns the key is in no memory of ours.
 *
 * Return: whether there was one.
 */
bool slot_evict(struct rekey_slots *slots, u32 slot)
{
	struct rekey_key *key;

	lockdep_assert_held(slots->lock);
	key = rcu_dereference_protected(slots->slot[slot].key,
					lockdep_is_held(slots->lock));
	if (!key)
		return false;
	RCU_INIT_POINTER(slots->slot[slot].key, NULL);
	bind_release(key);
	/* waits for a grace period too: nobody looks at the old pointer */
	if (!keys_end(key))
		synchronize_rcu();
	keys_free(key);
	return true;
}
