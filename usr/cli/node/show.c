// SPDX-License-Identifier: GPL-2.0
#include "../../lib/hearthd.h"
#include "node.h"

static int run(struct run *run)
{
	struct error err;
	json_t *answer;

	if (verb_option(run) != -1)
		return run->code;
	if (hearthd_ask(json_pack("{s:s}", "verb", "node-show"), &answer, &err))
		return refused(&err);
	node_print(run->out, answer);
	json_decref(answer);
	return EXIT_DONE;
}

const struct verb node_show = {
	.name = "show",
	.what = "show this node's id, its name, and where it listens",
	.synopsis = "",
	.help =
	"Shows what others need to know of this node: who pairs without a code gives the id\n"
	"to hearth peer add --id.\n",
	.least = 0, .most = 0, .needs = "no operands",
	.run = run,
};
