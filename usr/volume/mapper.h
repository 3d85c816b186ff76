/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device-mapper devices of the target "rekey". A device is ours if its uuid
 * says so; no function here touches another one. What the kernel refuses is
 * told in the words of its log, where that can be read.
 */
#ifndef HEARTH_MAPPER_H
#define HEARTH_MAPPER_H

#include <stdbool.h>
#include <stdint.h>

#include "../format/status.h"
#include "../format/table.h"

#define MAPPER_NAME	128
#define MAPPER_UUID	40	/* of the LUKS2 header */

struct mapper_volume {
	char name[MAPPER_NAME];
	char uuid[MAPPER_UUID];
	bool readonly;		/* the table is */
	bool suspended;
	bool pending;		/* a further table is loaded */
	uint32_t opens;		/* mounts, programs, other tables */
	uint64_t sectors;
	struct status status;
	struct table table;
};

/* May a device be called so? */
bool mapper_name_valid(const char *name);

/* The "major:minor" of a device that is there. */
void mapper_number(const char *name, char *number, size_t size);

/* Is a volume with this header open? Then @name (MAPPER_NAME bytes) is set. */
bool mapper_find(const char *uuid, char *name);

/*
 * Creates a device and loads, then resumes a table of one target: @target is
 * "rekey" with @uuid of the header, or another one with NULL, for our own use.
 * Returns 0 or a negative errno; then there is no device.
 */
int mapper_create(const char *name, const char *uuid, const char *target,
		  const char *params, uint64_t sectors, bool readonly,
		  struct error *err);

/*
 * Would the kernel take a table of "rekey"? It is loaded into a device of its
 * own, which never becomes active, and goes again. Returns 0 or why not.
 */
int mapper_try(const char *params, uint64_t sectors, struct error *err);

/* A name for a device of our own: of this process, and of @what. */
void mapper_private_name(const char *what, char name[static MAPPER_NAME]);

/*
 * Before disks are opened for a device of this name. What mapper_private_name() named in
 * a process that is no more is removed: it would hold them. -EEXIST where there is such
 * a device.
 */
int mapper_prepare(const char *name, struct error *err);

/*
 * A further table for a device of ours, which takes the place of the active one
 * at the next mapper_resume(); mapper_clear() forgets it.
 */
int mapper_load(const char *name, const char *params, uint64_t sectors,
		bool readonly, struct error *err);
void mapper_clear(const char *name);

/*
 * Holds its I/O, when what is under way has ended, and lets it go on. A volume that
 * cannot be activated is resumed nevertheless, to fail all I/O, and an error told.
 */
int mapper_suspend(const char *name, struct error *err);
int mapper_resume(const char *name, struct error *err);

/* Removes a device that mapper_create() has made. */
int mapper_remove(const char *name, struct error *err);

/*
 * Is it one of ours? Its name, uuid and use, also of one that a kill has left
 * without a table. -ENODEV: it is not.
 */
int mapper_info(const char *name, struct mapper_volume *volume,
		struct error *err);

/* All that the kernel knows of a volume. -ENODEV: none of ours. */
int mapper_get(const char *name, struct mapper_volume *volume,
	       struct error *err);

/* Sends a message of one line. @what is said before the kernel's reason. */
__attribute__((format(printf, 4, 5)))
int mapper_message(const char *name, const char *what, struct error *err,
		   const char *fmt, ...);

/* Calls @found for each volume of ours by its name, in order of names. */
int mapper_list(int (*found)(const char *name, void *arg), void *arg,
		struct error *err);

#endif
