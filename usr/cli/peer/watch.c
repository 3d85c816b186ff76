// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../../format/hex.h"
#include "../../lib/peers.h"
#include "watch.h"

static int parse_peer(struct nl_msg *msg, void *thing)
{
	return peer_parse(msg, thing);
}

static bool is_same_peer(const void *a, const void *b)
{
	const struct peer_info *x = a, *y = b;

	return !memcmp(x->id, y->id, sizeof(x->id));
}

static bool has_peer_changed(const void *before, const void *now)
{
	const struct peer_info *x = before, *y = now;

	return x->state != y->state || x->source != y->source ||
	       strcmp(x->name, y->name);
}

static bool is_peer_gone(const void *thing)
{
	const struct peer_info *peer = thing;

	return peer->state == HEARTH_PEER_STATE_GONE;
}

static void set_peer_gone(void *thing)
{
	struct peer_info *peer = thing;

	peer->state = HEARTH_PEER_STATE_GONE;
}

static void show_peer(struct out *out, const void *thing)
{
	const struct peer_info *peer = thing;
	char id[2 * HEARTH_ID_LEN + 1];

	hex_text(peer->id, sizeof(peer->id), id);
	out_string(out, "name", "peer %s", peer->name);
	out_string(out, "id", NULL, id);
	id[8] = '\0';
	out_string(out, NULL, " (%s)", id);
	out_string(out, "source", " by %s", peer_source_name(peer->source));
	out_string(out, "state", ": %s", peer_state_name(peer->state));
	if (peer->reason)
		out_string(out, "reason", ", %s",
			   peer_reason_name(peer->reason));
}

const struct monitor_kind peer_watch = {
	.object = "peer",
	.name = "peer",
	.family = &peer_family,
	.size = sizeof(struct peer_info),
	.parse = parse_peer,
	.dump = peer_dump_request,
	.refused = "the kernel does not show its peers",
	.is_same = is_same_peer,
	.has_changed = has_peer_changed,
	.is_gone = is_peer_gone,
	.set_gone = set_peer_gone,
	.show = show_peer,
};
