// SPDX-License-Identifier: GPL-2.0
#include "../../lib/hearthd.h"
#include "nearby.h"
#include "peer.h"

static int list_nearby(struct run *run)
{
	struct error err;
	json_t *list;
	size_t i;

	if (nearby_ask(&list, &err))
		return refused(&err);
	out_array_begin(run->out, NULL);
	for (i = 0; i < json_array_size(list); i++)
		nearby_print(run->out, json_array_get(list, i));
	if (!json_array_size(list))
		out_text(run->out, "no other nodes nearby\n");
	out_array_end(run->out);
	json_decref(list);
	return EXIT_DONE;
}

static int list_peers(struct run *run)
{
	struct error err;
	json_t *list;
	size_t i;

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

static int run(struct run *run)
{
	bool nearby = false;
	int c;

	while ((c = verb_option(run)) != -1) {
		if (c != 'n')
			return run->code;
		nearby = true;
	}
	return nearby ? list_nearby(run) : list_peers(run);
}

static const struct option options[] = {
	{ "nearby", no_argument, NULL, 'n' },
	{ 0 },
};

const struct verb peer_list = {
	.name = "list",
	.what = "show the peers, and whether they are there",
	.synopsis = "[--nearby]",
	.help =
	"Shows the name, the beginning of the id, the role and the state of each peer, and how\n"
	"its address was found: known (by hand, or from before), announced or incoming.\n"
	"\n"
	"  --nearby            instead, nodes on this network that are no peers: what they say\n"
	"                      of themselves, and nobody has proved\n",
	.options = options,
	.least = 0, .most = 0, .needs = "no operands",
	.run = run,
};
