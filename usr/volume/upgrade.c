// SPDX-License-Identifier: GPL-2.0
#include "runtime.h"
#include "upgrade.h"

bool upgrade_is_due(const struct open *o)
{
	return o->super.version < REKEY_VERSION_MAX;
}

int upgrade_run(struct open *o, struct keys *keys, struct error *err)
{
	int ret = open_finish(o, keys, err);

	if (ret)
		return ret;
	runtime_forget(o->header.uuid);
	return mapper_remove(o->params->name, err);
}
