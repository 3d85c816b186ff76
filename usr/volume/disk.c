// SPDX-License-Identifier: GPL-2.0
#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "disk.h"

#define WIPE_BLOCK	1048576u	/* bytes */

static int fail(const char *path, const char *what, struct error *err)
{
	int code = errno;

	return error_set(err, code, "%s %s: %s", path, what, strerror(code));
}

/* --- opening ----------------------------------------------------------------- */

/* @at leads to what is called @path. */
static int open_as(const char *at, const char *path, enum disk_use use,
		   struct error *err)
{
	static const int flags[] = {
		[DISK_LOOK] = O_RDONLY,
		[DISK_READ] = O_RDONLY | O_EXCL,
		[DISK_WRITE] = O_RDWR | O_EXCL,
		[DISK_SHARED] = O_RDWR,
	};
	int fd = open(at, flags[use] | O_DIRECT | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	/* what is no device may not know O_DIRECT: that it is none says more */
	if (errno == EINVAL)
		return error_set(err, ENOTBLK, "%s is no block device", path);
	if (errno == EBUSY)
		return error_set(err, EBUSY,
				 "%s is in use: mounted, below another device, or another command has it",
				 path);
	if (errno == EROFS || (errno == EACCES && use >= DISK_WRITE))
		return error_set(err, EROFS, "%s is read-only", path);
	return fail(path, "cannot be opened", err);
}

static int describe(struct disk *disk, struct error *err)
{
	int block = 512, readonly = 0;
	uint64_t bytes;
	struct stat st;

	if (fstat(disk->fd, &st) || !S_ISBLK(st.st_mode))
		return error_set(err, ENOTBLK, "%s is no block device",
				 disk->path);
	if (ioctl(disk->fd, BLKGETSIZE64, &bytes) ||
	    ioctl(disk->fd, BLKSSZGET, &block) ||
	    ioctl(disk->fd, BLKROGET, &readonly))
		return fail(disk->path, "does not tell its size", err);
	disk->dev = st.st_rdev;
	disk->sectors = bytes / 512;
	disk->block = (uint32_t)block;
	disk->readonly = readonly;
	return 0;
}

/* Some kernels let it be opened, and refuse to write. */
static int check_use(const struct disk *disk, enum disk_use use,
		     struct error *err)
{
	if (use < DISK_WRITE || !disk->readonly)
		return 0;
	return error_set(err, EROFS, "%s is read-only", disk->path);
}

int disk_open(struct disk *disk, const char *path, enum disk_use use,
	      struct error *err)
{
	struct stat st;
	int ret;

	memset(disk, 0, sizeof(*disk));
	disk->fd = -1;
	if (!realpath(path, disk->path))
		return fail(path, "cannot be used", err);
	/* O_EXCL means something else for what is no device */
	if (stat(disk->path, &st))
		return fail(path, "cannot be used", err);
	if (!S_ISBLK(st.st_mode))
		return error_set(err, ENOTBLK, "%s is no block device", path);
	disk->fd = open_as(disk->path, disk->path, use, err);
	if (disk->fd < 0)
		return disk->fd;
	ret = describe(disk, err);
	if (!ret)
		ret = check_use(disk, use, err);
	if (ret)
		disk_close(disk);
	return ret;
}

int disk_open_next(struct disk *disks, unsigned int *n, const char *path,
		   struct disk **disk, struct error *err)
{
	struct disk *added = &disks[*n];
	unsigned int i;
	int ret = disk_open(added, path, DISK_WRITE, err);

