/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies a region, in pieces that stay in the cache: from one place to another,
 * or, for a first write, from the bios that wait for it, with zeros between them.
 * What the place has behind the region becomes zero: all of it, for a scrub.
 *
 * Each copier has one region at a time. Some are for writers that wait, the others
 * for the mover. Their memory is there from the start, and none of them ever
 * sleeps for anything but a device.
 */
#ifndef _HEARTH_REKEY_COPY_H
#define _HEARTH_REKEY_COPY_H

#include <linux/bio.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "keys.h"

/* For writers that wait, for the mover. */
#define COPIERS_IO	2
#define COPIERS_MOVE	4
#define COPIERS		(COPIERS_IO + COPIERS_MOVE)

enum copy_step {
	COPY_READ,
	COPY_ENCRYPT,
	COPY_WRITE,
};

struct rekey_copy {
	struct list_head node;		/* of a queue; the copiers' @lock */
	struct block_device *from;	/* NULL: bios and zeros */
	struct block_device *to;
	sector_t from_sector;
	sector_t to_sector;
	struct rekey_key *key[2];	/* from, to; none of both: as it is */
	u64 sector;			/* of the volume, for the IV */
	u32 sectors;			/* of the region */
	u32 room;			/* of the place: no less */
	bool mover;
	/* where it failed */
	enum copy_step step;
	u64 bad;			/* sector of the volume */
	/* bios that were copied: to be ended when the copy counts */
	struct bio_list filled;
	/*
	 * A bio that begins at @off of the region, or NULL with @gap lessened
	 * to the sectors till the next one. Without @from only.
	 */
	struct bio *(*take)(struct rekey_copy *copy, u32 off, u32 *gap);
	/* A hint: does a bio wait for this region? */
	bool (*hurried)(const struct rekey_copy *copy);
	/* It is through, or it failed. In the copier; @copy may be gone then. */
	void (*done)(struct rekey_copy *copy, int err);
};

struct rekey_copier;

struct rekey_copiers {
	const struct rekey_cipher *cipher;
	struct workqueue_struct *wq;
	spinlock_t lock;		/* innermost; interrupts off */
	struct list_head queue[2];	/* of I/O, of the mover; @lock */
	struct rekey_copier *copier[COPIERS];
};

int copiers_init(struct rekey_copiers *copiers,
		 const struct rekey_cipher *cipher, const char *name);
void copiers_exit(struct rekey_copiers *copiers);
void copiers_go_on(struct rekey_copiers *copiers);
void copy_start(struct rekey_copiers *copiers, struct rekey_copy *copy);

#endif /* _HEARTH_REKEY_COPY_H */
