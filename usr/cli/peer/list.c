// SPDX-License-Identifier: GPL-2.0
#include "../../lib/hearthd.h"
#include "peer.h"

static int run(struct run *run)
{
	struct error err;
	json_t *list;
	size_t i;

	if (verb_option(run) != -1)
		return run->code;
	if (hearthd_ask(json_pack("{s:s}", "verb", "peer-list"), &list, &err))
		return refused(&err);
	out_array_begin(run->out, NULL);
	for (i = 0; i < json_array_size(list); i++)
		peer_print(run->out, json_array_get(list, i), false);
	if (!json_array_size(list))
		out_text(run->out, "no peers yet: hearth peer invite, and hearth peer add on the other machine\n");
	out_array_end(run->out);
	json_decref(list);
	return EXIT_DONE;
}

const struct verb peer_list = {
	.name = "list",
	.what = "show the peers, and whether they are there",
	.synopsis = "",
	.help = "Shows the name, the beginning of the id, the role and the state of each peer.\n",
	.least = 0, .most = 0, .needs = "no operands",
	.run = run,
};
