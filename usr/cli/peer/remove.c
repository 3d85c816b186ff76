// SPDX-License-Identifier: GPL-2.0
#include "../../lib/hearthd.h"
#include "../answer.h"
#include "peer.h"

static int run(struct run *run)
{
	struct error err;
	json_t *peer, *answer;
	int ret;

	if (verb_option(run) != -1)
		return run->code;
	if (peer_find(run->argv[0], &peer, &err))
		return refused(&err);
	ret = hearthd_ask(json_pack("{s:s,s:s}", "verb", "peer-remove", "id",
				    answer_text(peer, "id")), &answer, &err);
	json_decref(peer);
	if (ret)
		return refused(&err);
	peer_print(run->out, answer, false);
	json_decref(answer);
	return EXIT_DONE;
}

const struct verb peer_remove = {
	.name = "remove",
	.what = "trust a peer no longer",
	.synopsis = "PEER",
	.help =
	"From now on the node is a stranger here; what it has open here ends at once. It is\n"
	"told, but keeps this node among its own peers until it removes it.\n"
	"\n"
	"  PEER                its name, its id, or the id's first digits (8 or more)\n",
	.least = 1, .most = 1, .needs = "one peer",
	.run = run,
};
