// SPDX-License-Identifier: GPL-2.0
#include "peer.h"

static int run(struct run *run)
{
	struct error err;
	json_t *peer;

	if (verb_option(run) != -1)
		return run->code;
	if (peer_find(run->argv[0], &peer, &err))
		return refused(&err);
	peer_print(run->out, peer, true);
	json_decref(peer);
	return EXIT_DONE;
}

const struct verb peer_show = {
	.name = "show",
	.what = "show all that is known of a peer",
	.synopsis = "PEER",
	.help =
	"Shows the whole id, the addresses, and why it is away.\n"
	"\n"
	"  PEER                its name, its id, or the id's first digits (8 or more)\n",
	.least = 1, .most = 1, .needs = "one peer",
	.run = run,
};
