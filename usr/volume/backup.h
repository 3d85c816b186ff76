/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies of a header, and a header put back from one.
 *
 * A copy opens what the keys of its time open: a rekey or an erased slot makes it
 * older than the map. So one is put back only where it has all slots that the map
 * has, and what was there before stays as it was until then.
 */
#ifndef HEARTH_BACKUP_H
#define HEARTH_BACKUP_H

#include "header.h"

/* Writes the header at @path, a device or a file, to the new file @copy, durably. */
int backup_save(const char *path, const char *copy, struct error *err);

struct backup_restore {
	const char *path;	/* the device or the file it is put on */
	const char *copy;	/* the file that it comes from */
	const char *meta;	/* the metadata device; NULL: @path */
	bool force;		/* also if it lacks slots of the map */
};

/*
 * Puts a copy back. -EBUSY: the volume is open. -ESTALE: the copy lacks a slot of
 * the map, whose data it would make unreadable.
 */
int backup_restore(const struct backup_restore *restore, struct error *err);

#endif
