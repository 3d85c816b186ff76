// SPDX-License-Identifier: GPL-2.0
#include "../../lib/hearthd.h"
#include "../answer.h"
#include "usb.h"

static int run(struct run *run)
{
	struct error err;
	json_t *answer;

	if (verb_option(run) != -1)
		return run->code;
	if (hearthd_ask(json_pack("{s:s,s:s}", "verb", "usb-release", "busid",
				  run->argv[0]), &answer, &err))
		return refused(&err);
	out_object_begin(run->out, NULL);
	out_string(run->out, "busid", "%s: its client loses it\n",
		   answer_text(answer, "busid"));
	out_object_end(run->out);
	json_decref(answer);
	return EXIT_DONE;
}

const struct verb usb_release = {
	.name = "release",
	.what = "take a device away from the client that has it",
	.synopsis = "BUSID",
	.help =
	"As if it were pulled there: what was not written is lost. It stays shared.\n",
	.least = 1, .most = 1, .needs = "a bus id",
	.run = run,
};
