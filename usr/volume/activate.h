/* SPDX-License-Identifier: GPL-2.0 */
/* A volume becomes one of the kernel's: its table, and its keys. */
#ifndef HEARTH_ACTIVATE_H
#define HEARTH_ACTIVATE_H

#include "disk.h"
#include "header.h"
#include "keys.h"
#include "volume.h"

/* What a table is made of, besides what the header says. */
struct activate {
	const char *name;
	struct disk *meta;
	struct disk *devices[TOKEN_DEVICES];	/* by numbers; NULL: not there */
	bool create;
	bool adopt;
	bool upgrade;
	uint64_t adopt_place;
	bool readonly;
	bool discards;
	uint32_t rate;			/* KiB/s; 0: no limit */
};

/*
 * Opens a volume in the kernel with @keys. The disks are yielded to it. Returns 0
 * or a negative errno.
 */
int activate(const struct header *header, const struct activate *a,
	     const struct keys *keys, struct error *err);

/*
 * Does the kernel take a volume like this one: its cipher, key and sizes? It
 * makes a small one on a device of zeros, so no disk is looked at or written.
 */
int activate_try(const struct header *header, const struct keys *keys,
		 struct error *err);

/*
 * Could another table be loaded and resumed now, with @keys: is there no job, and no key
 * of others that would be gone then? Returns 0 or a negative errno.
 */
int activate_may_reload(const struct volume *volume, const struct keys *keys,
			struct error *err);

/*
 * Loads a table of @sectors for an open volume, which takes effect with
 * mapper_resume(). Its disks are those that it has, by numbers that are theirs as
 * long as it has them.
 */
int activate_reload(const struct volume *volume, uint64_t sectors,
		    const struct keys *keys, struct error *err);

/* Loads the key of a slot. Returns 0 or a negative errno. */
int activate_key(const struct volume *volume, uint32_t slot,
		 const struct secret *key, struct error *err);

#endif
