// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../format/size.h"
#include "help.h"
#include "key.h"
#include "open.h"
#include "options.h"
#include "volume.h"

static void show_slots(struct out *out, const struct keys *keys)
{
	unsigned int i;

	out_array_begin(out, "slots");
	for (i = 0; i < keys->n; i++)
		out_uint(out, NULL, i ? ", %llu" : keys->n > 1 ?
			 "slots %llu" : "slot %llu", keys->slot[i].slot);
	out_array_end(out);
}

static void show_job(struct out *out, const struct rekey_job *job,
		     const struct status *status)
{
	if (job->kind == REKEY_JOB_NONE)
		return;
	out_string(out, "job", "    it has a job: %s",
		   job->kind == REKEY_JOB_REKEY ? "rekey" : "drain");
	out_string(out, "state", " (%s)\n", status->state);
}

/* Slots that the kernel has and the header has not. */
static void show_orphans(struct out *out, const struct volume *v)
{
	uint32_t slots[STATUS_SLOTS];
	uint64_t regions;
	unsigned int i, n = volume_orphans(v, slots, &regions);
	char text[SIZE_TEXT];

	if (!n)
		return;
	out_array_begin(out, "missing-slots");
	for (i = 0; i < n; i++)
		out_uint(out, NULL, i ? ", %llu" :
			 "    WARNING: the header lacks slot %llu", slots[i]);
	out_array_end(out);
	out_string(out, NULL,
		   " with %s: it is an old copy, and what is under them cannot be read; put a newer copy back\n",
		   size_text(regions * v->dm.status.region * 512, text));
}

static void show(struct out *out, const struct open *o, const struct keys *keys,
		 const struct volume *v)
{
	const struct status *status = &v->dm.status;
	char text[SIZE_TEXT];

	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", o->params->name);
	out_string(out, "uuid", NULL, o->header.uuid);
	out_uint(out, "sectors", NULL, v->dm.sectors);
	out_string(out, NULL, "%s, ", size_text(v->dm.sectors * 512, text));
	out_string(out, "user", "user %s, ", keys->user);
	show_slots(out, keys);
	out_bool(out, "readonly", ", read-only", status->readonly);
	if (o->readonly_disk)
		out_string(out, "readonly-disk", " as %s is",
			   o->readonly_disk->path);
	out_bool(out, "closed", NULL, o->super.clean);
	out_text(out, o->super.clean ? "; it had been closed\n" :
		 "; it had not been closed, which is fine\n");
	show_job(out, &o->super.job, status);
	show_orphans(out, v);
	out_object_end(out);
}

static int unlock(struct open *o, const struct volume_options *opt,
		  struct keys *keys, struct error *err)
{
	int ret = 0;

	if (opt->add)
		ret = key_overwrite(&o->added, opt, err);
	if (!ret)
		ret = key_unlock_owner(keys, &o->header, &opt->key, opt->user,
				       err);
	if (ret)
		return ret;
	ret = open_finish(o, keys, err);
	if (ret)
		keys_free(keys);
	return ret;
}

/* How it stands, and what another command left undone is done. */
static int look(const char *name, struct volume *v, bool readonly,
		struct error *err)
{
	int ret = volume_look(v, name, NULL, err);
	struct volume *w;

	if (ret || readonly)
		return ret;
	w = calloc(1, sizeof(*w));
	if (w && !volume_get(w, name, NULL, err))
		volume_put(w);
	free(w);
	return 0;
}

static int open_volume(struct run *run, const struct volume_options *opt,
		       struct open *o, struct volume *v)
{
	struct keys keys = { .n = 0 };
	struct error err;
	int ret = unlock(o, opt, &keys, &err);

	/* whoever waits for it may have it */
	header_close(&o->header);
	if (!ret)
		ret = look(o->params->name, v, o->readonly, &err);
	if (!ret) {
		show(run->out, o, &keys, v);
		volume_put(v);
	}
	keys_free(&keys);
	return ret ? refused(&err) : EXIT_DONE;
}

int open_run(struct run *run, const struct volume_options *opt,
	     const struct open_params *params)
{
	struct open *o = calloc(1, sizeof(*o));
	struct volume *v = calloc(1, sizeof(*v));
	struct error err;
	int ret;

	if (!o || !v)
		abort();
	if (open_begin(o, params, &err)) {
		ret = refused(&err);
	} else {
		ret = open_volume(run, opt, o, v);
		open_end(o);
	}
	free(o);
	free(v);
	return ret;
}

static int run(struct run *run)
{
	struct volume_options opt;
	struct open_params p;
	int ret = volume_options_read(run, &opt);

	if (ret >= 0)
		return ret;
	p = (struct open_params){
		.name = run->argv[0], .devices = run->argv + 1,
		.n_devices = (unsigned int)run->argc - 1,
		.meta = opt.meta, .header = opt.header, .add = opt.add,
		.without = opt.without, .readonly = opt.readonly,
		.discards = opt.discards, .rate = opt.rate,
	};
	return open_run(run, &opt, &p);
}

static const struct option options[] = {
	OPTIONS_KEY, OPTION_META, OPTION_HEADER, OPTION_USER, OPTION_DISCARDS,
	OPTION_RATE, OPTION_FORCE, OPTION_FLAG("readonly", OPT_READONLY),
	OPTION_TEXT("without", OPT_WITHOUT), OPTION_TEXT("add", OPT_ADD), { 0 },
};

const struct verb volume_open = {
	.name = "open",
	.what = "open a volume as /dev/mapper/NAME",
	.synopsis = "NAME DEVICE... [--user USER] [--readonly] [OPTION...]",
	.help =
	"Opens a volume with the keys of an owner; users come by \"slot unlock\". The device\n"
	"with the header and the metadata comes first, or is named with --meta; the others\n"
	"may come in any order.\n"
	"Where a disk is read-only, so is the volume.\n"
	"\n"
	"  --meta DEVICE       the device with the header and the metadata\n"
	"  --header FILE       the header is in a file\n"
	"  --user USER         try the passphrase on the slots of this owner alone\n"
	"  --readonly          change nothing; a job does not go on\n"
	"  --allow-discards    pass discards on, this time\n"
	"  --rate RATE         limit of a job a second (a number alone counts KiB)\n"
	"  --without NUMBER    without this data device\n"
	"  --add DEVICE        with a further data device, which is overwritten\n"
	"  --force             overwrite it without a question\n"
	HELP_KEY,
	.options = options,
	.least = 2, .most = 66, .needs = "a name and devices",
	.run = run,
};
