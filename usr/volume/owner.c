// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "area.h"
#include "owner.h"

/* A superblock may be written at this moment: of its two copies one is whole. */
static int prove(const struct volume *volume, const struct disk *disk,
		 struct keys *keys, struct error *err)
{
	struct area area;
	const char *why = area_open(&area, disk, volume->dm.table.meta_offset);

	if (why)
		return error_set(err, EINVAL, "%s has no metadata: %s",
				 disk->path, why);
	if (keys->old_meta.size && area_is_under(&area, &keys->old_meta))
		keys_go_back(keys);
	else
		secret_free(&keys->old_meta);
	if (area_is_under(&area, &keys->meta))
		return 0;
	return error_set(err, EKEYREJECTED,
			 "%s has no metadata key of %s: the header was changed by somebody, or is an old copy",
			 keys->user, volume->dm.name);
}

int owner_prove(const struct volume *volume, struct keys *keys,
		struct error *err)
{
	char path[PATH_MAX];
	struct disk disk;
	int ret;

	if (!keys->meta.size)
		return error_set(err, EACCES, "%s is no owner", keys->user);
	if (!disk_path(volume->dm.table.meta, path, sizeof(path)))
		return error_set(err, ENODEV, "the metadata device is gone");
	ret = disk_open(&disk, path, DISK_LOOK, err);
	if (ret)
		return ret;
	ret = prove(volume, &disk, keys, err);
	disk_close(&disk);
	return ret;
}
