// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "../../volume/upgrade.h"
#include "help.h"
#include "key.h"
#include "options.h"
#include "volume.h"

static int upgrade(struct open *o, const struct volume_options *opt,
		   struct error *err)
{
	struct keys keys;
	int ret;

	if (!upgrade_is_due(o))
		return 0;
	ret = key_unlock_owner(&keys, &o->header, &opt->key, opt->user, err);
	if (ret)
		return ret;
	ret = upgrade_run(o, &keys, err);
	keys_free(&keys);
	return ret;
}

static void show(struct out *out, const struct open *o)
{
	out_object_begin(out, NULL);
	out_string(out, "uuid", "%s", o->header.uuid);
	out_uint(out, "version", ": its metadata are of version %llu",
		 REKEY_VERSION_MAX);
	out_bool(out, "upgraded", " now", upgrade_is_due(o));
	out_text(out, upgrade_is_due(o) ? "\n" : " already\n");
	out_object_end(out);
}

static int run(struct run *run)
{
	struct open *o = calloc(1, sizeof(*o));
	char name[MAPPER_NAME];
	struct volume_options opt;
	struct open_params p;
	struct error err;
	int ret = volume_options_devices(run, &opt);

	if (!o)
		abort();
	if (ret < 0) {
		mapper_private_name("upgrade", name);
		p = (struct open_params){
			.name = name, .devices = run->argv,
			.n_devices = (unsigned int)run->argc,
			.meta = opt.meta, .header = opt.header, .upgrade = true,
		};
		ret = open_begin(o, &p, &err);
		if (!ret) {
			ret = upgrade(o, &opt, &err);
			if (!ret)
				show(run->out, o);
			open_end(o);
		}
		ret = ret ? refused(&err) : EXIT_DONE;
	}
	free(o);
	return ret;
}

static const struct option options[] = {
	OPTIONS_KEY, OPTION_META, OPTION_HEADER, OPTION_USER, { 0 },
};

const struct verb volume_upgrade = {
	.name = "upgrade",
	.what = "bring the metadata of a closed volume to the newest version",
	.synopsis = "DEVICE... [OPTION...]",
	.help =
	"Rewrites the metadata in place; data and header stay as they are. Cut short at any\n"
	"time, the volume opens as before, and the command can be given again. A module of\n"
	"before does not open it any more. Version 2 keeps two copies of each page far apart,\n"
	"and knows copies of devices and pages of an earlier time.\n"
	"\n"
	"  --meta DEVICE       the device with the header and the metadata\n"
	"  --header FILE       the header is in a file\n"
	"  --user USER         try the passphrase on the slots of this owner alone\n"
	HELP_KEY,
	.options = options,
	.least = 1, .most = 65, .needs = "devices",
	.run = run,
};
