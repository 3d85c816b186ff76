// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "../../format/size.h"
#include "../../volume/runtime.h"
#include "../../volume/volume.h"
#include "help.h"
#include "options.h"
#include "volume.h"

/* The last key of data is in the kernel alone where the header is an old copy. */
static int check_orphans(const struct volume *v, struct error *err)
{
	uint32_t slots[STATUS_SLOTS];
	uint64_t regions;
	char text[SIZE_TEXT];

	if (!volume_orphans(v, slots, &regions) || !regions)
		return 0;
	return error_set(err, EBUSY,
			 "the header lacks slot %u: it is an old copy, and with a close %s are lost for ever; put a newer copy back, or move them to a slot that is there (hearth volume rekey %s --from %u --to SLOT), or close with --force",
			 slots[0], size_text(regions * v->dm.status.region * 512,
					     text), v->dm.name, slots[0]);
}

/* What can be done is done; where the header is not there, it is closed anyway. */
static int prepare(const char *name, const struct volume_options *o,
		   struct error *err)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct error ignored;
	int ret = 0;

	if (!v)
		return error_set(err, ENOMEM, "no memory");
	if (!volume_look(v, name, o->header, &ignored)) {
		if (!o->force && !v->dm.status.suspended)
			ret = check_orphans(v, err);
		volume_put(v);
		/* the old slot of a rekey that is done */
		if (!ret && v->header.token.job.set &&
		    !volume_get(v, name, o->header, &ignored))
			volume_put(v);
	}
	free(v);
	return ret;
}

static int close_volume(struct mapper_volume *dm, const char *name,
			const struct volume_options *o, struct error *err)
{
	int ret = mapper_info(name, dm, err);

	if (!ret && dm->opens)
		ret = error_set(err, EBUSY,
				"%s is in use: mounted, or opened by a program",
				name);
	if (!ret)
		ret = prepare(name, o, err);
	if (!ret)
		ret = mapper_remove(name, err);
	if (!ret)
		runtime_forget(dm->uuid);
	return ret;
}

static int run(struct run *run)
{
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	struct volume_options o;
	struct error err, first;
	int ret = volume_options_read(run, &o), i, failed = 0;

	if (!dm)
		abort();
	/* several names: each is tried, and what failed is said */
	for (i = 0; ret < 0 && i < run->argc; i++) {
		if (close_volume(dm, run->argv[i], &o, &err)) {
			if (failed++)
				refused(&first);
			first = err;
			continue;
		}
		out_object_begin(run->out, NULL);
		out_string(run->out, "name", "%s: ", run->argv[i]);
		out_string(run->out, "state", "%s\n", "closed");
		out_object_end(run->out);
	}
	free(dm);
	if (ret >= 0)
		return ret;
	return failed ? refused(&first) : EXIT_DONE;
}

static const struct option options[] = { OPTION_HEADER, OPTION_FORCE, { 0 } };

const struct verb volume_close = {
	.name = "close",
	.what = "close volumes",
	.synopsis = "NAME... [--force]",
	.help =
	"Closes volumes. A job goes on half a minute after the first write to the volume\n"
	"when it is opened again. One whose header is an old copy, without the keys of data that the kernel\n"
	"can read, stays open.\n"
	"\n"
	"  --force             close it anyway\n"
	HELP_HEADER,
	.options = options,
	.least = 1, .most = -1, .needs = "a name",
	.run = run,
};
