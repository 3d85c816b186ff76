/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A closed volume is looked through: its map, held against itself, the header and
 * the disks. What the metadata key secures, the kernel says when the volume is
 * opened read-only (check_keys()). Nothing is written.
 */
#ifndef HEARTH_CHECK_H
#define HEARTH_CHECK_H

#include "open.h"

struct check {
	uint64_t pages;			/* of the map */
	uint64_t damaged;		/* with no copy that is good */
	uint64_t single;		/* with one, and one that is bad */
	uint64_t regions;
	uint64_t written;
	uint64_t doubled;		/* at a place where another one is */
	uint64_t outside;		/* at a place that is not there */
	uint64_t lost;			/* under a slot that is free */
	uint64_t under[REKEY_SLOTS];	/* regions that are each slot's */
	uint64_t readable[REKEY_SLOTS];	/* written ones */
};

/* Looks through what open_begin() has found. Returns 0 or a negative errno. */
int check_map(const struct open *o, struct check *check, struct error *err);

/* Is all of it as it should be? */
bool check_is_good(const struct check *check);

/*
 * Opens it read-only, by a name of its own, and closes it: the kernel holds all
 * pages against their MACs. Returns 0, or what it refuses.
 */
int check_keys(struct open *o, struct keys *keys, struct error *err);

#endif
