/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A closed volume is opened. open_begin() holds the disks, finds out which is
 * which and what the map needs; open_finish() gives it to the kernel. Only a
 * device that is added, and what a crash of an adoption left, are written before.
 */
#ifndef HEARTH_OPEN_H
#define HEARTH_OPEN_H

#include "../format/page.h"
#include "disk.h"
#include "header.h"
#include "keys.h"
#include "volume.h"

struct open_params {
	const char *name;
	char * const *devices;	/* paths; without @meta the first has the metadata */
	unsigned int n_devices;
	const char *meta;	/* path */
	const char *header;	/* path; NULL: on @meta or the first */
	const char *add;	/* path of a further device, or NULL */
	uint64_t without;	/* a bit for each device that is not there */
	bool readonly, discards;
	bool upgrade;		/* to the newest version of the metadata */
	uint32_t rate;		/* KiB/s */
};

#define OPEN_DISKS	(TOKEN_DEVICES + 3)	/* and those of meta and add */

struct open {
	const struct open_params *params;
	struct header header;
	struct rekey_super super;	/* without its MAC: to find and to tell */
	struct rekey_slot_info slots[REKEY_SLOTS];	/* the same */
	struct disk disks[OPEN_DISKS];
	bool taken[OPEN_DISKS];
	int n_disks;
	struct disk *devices[TOKEN_DEVICES];	/* by their numbers */
	struct disk *meta;
	uint64_t without;	/* of @params, and what was never the kernel's */
	struct disk added;
	bool readonly;			/* asked for, or a disk is */
	const struct disk *readonly_disk;	/* that one, or NULL */
};

/* Returns 0 or a negative errno; open_end() is due only after 0. */
int open_begin(struct open *o, const struct open_params *params,
	       struct error *err);

/*
 * Opens it with @keys, of which those go that the map does not have: this
 * happens where the header is an old copy. Returns 0 or a negative errno.
 */
int open_finish(struct open *o, struct keys *keys, struct error *err);

void open_end(struct open *o);

#endif