	/* our own hold on it says "in use" */
	for (i = 0; ret == -EBUSY && i < *n; i++)
		if (!strcmp(disks[i].path, added->path))
			return error_set(err, EINVAL, "%s is named twice",
					 path);
	if (ret)
		return ret;
	(*n)++;
	*disk = added;
	return 0;
}

void disk_close(struct disk *disk)
{
	if (disk->fd >= 0)
		close(disk->fd);
	disk->fd = -1;
}

/* The same disk, which is open: another descriptor takes the place of the one. */
static int open_over(struct disk *disk, enum disk_use use, struct error *err)
{
	char self[DISK_SELF];
	int fd;

	disk_self(disk, self);
	fd = open_as(self, disk->path, use, err);
	if (fd < 0)
		return fd;
	if (dup3(fd, disk->fd, O_CLOEXEC) < 0) {
		close(fd);
		return fail(disk->path, "cannot be opened", err);
	}
	close(fd);
	return 0;
}

int disk_yield(struct disk *disk, struct error *err)
{
	return open_over(disk, DISK_LOOK, err);
}

int disk_reopen(struct disk *disk, enum disk_use use, struct error *err)
{
	int ret = disk_yield(disk, err);

	if (!ret)
		ret = open_over(disk, use, err);
	return ret ? ret : check_use(disk, use, err);
}

/* --- what is on it ------------------------------------------------------------- */

void *disk_buffer(size_t size)
{
	void *buf;

	if (posix_memalign(&buf, 4096, size))
		return NULL;
	return memset(buf, 0, size);
}

int disk_read(const struct disk *disk, uint64_t offset, void *buf, size_t size,
	      struct error *err)
{
	size_t have = 0;
	ssize_t n;

	while (have < size) {
		n = pread(disk->fd, (char *)buf + have, size - have,
			  (off_t)(offset + have));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(disk->path, "cannot be read", err);
		if (!n)
			return error_set(err, ENXIO, "%s is too short",
					 disk->path);
		have += (size_t)n;
	}
	return 0;
}

int disk_write(const struct disk *disk, uint64_t offset, const void *buf,
	       size_t size, struct error *err)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = pwrite(disk->fd, (const char *)buf + done, size - done,
			   (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(disk->path, "cannot be written", err);
		if (!n)
			return error_set(err, ENOSPC, "%s is too short",
					 disk->path);
		done += (size_t)n;
	}
	return 0;
}

int disk_sync(const struct disk *disk, struct error *err)
{
	return fsync(disk->fd) ? fail(disk->path, "cannot be written", err) : 0;
}

int disk_wipe(const struct disk *disk, uint64_t offset, uint64_t bytes,
	      struct error *err)
{
	char *zeros = disk_buffer(WIPE_BLOCK);
	size_t part;
	int ret = 0;

	if (!zeros)
		return error_set(err, ENOMEM, "no memory");
	while (!ret && bytes) {
		part = bytes < WIPE_BLOCK ? (size_t)bytes : WIPE_BLOCK;
		ret = disk_write(disk, offset, zeros, part, err);
		offset += part;
		bytes -= part;
	}
	free(zeros);
	return ret ? ret : disk_sync(disk, err);
}

static int probe(blkid_probe pr, char *type, size_t size)
{
	const char *value;
	int ret;

	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_TYPE);
	blkid_probe_enable_partitions(pr, 1);
	ret = blkid_do_safeprobe(pr);
	if (ret == 1)
		return 0;
	if (ret == -2) {
		snprintf(type, size, "several signatures");
		return 1;
	}
	if (ret)
		return -EIO;
	if (blkid_probe_lookup_value(pr, "TYPE", &value, NULL) &&
	    blkid_probe_lookup_value(pr, "PTTYPE", &value, NULL))
		return 0;
	snprintf(type, size, "%s", value);
	return 1;
}

int disk_signature(const struct disk *disk, char *type, size_t size,
		   struct error *err)
{
	char self[DISK_SELF];
	blkid_probe pr;
	int ret;

	disk_self(disk, self);
	pr = blkid_new_probe_from_filename(self);
	if (!pr)
		return fail(disk->path, "cannot be read", err);
	ret = probe(pr, type, size);
	blkid_free_probe(pr);
	if (ret < 0)
		return error_set(err, -ret, "%s cannot be read", disk->path);
	return ret;
}

/* --- its names ------------------------------------------------------------------ */

void disk_self(const struct disk *disk, char path[static DISK_SELF])
{
	snprintf(path, DISK_SELF, "/proc/self/fd/%d", disk->fd);
}

void disk_number(const struct disk *disk, char *text, size_t size)
{
	snprintf(text, size, "%u:%u", major(disk->dev), minor(disk->dev));
}

bool disk_path(const char *number, char *path, size_t size)
{
	char file[64], line[256];
	bool found = false;
	FILE *f;

	snprintf(file, sizeof(file), "/sys/dev/block/%.20s/uevent", number);
	f = fopen(file, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "DEVNAME=", 8))
			continue;
		snprintf(path, size, "/dev/%s", line + 8);
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}
