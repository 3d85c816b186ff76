// SPDX-License-Identifier: GPL-2.0
#include "../../lib/hearthd.h"
#include "../answer.h"
#include "../peer/peer.h"
#include "usb.h"

static void print_wish(struct out *out, const json_t *wish)
{
	const json_t *peer = json_object_get(wish, "peer");

	out_object_begin(out, NULL);
	out_string(out, "rule", "%s", answer_text(wish, "rule"));
	out_object_begin(out, "peer");
	out_string(out, "name", " of %s", answer_text(peer, "name"));
	out_string(out, "id", NULL, answer_text(peer, "id"));
	out_object_end(out);
	if (json_object_get(wish, "state"))
		out_string(out, "state", ": %s", answer_text(wish, "state"));
	else
		out_text(out, ": bound");
	if (json_object_get(wish, "port")) {
		out_uint(out, "port", ", port %llu",
			 (uint64_t)answer_number(wish, "port"));
		out_string(out, "busid", ", %s there",
			   answer_text(wish, "busid"));
	}
	if (json_object_get(wish, "classes"))
		out_string(out, "classes", ", classes %s",
			   answer_text(wish, "classes"));
	else if (json_object_get(wish, "state"))
		out_text(out, ", classes not seen yet");
	if (json_object_get(wish, "why"))
		out_string(out, "why", ": %s", answer_text(wish, "why"));
	out_text(out, "\n");
	out_object_end(out);
}

static int list(struct run *run)
{
	json_t *answer, *each;
	struct error err;
	size_t i;

	if (hearthd_ask(json_pack("{s:s}", "verb", "usb-bound"), &answer, &err))
		return refused(&err);
	if (!json_array_size(answer))
		out_text(run->out, "nothing is bound\n");
	out_array_begin(run->out, NULL);
	json_array_foreach(answer, i, each)
		print_wish(run->out, each);
	out_array_end(run->out);
	json_decref(answer);
	return EXIT_DONE;
}

/* Asks for @verb of the device that the arguments name. */
static int ask(struct run *run, const char *verb, json_t **answer)
{
	struct error err;
	json_t *peer;
	int ret;

	if (peer_find(run->argv[0], &peer, &err))
		return refused(&err);
	ret = hearthd_ask(json_pack("{s:s,s:s,s:s}", "verb", verb,
				    "id", answer_text(peer, "id"),
				    "rule", run->argv[1]), answer, &err);
	json_decref(peer);
	return ret ? refused(&err) : EXIT_DONE;
}

static int run_bind(struct run *run)
{
	json_t *answer;
	int ret;

	if (verb_option(run) != -1)
		return run->code;
	if (!run->argv[0])
		return list(run);
	if (!run->argv[1])
		return usage("bind needs a peer and a device, or nothing");
	ret = ask(run, "usb-bind", &answer);
	if (ret)
		return ret;
	print_wish(run->out, answer);
	json_decref(answer);
	return EXIT_DONE;
}

static int run_unbind(struct run *run)
{
	json_t *answer;
	int ret;

	if (verb_option(run) != -1)
		return run->code;
	ret = ask(run, "usb-unbind", &answer);
	if (ret)
		return ret;
	out_object_begin(run->out, NULL);
	out_string(run->out, "rule", "%s: not bound any more\n",
		   answer_text(answer, "rule"));
	out_object_end(run->out);
	json_decref(answer);
	return EXIT_DONE;
}

const struct verb usb_bind = {
	.name = "bind",
	.what = "plug a device of a peer in whenever it is to be had",
	.synopsis = "\nPEER DEVICE",
	.help =
	"From now on the device is plugged in as soon as the peer has it for this machine: when\n"
	"it is plugged in there, shared, given back, when the peer or this machine comes back,\n"
	"when the network does. One that is detached by hand stays out until it is plugged in\n"
	"anew there, or bound again. Without arguments: what is bound, and how that stands.\n"
	"\n"
	"What the device can do (its class, and those of its interfaces) is kept, as it is when\n"
	"it is bound, or seen for the first time. One that has anything else, as a disk that has\n"
	"become a keyboard, is refused before a driver has it, and likewise stays out. To have it\n"
	"all the same: unbind and bind it. What was attached by hand is not looked at.\n"
	"\n"
	"  PEER                its name, its id, or the id's first digits (8 or more)\n"
	"  DEVICE              VID:PID, VID:PID:SERIAL, or its bus id there; of several the\n"
	"                      first that is free\n",
	.least = 0, .most = 2, .needs = "a peer, and a device",
	.run = run_bind,
};

const struct verb usb_unbind = {
	.name = "unbind",
	.what = "take back what was bound",
	.synopsis = "PEER DEVICE",
	.help =
	"The device is detached, if it is plugged in.\n"
	"\n"
	"  PEER                its name, its id, or the id's first digits (8 or more)\n"
	"  DEVICE              as it was bound: hearth usb bind\n",
	.least = 2, .most = 2, .needs = "a peer, and a device",
	.run = run_unbind,
};
