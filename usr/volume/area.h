/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The metadata of a volume where they lie on a disk, in any version; without the
 * metadata key, but for area_is_under(). A page that cannot be read counts as damaged: there are two copies.
 */
#ifndef HEARTH_AREA_H
#define HEARTH_AREA_H

#include "../format/page.h"
#include "../format/table.h"
#include "disk.h"
#include "secret.h"

#define AREA_RUN	64u	/* pages that are read at once, at most */

struct area {
	const struct disk *disk;
	uint64_t start;			/* bytes */
	struct rekey_layout layout;
	struct rekey_super super;
};

/*
 * Looks for a superblock at @sector of @disk, which stays open as long as @area is
 * used. Returns NULL, or what is wrong.
 */
const char *area_open(struct area *area, const struct disk *disk,
		      uint64_t sector);

/*
 * The same of an open volume; @disk is opened for it. Returns 0, and disk_close() is
 * due, or a negative errno.
 */
int area_of_table(struct area *area, struct disk *disk,
		  const struct table *table, struct error *err);

/* All of @slots, REKEY_SLOTS of them. Returns NULL, or what is wrong. */
const char *area_slots(const struct area *area, struct rekey_slot_info *slots);

/* Has the superblock a MAC by this metadata key? */
bool area_is_under(const struct area *area, const struct secret *meta);

/*
 * Reads @n pages, AREA_RUN at most, from number @first on: both copies of each to
 * @buf, which has 2 * @n * REKEY_PAGE bytes and is of disk_buffer(). area_copies()
 * then points @copy to those of the page @i behind @first.
 */
void area_read(const struct area *area, uint64_t first, unsigned int n,
	       char *buf);
void area_copies(const struct area *area, const char *buf, unsigned int n,
		 unsigned int i, const void *copy[2]);

#endif
