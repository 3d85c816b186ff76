/* SPDX-License-Identifier: GPL-2.0 */
/* An open volume takes the room that its disks have got. */
#ifndef HEARTH_RESIZE_H
#define HEARTH_RESIZE_H

#include "keys.h"
#include "volume.h"

/*
 * How many sectors the volume could have on its disks as they are now, with a
 * little left for rekeys. Returns 0 or a negative errno.
 */
int resize_room(const struct volume *volume, uint64_t *sectors,
		struct error *err);

/*
 * Grows it to @sectors with a user's @keys. Those of others must not be loaded:
 * they would be lost on the way. I/O waits for a moment. A crash leaves one that
 * grows when it is opened. Returns 0 or a negative errno.
 */
int resize_grow(struct volume *volume, uint64_t sectors,
		struct keys *keys, struct error *err);

#endif
