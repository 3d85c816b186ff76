// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "../lib/volumes.h"
#include "activate.h"
#include "area.h"
#include "disk.h"
#include "owner.h"
#include "resize.h"

/* Sectors of a device behind its offset; none of one that is not there. */
static int count_sectors(const struct mapper_volume *dm, uint32_t number,
			 uint64_t *sectors, struct error *err)
{
	const struct table_device *device = &dm->table.devices[number];
	char path[PATH_MAX];
	struct disk disk;
	int ret;

	*sectors = 0;
	if (!strcmp(device->name, "-"))
		return 0;
	if (!disk_path(device->name, path, sizeof(path)))
		return error_set(err, ENODEV, "device %u of %s is gone", number,
				 dm->name);
	ret = disk_open(&disk, path, DISK_LOOK, err);
	if (ret)
		return ret;
	if (disk.sectors > device->offset)
		*sectors = disk.sectors - device->offset;
	disk_close(&disk);
	return 0;
}

/* Places of a device, with or without a label's. */
static int count_places(const struct mapper_volume *dm, uint32_t number,
			bool label, uint64_t *places, struct error *err)
{
	uint64_t n;
	int ret = count_sectors(dm, number, &n, err);

	if (ret)
		return ret;
	n /= dm->status.region;
	*places += n && label ? n - 1 : n;
	return 0;
}

int resize_room(const struct volume *volume, uint64_t *sectors,
		struct error *err)
{
	const struct mapper_volume *dm = &volume->dm;
	uint64_t places = 0, spare;
	struct area area;
	struct disk disk;
	uint32_t i;
	int ret = area_of_table(&area, &disk, &dm->table, err);

	if (!ret)
		disk_close(&disk);
	for (i = 0; !ret && i < dm->table.n_devices; i++)
		ret = count_places(dm, i, area.super.device[i].label, &places,
				   err);
	if (ret)
		return ret;
	spare = volume_spare(places);
	*sectors = places > spare ? (places - spare) * dm->status.region : 0;
	return 0;
}

/* Data may lie right behind the metadata, where they were once put. */
static int check_meta(const struct volume *volume, uint64_t sectors,
		      struct error *err)
{
	const struct table *table = &volume->dm.table;
	uint64_t pages = rekey_pages(sectors / volume->dm.status.region + 1);
	struct area area;
	struct disk disk;
	uint64_t end;
	bool fits;
	uint32_t i;
	int ret = area_of_table(&area, &disk, table, err);

	if (ret)
		return ret;
	disk_close(&disk);
	end = table->meta_offset + layout_sectors(&area.layout, pages);
	fits = area.layout.step != 1 || pages <= area.layout.apart;
	for (i = 0; i < table->n_devices; i++)
		fits &= strcmp(table->devices[i].name, table->meta) ||
			end <= table->devices[i].offset;
	if (fits)
		return 0;
	return error_set(err, ENOSPC,
			 "the metadata have no room for so many regions: they were laid out for four times the size that %s was created with",
			 volume->dm.name);
}

/* In order: the last one stays. */
static void keep_run(const struct volume_run *run, void *arg)
{
	*(struct volume_run *)arg = *run;
}

static int find_last(const char *name, struct volume_run *last,
		     struct error *err)
{
	struct channel chan;
	int ret = channel_open(&chan, &volume_family, err);

	memset(last, 0, sizeof(*last));
	if (ret)
		return ret;
	ret = volume_runs(&chan, name, keep_run, last, err);
	channel_close(&chan);
	return ret;
}

/* The last region becomes longer where it lies. */
static int check_last(const struct volume *volume, uint64_t sectors,
		      struct error *err)
{
	const struct mapper_volume *dm = &volume->dm;
	uint64_t region = dm->status.region, length, room;
	struct volume_run last;
	int ret = find_last(dm->name, &last, err);

	if (ret || !last.count || !last.written ||
	    last.device >= dm->table.n_devices)
		return ret;
	length = sectors - (last.first + last.count - 1) * region;
	if (length > region)
		length = region;
	ret = count_sectors(dm, last.device, &room, err);
	if (ret || (last.place + last.count - 1) * region + length <= room)
		return ret;
	return error_set(err, ENOSPC,
			 "the last region of %s lies at the short end of device %u, and cannot become longer there: a rekey moves it",
			 dm->name, last.device);
}

static int check(const struct volume *volume, uint64_t sectors,
		 const struct keys *keys, struct error *err)
{
	int ret = activate_may_reload(volume, keys, err);

	if (ret)
		return ret;
	if (sectors < volume->dm.sectors)
		return error_set(err, EINVAL, "%s cannot be made shorter",
				 volume->dm.name);
	ret = check_meta(volume, sectors, err);
	return ret ? ret : check_last(volume, sectors, err);
}

/*
 * The kernel takes the new table, or goes on with the old one. It suspends the volume
 * and resumes it at once: whatever becomes of this process, I/O is not held.
 */
static int exchange(struct volume *volume, uint64_t sectors,
		    const struct keys *keys, struct error *err)
{
	const char *name = volume->dm.name;
	struct error ignored;
	int ret = activate_reload(volume, sectors, keys, err);

	if (ret)
		return ret;
	ret = mapper_resume(name, err);
	if (ret) {
		/* the kernel has let go of the old table by now */
		mapper_clear(name);
		if (!activate_reload(volume, volume->dm.sectors, keys,
				     &ignored))
			mapper_resume(name, &ignored);
	}
	return ret;
}

/* Order: the token, the kernel. One that is longer in the token grows anyway. */
int resize_grow(struct volume *volume, uint64_t sectors,
		struct keys *keys, struct error *err)
{
	struct token *token = &volume->header.token;
	uint64_t before = token->sectors;
	struct error ignored;
	int ret;

	sectors -= sectors % (token->sector_size / 512);
	ret = check(volume, sectors, keys, err);
	if (!ret)
		ret = owner_prove(volume, keys, err);
	if (ret || sectors == volume->dm.sectors)
		return ret;
	token->sectors = sectors;
	ret = header_write(&volume->header, err);
	if (!ret)
		ret = exchange(volume, sectors, keys, err);
	if (!ret)
		return volume_refresh(volume, err);
	if (!volume_refresh(volume, &ignored) &&
	    volume->dm.sectors == before) {
		token->sectors = before;
		header_write(&volume->header, &ignored);
	}
	return ret;
}
