// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "activate.h"
#include "suspend.h"

/* The table tells which keys are loaded, also of what is suspended. */
static int evict_all(const struct mapper_volume *dm, struct error *err)
{
	uint32_t i;
	int ret = 0;

	for (i = 0; !ret && i < dm->table.n_keys; i++)
		ret = mapper_message(dm->name,
				     "the kernel does not give up a key", err,
				     "key evict %u", dm->table.keys[i].slot);
	return ret;
}

int suspend_begin(const char *name, struct error *err)
{
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	int ret = dm ? mapper_get(name, dm, err) :
		  error_set(err, ENOMEM, "no memory");

	/* its keys are to go, too */
	if (!ret && dm->pending)
		mapper_clear(name);
	if (!ret && !dm->suspended)
		ret = mapper_suspend(name, err);
	/* once more: a key may have come before */
	if (!ret)
		ret = mapper_get(name, dm, err);
	if (!ret)
		ret = evict_all(dm, err);
	free(dm);
	return ret;
}

int suspend_end(const struct volume *volume, const struct keys *keys,
		struct error *err)
{
	unsigned int i;
	int ret = 0;

	if (!volume->dm.suspended)
		return error_set(err, EINVAL, "%s is not suspended",
				 volume->dm.name);
	for (i = 0; !ret && i < keys->n; i++)
		ret = activate_key(volume, keys->slot[i].slot,
				   &keys->slot[i].key, err);
	return ret ? ret : mapper_resume(volume->dm.name, err);
}
