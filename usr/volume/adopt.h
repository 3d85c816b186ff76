/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A LUKS or plain dm-crypt volume becomes one of ours, where it lies.
 *
 * adopt_begin() holds the disks and looks whether it can be, adopt_unlock() gets
 * the key and reads samples by dm-crypt; adopt_make() is the first to write, and
 * changes the adopted disk only when dm-rekey has read the same.
 */
#ifndef HEARTH_ADOPT_H
#define HEARTH_ADOPT_H

#include <libcryptsetup.h>

#include "disk.h"
#include "header.h"
#include "keys.h"

struct adopt_params {
	const char *name;
	const char *user;		/* of slot 0 */
	char * const *devices;		/* paths; the first is adopted */
	unsigned int n_devices;
	const char *meta;		/* path */
	const char *header;		/* a file to be made; NULL: on @meta */
	const char *backup;		/* a file for the old LUKS header */
	const char *luks_header;	/* the old LUKS header, where it is detached */
	uint32_t region;		/* sectors */
	bool discards;
	struct header_cost cost;
	bool plain;			/* what follows is of plain dm-crypt */
	bool key_is_secret;		/* a key file without a hash is the key */
	const char *cipher, *hash;
	uint32_t key_size;		/* bytes */
	uint32_t sector_size;		/* bytes */
	uint64_t offset, size;		/* sectors */
	bool large_iv;
};

struct adopt {
	const struct adopt_params *params;
	struct crypt_device *old;
	struct disk disks[TOKEN_DEVICES + 1];	/* 0: what is adopted */
	unsigned int n_disks;
	struct disk *meta;
	struct disk *data[TOKEN_DEVICES];
	uint64_t data_offset;		/* sectors, on device 0 */
	struct token token;		/* what it will be */
	struct keys keys;
	char *first;			/* page of device 0, as it was found */
	char *before, *after;		/* samples of the volume */
	char uuid[40];			/* behind adopt_make() */
};

/* Returns 0 or a negative errno; adopt_end() is due only after 0. */
int adopt_begin(struct adopt *a, const struct adopt_params *params,
		struct error *err);

/* @pass is the old one. Returns 0, -EPERM for a wrong one, or an errno. */
int adopt_unlock(struct adopt *a, const struct secret *pass,
		 struct error *err);

/*
 * Adopts it, under @pass. A crash leaves the old volume as it was, or one of
 * ours whose old header the next adopt_finish() wipes.
 */
int adopt_make(struct adopt *a, const struct secret *pass, struct error *err);

void adopt_end(struct adopt *a);

/*
 * What a crash left to do: the old LUKS header on @disk, which is held for
 * writing, is wiped if @key, that of slot 0, opens it, and the mark of it goes
 * out of the token. Another header than the one that was adopted stays.
 */
int adopt_finish(struct header *header, const struct disk *disk,
		 const struct secret *key, struct error *err);

#endif
