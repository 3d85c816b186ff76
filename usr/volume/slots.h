/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The slots of an open volume: added, erased, and what was left undone.
 *
 * A mark in the token says what is about to be done; what is then done with a
 * key follows from what the kernel says of its slot, which carries a MAC: no key
 * is destroyed whose slot has a region. Nor does the keyslot of the last owner go:
 * without the metadata key nobody opens the volume.
 */
#ifndef HEARTH_SLOTS_H
#define HEARTH_SLOTS_H

#include "keys.h"
#include "volume.h"

/*
 * Adds a slot of @user with a key under @pass, an owner's if there is @meta: durable in
 * the header, then bound and loaded in the kernel. Returns its number or a negative
 * errno.
 */
int slots_add(struct volume *volume, const char *user,
	      const struct secret *meta, const struct secret *key,
	      const struct secret *pass, const struct header_cost *cost,
	      struct error *err);

/*
 * Refuses what cannot be done to a slot whose owner's change of the metadata key was cut
 * short. Returns -EBUSY.
 */
int slots_unsettled(const struct token_slot *slot, struct error *err);

/* Could it be erased now? Returns 0 or a negative errno. */
int slots_check_erase(const struct volume *volume, uint32_t slot,
		      struct error *err);

/*
 * Destroys a slot: the kernel's, with all that was written under it, then its
 * keyslot. What is cut short once the kernel has begun, the next volume_get()
 * finishes. Returns 0 or a negative errno.
 */
int slots_erase(struct volume *volume, uint32_t slot, struct error *err);

/*
 * Puts a slot of @keys under another passphrase: an owner's in another keyslot, before
 * the one that it had is destroyed. Returns 0 or a negative errno.
 */
int slots_change(struct volume *volume, uint32_t slot, const struct keys *keys,
		 const struct secret *pass, const struct header_cost *cost,
		 struct error *err);

/*
 * Makes a slot with @key an owner's, with the metadata key @meta, or where that is NULL
 * a user's. Returns 0 or a negative errno.
 */
int slots_set_role(struct volume *volume, uint32_t slot,
		   const struct secret *meta, const struct secret *key,
		   const struct secret *pass, const struct header_cost *cost,
		   struct error *err);

/* Takes the key of a slot out of the kernel. */
int slots_lock(const struct volume *volume, uint32_t slot, struct error *err);

/*
 * How many regions are a slot's, written and never written, by its number:
 * @assigned has room for STATUS_SLOTS. Returns 0 or a negative errno.
 */
int slots_assigned(const char *name, uint64_t *assigned, struct error *err);

/* Does what an interrupted command, or a job that has ended, left to do. */
int slots_finish(struct volume *volume, struct error *err);

#endif
