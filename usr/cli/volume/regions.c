// SPDX-License-Identifier: GPL-2.0
#include "../../lib/volumes.h"
#include "options.h"
#include "volume.h"

static void show_run(const struct volume_run *run, void *arg)
{
	struct out *out = arg;

	out_object_begin(out, NULL);
	out_uint(out, "first", "region %llu", run->first);
	out_uint(out, "count", NULL, run->count);
	if (run->count > 1)
		out_uint(out, NULL, " to %llu", run->first + run->count - 1);
	out_uint(out, "slot", ": slot %llu", run->slot);
	if (run->written) {
		out_uint(out, "device", ", device %llu", run->device);
		out_uint(out, "place", " from place %llu on", run->place);
	} else {
		out_text(out, ", not written");
	}
	out_text(out, "\n");
	out_object_end(out);
}

static int run(struct run *run)
{
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	struct channel chan;
	struct error err;

	if (ret >= 0)
		return ret;
	if (channel_open(&chan, &volume_family, &err))
		return refused(&err);
	out_array_begin(run->out, NULL);
	ret = volume_runs(&chan, run->argv[0], show_run, run->out, &err);
	if (ret)
		out_drop(run->out);
	else
		out_array_end(run->out);
	channel_close(&chan);
	return ret ? refused(&err) : EXIT_DONE;
}

const struct verb volume_regions = {
	.name = "regions",
	.what = "show which regions are under which slot, and where",
	.synopsis = "NAME",
	.help =
	"Shows the map: regions in a row that are under one slot and lie in a row are\n"
	"one line, with their device and the place there, in region sizes.\n",
	.least = 1, .most = 1, .needs = "a name",
	.run = run,
};
