// SPDX-License-Identifier: GPL-2.0
#include "../../lib/volumes.h"
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

int volume_regions(struct out *out, struct volume_options *o, int argc,
		   char **argv)
{
	struct channel chan;
	struct error err;
	int ret;

	(void)o, (void)argc;
	if (channel_open(&chan, &volume_family, &err))
		return refused(&err);
	out_array_begin(out, NULL);
	ret = volume_runs(&chan, argv[0], show_run, out, &err);
	if (ret)
		out_drop(out);
	else
		out_array_end(out);
	channel_close(&chan);
	return ret ? refused(&err) : EXIT_DONE;
}
