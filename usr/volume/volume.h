/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An open volume: its header and the kernel's device together.
 *
 * What changes both leaves a mark in the token first, so that after a crash
 * between any two steps the next command that gets the volume knows what was
 * meant, and does the rest or takes it back (slots_finish()).
 */
#ifndef HEARTH_VOLUME_H
#define HEARTH_VOLUME_H

#include "header.h"
#include "mapper.h"

struct volume {
	struct header header;
	struct mapper_volume dm;
};

/*
 * An open volume with its header, locked, to be changed; what was left undone is
 * done. @header_path may be NULL: it is where it was when the volume was opened.
 * Returns 0 or a negative errno; volume_put() is due only after 0.
 */
int volume_get(struct volume *volume, const char *name,
	       const char *header_path, struct error *err);

/*
 * The same to look at it alone: nothing is waited for, finished, or written.
 */
int volume_look(struct volume *volume, const char *name,
		const char *header_path, struct error *err);

void volume_put(struct volume *volume);

/* The kernel's side once more. */
int volume_refresh(struct volume *volume, struct error *err);

/*
 * Slots that the kernel has and the header has not: it is an old copy, or not
 * the volume's own, and what is under them is lost with the last key in the
 * kernel. Returns how many; @slots has room for STATUS_SLOTS of their numbers.
 * @regions is how many are written under them.
 */
unsigned int volume_orphans(const struct volume *volume, uint32_t *slots,
			    uint64_t *regions);

/* Sectors that the header and the metadata of @regions take, with room to grow. */
uint64_t volume_meta_room(uint64_t regions);

/* Of @places for regions: how many stay free for a rekey to move to. */
uint64_t volume_spare(uint64_t places);

#endif
