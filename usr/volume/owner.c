// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "area.h"
#include "owner.h"

/* A superblock may be written at this moment: of its two copies one is whole. */
static int prove(const struct volume *volume, const struct area *area,
		 struct keys *keys, struct error *err)
{
	if (keys->old_meta.size && area_is_under(area, &keys->old_meta))
		keys_go_back(keys);
	else
		secret_free(&keys->old_meta);
	if (area_is_under(area, &keys->meta))
		return 0;
	return error_set(err, EKEYREJECTED,
			 "%s has no metadata key of %s: the header was changed by somebody, or is an old copy",
			 keys->user, volume->dm.name);
}

int owner_prove(const struct volume *volume, struct keys *keys,
		struct error *err)
{
	struct area area;
	struct disk disk;
	int ret;

	if (!keys->meta.size)
		return error_set(err, EACCES, "%s is no owner", keys->user);
	ret = area_of_table(&area, &disk, &volume->dm.table, err);
	if (ret)
		return ret;
	ret = prove(volume, &area, keys, err);
	disk_close(&disk);
	return ret;
}
