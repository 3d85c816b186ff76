/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The metadata key of an open volume is changed: who was an owner, and kept the one of
 * before, can make no page any more that the kernel takes for one of the volume.
 *
 * The new key is in a keyslot of its own, beside the old one, before the kernel is asked;
 * the old one goes when the superblock on disk has a MAC by the new one. At each moment
 * the keyslots of one owner have all keys that the metadata may be under.
 */
#ifndef HEARTH_ROTATE_H
#define HEARTH_ROTATE_H

#include "area.h"
#include "keys.h"
#include "volume.h"

/*
 * Gives an open volume another metadata key, which then the owner of @keys alone has, in
 * the slot that is told by @slot: others who were are users behind it. @keys are what his
 * passphrase @pass unlocked; they are those of then afterwards. I/O waits for a moment.
 * Returns 0 or a negative errno.
 */
int rotate_run(struct volume *volume, struct keys *keys,
	       const struct secret *pass, const struct header_cost *cost,
	       uint32_t *slot, struct error *err);

/*
 * Makes the header say what @area says, where a change was cut short: @keys of an owner,
 * of which the metadata key that is in use is left. No kernel has a table with both keys
 * that is still to be resumed. Returns 0, also where there is nothing to be done, or a
 * negative errno.
 */
int rotate_settle(struct header *header, const struct area *area,
		  struct keys *keys, struct error *err);

#endif
