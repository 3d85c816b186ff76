// SPDX-License-Identifier: GPL-2.0
#include "../../lib/hearthd.h"
#include "../answer.h"
#include "../peer/peer.h"
#include "sharing.h"
#include "usb.h"

enum { PEER = 1, FORCE, PLAIN };

/* Adds the id of the peer that @text names. Returns 0 or a negative errno. */
static int add_peer(json_t *request, const char *text, struct error *err)
{
	json_t *peer, *peers = json_object_get(request, "peers");
	int ret = peer_find(text, &peer, err);

	if (ret)
		return ret;
	if (!peers) {
		peers = json_array();
		json_object_set_new(request, "peers", peers);
	}
	json_array_append(peers, json_object_get(peer, "id"));
	json_decref(peer);
	return 0;
}

static int run(struct run *run)
{
	json_t *request = json_pack("{s:s}", "verb", "usb-share"), *answer;
	struct error err;
	int c;

	while ((c = verb_option(run)) != -1) {
		if (c == '?') {
			json_decref(request);
			return run->code;
		}
		if (c == FORCE || c == PLAIN)
			json_object_set_new(request, c == FORCE ? "force" :
					    "plain", json_true());
		if (c == PEER && add_peer(request, optarg, &err)) {
			json_decref(request);
			return refused(&err);
		}
	}
	json_object_set_new(request, "rule", json_string(run->argv[0]));
	if (hearthd_ask(request, &answer, &err))
		return refused(&err);
	sharing_print(run->out, answer);
	json_decref(answer);
	return EXIT_DONE;
}

static const struct option options[] = {
	{ "peer", required_argument, NULL, PEER },
	{ "plain", no_argument, NULL, PLAIN },
	{ "force", no_argument, NULL, FORCE },
	{ 0 },
};

const struct verb usb_share = {
	.name = "share",
	.what = "let peers have USB devices of this machine",
	.synopsis = "DEVICES [--peer PEER]... [--plain] [--force]",
	.help =
	"From now on, also of devices that are plugged in later; said again of the same\n"
	"DEVICES it takes the place of what was said before. Without --peer they are for the\n"
	"owner's own machines, the peers with the role self. What this machine uses itself\n"
	"stays here: a disk that is mounted, swapped to or part of something, a hub, a keyboard.\n"
	"\n"
	"  DEVICES             a bus id (3-1.2), VID:PID (46f4:0001), VID:PID:SERIAL, or\n"
	"                      class:CC (class:08: disks)\n"
	"  --peer PEER         for this peer alone; may be there up to 16 times\n"
	"  --plain             also for whoever asks at the plain port (hearthd --usbip),\n"
	"                      without encryption\n"
	"  --force             even if this machine uses it; DEVICES is a bus id then\n",
	.options = options,
	.least = 1, .most = 1, .needs = "which devices",
	.run = run,
};
