// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <unistd.h>

#include "../../format/peer.h"
#include "../../lib/hearthd.h"
#include "node.h"

static int run(struct run *run)
{
	const char *name = NULL;
	char host[PEER_NAME] = "";
	struct error err;
	json_t *answer;
	int c;

	while ((c = verb_option(run)) != -1) {
		if (c != 'n')
			return run->code;
		name = optarg;
	}
	if (!name && !gethostname(host, sizeof(host) - 1))
		name = host;
	if (!name || !peer_name_valid(name, strlen(name)))
		return usage("a node's name has 1 to 64 bytes that a terminal can show, and does not read as an id");
	if (hearthd_ask(json_pack("{s:s,s:s}", "verb", "node-init", "name",
				  name), &answer, &err))
		return refused(&err);
	node_print(run->out, answer);
	json_decref(answer);
	return EXIT_DONE;
}

static const struct option options[] = {
	{ "name", required_argument, NULL, 'n' },
	{ 0 },
};

const struct verb node_init = {
	.name = "init",
	.what = "make this machine a node: a key of its own, once",
	.synopsis = "[--name NAME]",
	.help =
	"Makes the key that this node will be known by for as long as it lives. It is kept\n"
	"in /var/lib/hearth/node; a backup of it is worth having: hearth node backup.\n"
	"\n"
	"  --name NAME         how others call it at first (default: the host's name)\n",
	.options = options,
	.least = 0, .most = 0, .needs = "no operands",
	.run = run,
};
