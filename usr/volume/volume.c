// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../format/page.h"
#include "disk.h"
#include "runtime.h"
#include "slots.h"
#include "volume.h"

#define SPARE_MIN	2	/* regions that a job can move to */
#define SPARE_MAX	32

/* Where it was put, where it was when it was opened, or before the metadata. */
static int find_header(const struct mapper_volume *dm, const char *given,
		       char *path, struct error *err)
{
	if (given) {
		snprintf(path, PATH_MAX, "%s", given);
		return 0;
	}
	if (runtime_recall(dm->uuid, path, PATH_MAX))
		return 0;
	if (dm->table.meta_offset >= HEADER_SECTORS &&
	    disk_path(dm->table.meta, path, PATH_MAX))
		return 0;
	return error_set(err, ENOENT,
			 "where the header of %s is has been forgotten: name it with --header",
			 dm->name);
}

int volume_refresh(struct volume *volume, struct error *err)
{
	char name[MAPPER_NAME];

	strcpy(name, volume->dm.name);
	return mapper_get(name, &volume->dm, err);
}

static int get(struct volume *volume, const char *name,
	       const char *header_path, bool change, struct error *err)
{
	char path[PATH_MAX];
	int ret;

	ret = mapper_get(name, &volume->dm, err);
	if (!ret)
		ret = find_header(&volume->dm, header_path, path, err);
	if (!ret)
		ret = change ? header_load(&volume->header, path, err) :
			       header_peek(&volume->header, path, err);
	if (ret)
		return ret;
	if (strcmp(volume->header.uuid, volume->dm.uuid))
		ret = error_set(err, EINVAL, "%s is the header of another volume than %s",
				path, name);
	/* what it was before the lock was ours does not count */
	if (!ret)
		ret = volume_refresh(volume, err);
	/* of a resize that was cut short: it has keys, and nobody knows of it */
	if (!ret && change && volume->dm.pending)
		mapper_clear(name);
	if (!ret && change)
		ret = slots_finish(volume, err);
	if (ret)
		header_close(&volume->header);
	return ret;
}

int volume_get(struct volume *volume, const char *name,
	       const char *header_path, struct error *err)
{
	return get(volume, name, header_path, true, err);
}

int volume_look(struct volume *volume, const char *name,
		const char *header_path, struct error *err)
{
	return get(volume, name, header_path, false, err);
}

void volume_put(struct volume *volume)
{
	header_close(&volume->header);
}

unsigned int volume_orphans(const struct volume *volume, uint32_t *slots,
			    uint64_t *regions)
{
	struct token *token = (struct token *)&volume->header.token;
	const struct status *status = &volume->dm.status;
	unsigned int n = 0;
	uint32_t i;

	*regions = 0;
	for (i = 0; i < status->n_slots; i++) {
		if (token_slot(token, status->slots[i].slot))
			continue;
		slots[n++] = status->slots[i].slot;
		*regions += status->slots[i].regions;
	}
	return n;
}

uint64_t volume_meta_room(uint64_t regions)
{
	uint64_t pages = rekey_pages(regions * 4), stride = REKEY_STRIDE_MIN;
	uint64_t sectors;

	/* the kernel puts the second places half of it away, a power of two */
	while (stride < pages)
		stride *= 2;
	sectors = 2 * stride * REKEY_PAGE / 512;
	return (sectors + 2047) / 2048 * 2048;
}

uint64_t volume_spare(uint64_t places)
{
	uint64_t spare = places / 64;

	if (spare > SPARE_MAX)
		return SPARE_MAX;
	return spare < SPARE_MIN ? SPARE_MIN : spare;
}
