// SPDX-License-Identifier: GPL-2.0
/* "hearth volume device": the data devices of a volume. */
#include "../../volume/job.h"
#include "help.h"
#include "options.h"
#include "progress.h"
#include "volume.h"

static int drain_run(struct run *run)
{
	struct volume_options o;
	int ret = volume_options_read(run, &o);
	struct out *out = run->out;
	struct error err;

	if (ret >= 0)
		return ret;
	if (job_drain(run->argv[0], run->argv[1], run->argv[2], &err))
		return refused(&err);
	if (o.wait)
		return progress_wait(out, run->argv[0], o.header);
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", run->argv[0]);
	out_string(out, "job", "%s begun", "drain");
	out_string(out, "from", " from %s", run->argv[1]);
	out_string(out, "to", " to %s\n", run->argv[2]);
	out_object_end(out);
	return EXIT_DONE;
}

static const struct verb drain_verb = {
	.name = "drain",
	.what = "move all regions from one data device to another",
	.synopsis = "NAME FROM TO [--wait]",
	.help =
	"FROM and TO are numbers, as status shows them, or paths. No key is needed.\n"
	"Afterwards close the volume and open it --without FROM.\n"
	"\n"
	"  --wait              wait for the end\n"
	HELP_HEADER,
	.options = volume_wait_options,
	.least = 3, .most = 3, .needs = "a name and two devices",
	.run = drain_run,
};

static const struct verb *const verbs[] = { &drain_verb, NULL };

const struct verb device_object = {
	.name = "device",
	.what = "the disks that a volume's data lie on",
	.verbs = verbs,
};
