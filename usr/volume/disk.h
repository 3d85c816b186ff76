/* SPDX-License-Identifier: GPL-2.0 */
/* Block devices, as they lie below volumes. */
#ifndef HEARTH_DISK_H
#define HEARTH_DISK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../format/error.h"

struct disk {
	char path[PATH_MAX];	/* absolute, without links */
	dev_t dev;
	uint64_t sectors;	/* of 512 bytes */
	uint32_t block;		/* bytes of its own sectors */
};

/* Returns 0 or a negative errno. Nothing stays open. */
int disk_find(struct disk *disk, const char *path, struct error *err);

/* -EBUSY where it is mounted, or another device lies on it. */
int disk_claim(const struct disk *disk, struct error *err);

/*
 * Reads from what is on the device, not from a cache of it. @offset, @size and
 * @buf are multiples of 4096. Returns 0 or a negative errno.
 */
int disk_read(const struct disk *disk, uint64_t offset, void *buf, size_t size,
	      struct error *err);

/*
 * The name of a file system, a header or a partition table that is there:
 * into @type. Returns 1, 0 for none, or a negative errno.
 */
int disk_signature(const struct disk *disk, char *type, size_t size,
		   struct error *err);

/* "major:minor", as the kernel writes it in a table. */
void disk_number(const struct disk *disk, char *text, size_t size);

/* The path of the device "major:minor". */
bool disk_path(const char *number, char *path, size_t size);

/* Memory for disk_read(), to be freed; NULL where there is none. */
void *disk_buffer(size_t size);

#endif
