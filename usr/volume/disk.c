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

static int fail(const char *path, const char *what, struct error *err)
{
	int code = errno;

	return error_set(err, code, "%s %s: %s", path, what, strerror(code));
}

int disk_find(struct disk *disk, const char *path, struct error *err)
{
	uint64_t bytes;
	struct stat st;
	int fd, ret = 0, block = 512;

	memset(disk, 0, sizeof(*disk));
	if (!realpath(path, disk->path))
		return fail(path, "cannot be used", err);
	fd = open(disk->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(path, "cannot be opened", err);
	if (fstat(fd, &st) || !S_ISBLK(st.st_mode)) {
		ret = error_set(err, ENOTBLK, "%s is no block device", path);
	} else if (ioctl(fd, BLKGETSIZE64, &bytes) ||
		   ioctl(fd, BLKSSZGET, &block)) {
		ret = fail(path, "does not tell its size", err);
	} else {
		disk->dev = st.st_rdev;
		disk->sectors = bytes / 512;
		disk->block = (uint32_t)block;
	}
	close(fd);
	return ret;
}

int disk_claim(const struct disk *disk, struct error *err)
{
	int fd = open(disk->path, O_RDWR | O_EXCL | O_CLOEXEC);

	if (fd < 0 && errno == EBUSY)
		return error_set(err, EBUSY,
				 "%s is in use: mounted, or below another device",
				 disk->path);
	if (fd < 0)
		return fail(disk->path, "cannot be written", err);
	close(fd);
	return 0;
}

void *disk_buffer(size_t size)
{
	void *buf;

	return posix_memalign(&buf, 4096, size) ? NULL : buf;
}

int disk_read(const struct disk *disk, uint64_t offset, void *buf, size_t size,
	      struct error *err)
{
	int fd = open(disk->path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	ssize_t n;
	int ret = 0;

	if (fd < 0)
		return fail(disk->path, "cannot be opened", err);
	n = pread(fd, buf, size, (off_t)offset);
	if (n < 0)
		ret = fail(disk->path, "cannot be read", err);
	else if ((size_t)n < size)
		ret = error_set(err, ENXIO, "%s is too short", disk->path);
	close(fd);
	return ret;
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
	blkid_probe pr = blkid_new_probe_from_filename(disk->path);
	int ret;

	if (!pr)
		return fail(disk->path, "cannot be read", err);
	ret = probe(pr, type, size);
	blkid_free_probe(pr);
	if (ret < 0)
		return error_set(err, -ret, "%s cannot be read", disk->path);
	return ret;
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
