// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "area.h"
#include "backup.h"
#include "mapper.h"

int backup_save(const char *path, const char *copy, struct error *err)
{
	struct header header;
	int ret = header_peek(&header, path, err);

	if (ret)
		return ret;
	ret = header_prepare_file(&header, copy, err);
	if (!ret)
		ret = header_install_file(&header, copy, err);
	if (ret)
		header_discard_file(copy);
	header_close(&header);
	return ret;
}

/* --- putting back ---------------------------------------------------------------- */

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* Has the copy all slots of the map? Without a map there is nothing to say. */
static int check_slots(const struct backup_restore *r, struct disk *disk,
		       const struct token *token, struct error *err)
{
	static struct rekey_slot_info slots[REKEY_SLOTS];
	struct area area;
	uint32_t i;
	int ret = 0;

	if (area_open(&area, disk, token->meta_offset) ||
	    area_slots(&area, slots))
		ret = error_set(err, EINVAL,
				"%s has no metadata where this header's are: it is another volume's",
				disk->path);
	for (i = 0; !ret && i < REKEY_SLOTS; i++)
		if (slots[i].state == REKEY_SLOT_USED &&
		    !token_slot((struct token *)token, i))
			ret = error_set(err, ESTALE,
					"%s lacks slot %u, which the volume has: it is older than that, and what is under the slot could not be read any more (--force puts it back)",
					r->copy, i);
	return ret;
}

static int put_back(const struct backup_restore *r, struct header *header,
		    struct disk *disk, struct error *err)
{
	if (is_file(r->path))
		return header_replace_file(header, r->path, err);
	if (!r->meta || !strcmp(r->meta, r->path))
		return header_install_disk(header, disk, err);
	return error_set(err, EINVAL,
			 "a header on a device is where its metadata are");
}

int backup_restore(const struct backup_restore *restore, struct error *err)
{
	char name[MAPPER_NAME];
	struct header header;
	struct disk disk;
	int ret = header_peek(&header, restore->copy, err);

	if (ret)
		return ret;
	if (mapper_find(header.uuid, name)) {
		ret = error_set(err, EBUSY,
				"the volume is open, as %s: what the kernel has is newer",
				name);
		goto out;
	}
	if (is_file(restore->path) && !restore->meta) {
		ret = error_set(err, EINVAL,
				"--meta says where the metadata are, which the copy is held against");
		goto out;
	}
	ret = disk_open(&disk, restore->meta ?: restore->path, DISK_WRITE, err);
	if (ret)
		goto out;
	ret = check_slots(restore, &disk, &header.token, err);
	if (ret == -ESTALE && restore->force)
		ret = 0;
	if (!ret)
		ret = put_back(restore, &header, &disk, err);
	disk_close(&disk);
out:
	header_close(&header);
	return ret;
}
