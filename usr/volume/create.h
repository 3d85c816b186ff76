/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A new volume. create_begin() holds the disks and looks whether it can be;
 * nothing is written before create_make(), and there not before the kernel has
 * tried the cipher and the key.
 */
#ifndef HEARTH_CREATE_H
#define HEARTH_CREATE_H

#include "disk.h"
#include "header.h"
#include "keys.h"

struct create_params {
	const char *name;
	const char *user;		/* of slot 0 */
	char * const *devices;		/* paths of the data devices */
	unsigned int n_devices;
	const char *meta;		/* path; NULL: the first device */
	const char *header;		/* a file to be made; NULL: on @meta */
	const char *cipher;
	uint32_t key_size;		/* bytes */
	uint32_t sector_size;		/* bytes; 0: what the disks have */
	uint32_t region;		/* sectors */
	uint64_t size;			/* sectors; 0: all the room */
	bool large_iv, discards;
	struct header_cost cost;
};

struct create {
	const struct create_params *params;
	struct disk disks[TOKEN_DEVICES + 1];	/* all, to be overwritten */
	unsigned int n_disks;
	struct disk *meta;
	struct disk *data[TOKEN_DEVICES];
	struct token token;		/* what it will be */
	char uuid[40];			/* behind create_make() */
};

/* Returns 0 or a negative errno; create_end() is due only after 0. */
int create_begin(struct create *c, const struct create_params *params,
		 struct error *err);

/*
 * Makes it, with the key of slot 0 under @pass, and closed. A crash leaves a
 * volume or none. Returns 0 or a negative errno.
 */
int create_make(struct create *c, const struct secret *pass,
		struct error *err);

void create_end(struct create *c);

#endif
