/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A volume: its header and the kernel's device together, and the steps that
 * change both.
 *
 * Each step leaves marks in the token first, so that after a crash between any
 * two steps the next command that gets the volume (volume_get()) knows what
 * was meant and does the rest.
 */
#ifndef HEARTH_VOLUME_H
#define HEARTH_VOLUME_H

#include "disk.h"
#include "header.h"
#include "keys.h"
#include "mapper.h"

struct volume {
	struct header header;
	struct mapper_volume dm;
};

/*
 * An open volume with its header, locked; what was left undone is done.
 * @header_path may be NULL: it is where it was when the volume was opened.
 * Returns 0 or a negative errno; volume_put() is due only after 0.
 */
int volume_get(struct volume *volume, const char *name,
	       const char *header_path, struct error *err);

/*
 * The same to look at it alone: while another command, which may ask for a
 * passphrase, has the header, nothing is waited for and nothing is finished.
 */
int volume_look(struct volume *volume, const char *name,
		const char *header_path, struct error *err);

void volume_put(struct volume *volume);

/* The kernel's side once more. */
int volume_refresh(struct volume *volume, struct error *err);

/* What a table is made of. */
struct volume_table {
	const char *name;
	const char *meta;		/* path */
	const char *devices[TOKEN_DEVICES];	/* paths; NULL: not there */
	bool create;
	bool adopt;
	uint64_t adopt_place;
	bool readonly;
	bool discards;
	uint32_t rate;			/* KiB/s */
};

/* Opens a volume in the kernel with @keys. Returns 0 or a negative errno. */
int volume_activate(struct header *header, const struct volume_table *table,
		    const struct keys *keys, struct error *err);

/* Loads the key of a slot. Returns 0 or a negative errno. */
int volume_load_key(const struct volume *volume, uint32_t slot,
		    const struct secret *key, struct error *err);

/*
 * Destroys a slot: the kernel's, with all that was written under it, then its
 * keyslot. What is cut short is finished by the next volume_get().
 */
int volume_erase(struct volume *volume, uint32_t slot, struct error *err);

/*
 * Adds a slot of @user with a key under @pass: durable in the header, then
 * bound and loaded in the kernel. Returns its number or a negative errno.
 */
int volume_add_slot(struct volume *volume, const char *user,
		    const struct secret *key, const struct secret *pass,
		    const struct header_cost *cost, struct error *err);

/*
 * Wipes the LUKS header that an adopted volume had on @disk, and takes the mark
 * of it out of the token. Its first page goes last: where that is gone, all is,
 * and what is there now may be data. Returns 0 or a negative errno.
 */
int volume_wipe_old(struct header *header, const struct disk *disk,
		    struct error *err);

/* Does what an interrupted command, or a job that has ended, left to do. */
int volume_finish(struct volume *volume, struct error *err);

#endif
