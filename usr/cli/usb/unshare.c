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
	if (hearthd_ask(json_pack("{s:s,s:s}", "verb", "usb-unshare", "rule",
				  run->argv[0]), &answer, &err))
		return refused(&err);
	out_object_begin(run->out, NULL);
	out_string(run->out, "rule", "%s: not shared any more\n",
		   answer_text(answer, "rule"));
	out_object_end(run->out);
	json_decref(answer);
	return EXIT_DONE;
}

const struct verb usb_unshare = {
	.name = "unshare",
	.what = "take back what was shared",
	.synopsis = "DEVICES",
	.help =
	"A client that has a device by nothing else loses it at once.\n"
	"\n"
	"  DEVICES             as they were shared: hearth usb shared\n",
	.least = 1, .most = 1, .needs = "which devices",
	.run = run,
};
