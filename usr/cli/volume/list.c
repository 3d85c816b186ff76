// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "../../format/size.h"
#include "../../volume/mapper.h"
#include "options.h"
#include "volume.h"

struct list {
	struct out *out;
	unsigned int n;
};

static const char *state_name(const struct mapper_volume *dm)
{
	if (dm->status.suspended)
		return "suspended";
	return dm->status.readonly ? "read-only" : "open";
}

static int show(const char *name, void *arg)
{
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	struct list *list = arg;
	char text[SIZE_TEXT];
	struct error gone;

	if (!dm)
		abort();
	if (!mapper_get(name, dm, &gone)) {
		list->n++;
		out_object_begin(list->out, NULL);
		out_string(list->out, "name", "%s: ", name);
		out_string(list->out, "uuid", NULL, dm->uuid);
		out_string(list->out, "state", "%s, ", state_name(dm));
		out_uint(list->out, "sectors", NULL, dm->sectors);
		out_string(list->out, NULL, "%s",
			   size_text(dm->sectors * 512, text));
		out_bool(list->out, "in-use", ", in use", dm->opens);
		if (dm->status.job != STATUS_NONE)
			out_string(list->out, "job", ", %s",
				   dm->status.job == STATUS_REKEY ? "rekey" :
				   "drain");
		out_text(list->out, "\n");
		out_object_end(list->out);
	}
	free(dm);
	return 0;
}

static int run(struct run *run)
{
	struct list list = { .out = run->out };
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	struct error err;

	if (ret >= 0)
		return ret;
	out_array_begin(run->out, NULL);
	if (mapper_list(show, &list, &err)) {
		out_drop(run->out);
		return refused(&err);
	}
	if (!list.n)
		out_text(run->out, "no volume is open\n");
	out_array_end(run->out);
	return EXIT_DONE;
}

const struct verb volume_list = {
	.name = "list",
	.what = "show which volumes are open, a line each",
	.synopsis = "",
	.help = "Shows which volumes are open, a line each; \"status\" shows all of them.\n",
	.needs = "nothing",
	.run = run,
};
