/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Block devices, as they lie below volumes.
 *
 * A disk is held by an exclusive open from the first look at it to the last
 * write: who has it so is its only user, and nobody mounts it meanwhile. The
 * kernel's device-mapper opens disks exclusively too, so they are yielded just
 * before it gets them; what it finds there is held against what is expected.
 *
 * It gets them by their numbers. So a disk stays open, if not held, till it has
 * them: as long as it is, nobody else gets its number. Whatever is done to it is
 * done by this descriptor, as its path may lead to another disk by then.
 */
#ifndef HEARTH_DISK_H
#define HEARTH_DISK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../format/error.h"

enum disk_use {
	DISK_LOOK,	/* shared with others, and only read */
	DISK_READ,	/* held, and only read */
	DISK_WRITE,	/* held */
	DISK_SHARED,	/* written beside a device-mapper device of ours on it */
};

struct disk {
	char path[PATH_MAX];	/* absolute, without links; to be told */
	dev_t dev;
	uint64_t sectors;	/* of 512 bytes */
	uint32_t block;		/* bytes of its own sectors */
	bool readonly;		/* the disk, or the kernel's view of it */
	int fd;			/* stays the same; -1: not open */
};

#define DISK_SELF	32	/* bytes of disk_self() */

/*
 * Opens a block device. -EBUSY: it is to be held, and is mounted, held by
 * somebody, or another device lies on it. -EROFS: it is to be written, and
 * cannot be. Returns 0 or a negative errno; disk_close() is due only after 0.
 */
int disk_open(struct disk *disk, const char *path, enum disk_use use,
	      struct error *err);

/*
 * Opens one more, to be written, behind the @n of @disks, where there is room:
 * sets *@disk to it and counts it. -EINVAL: it is one of those already.
 */
int disk_open_next(struct disk *disks, unsigned int *n, const char *path,
		   struct disk **disk, struct error *err);

/* Closes it. It may be done twice. */
void disk_close(struct disk *disk);

/* Lets others hold it. It stays open, to be looked at, and keeps its number. */
int disk_yield(struct disk *disk, struct error *err);

/* Opens this very disk in another way, as disk_open(). It is yielded on failure. */
int disk_reopen(struct disk *disk, enum disk_use use, struct error *err);

/* A path that leads to this very disk, in this process, as long as it is open. */
void disk_self(const struct disk *disk, char path[static DISK_SELF]);

/*
 * Read and write what is on the device, past a cache of it. @offset, @size and
 * @buf are multiples of 4096. Return 0 or a negative errno; what was written
 * is durable behind disk_sync().
 */
int disk_read(const struct disk *disk, uint64_t offset, void *buf, size_t size,
	      struct error *err);
int disk_write(const struct disk *disk, uint64_t offset, const void *buf,
	       size_t size, struct error *err);
int disk_sync(const struct disk *disk, struct error *err);

/* Sets @bytes from @offset on to zero, durably; multiples of 4096. */
int disk_wipe(const struct disk *disk, uint64_t offset, uint64_t bytes,
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

/* Memory for disk_read(), zeroed, to be freed; NULL where there is none. */
void *disk_buffer(size_t size);

#endif
