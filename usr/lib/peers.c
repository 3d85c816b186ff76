// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

#include "attr.h"
#include "peers.h"

const struct channel_family peer_family = {
	.name = HEARTH_FAMILY_NAME,
	.version = HEARTH_FAMILY_VERSION,
	.group = HEARTH_MCGRP_PEERS,
	.event = HEARTH_CMD_PEER_NTF,
	.module = "hearth",
	.things = "the peers",
};

static const struct nla_policy peer_policy[HEARTH_A_PEER_MAX + 1] = {
	[HEARTH_A_PEER_ID] = { .minlen = HEARTH_ID_LEN, .maxlen = HEARTH_ID_LEN },
	[HEARTH_A_PEER_NAME] = { .type = NLA_STRING },
	[HEARTH_A_PEER_SOURCE] = { .type = NLA_U32 },
	[HEARTH_A_PEER_STATE] = { .type = NLA_U32 },
	[HEARTH_A_PEER_REASON] = { .type = NLA_U32 },
};

struct nl_msg *peer_dump_request(struct channel *chan, void *arg)
{
	(void)arg;
	return channel_request(chan, HEARTH_CMD_PEER_GET, NLM_F_DUMP);
}

int peer_parse(struct nl_msg *msg, struct peer_info *peer)
{
	struct nlattr *a[HEARTH_A_PEER_MAX + 1];

	memset(peer, 0, sizeof(*peer));
	if (genlmsg_parse(nlmsg_hdr(msg), 0, a, HEARTH_A_PEER_MAX, peer_policy) ||
	    !a[HEARTH_A_PEER_ID])
		return -EBADMSG;
	memcpy(peer->id, nla_data(a[HEARTH_A_PEER_ID]), sizeof(peer->id));
	attr_string(a[HEARTH_A_PEER_NAME], peer->name, sizeof(peer->name));
	peer->source = attr_u32(a[HEARTH_A_PEER_SOURCE]);
	peer->state = attr_u32(a[HEARTH_A_PEER_STATE]);
	peer->reason = attr_u32(a[HEARTH_A_PEER_REASON]);
	return 0;
}

const char *peer_source_name(uint32_t source)
{
	switch (source) {
	case HEARTH_PEER_SOURCE_MULTICAST: return "multicast";
	case HEARTH_PEER_SOURCE_CENTER: return "center";
	case HEARTH_PEER_SOURCE_HAND: return "hand";
	default: return "unknown";
	}
}

const char *peer_state_name(uint32_t state)
{
	switch (state) {
	case HEARTH_PEER_STATE_KNOWN: return "known";
	case HEARTH_PEER_STATE_GONE: return "gone";
	default: return "unknown";
	}
}

const char *peer_reason_name(uint32_t reason)
{
	switch (reason) {
	case HEARTH_PEER_REASON_EXPIRED: return "expired";
	case HEARTH_PEER_REASON_REMOVED: return "removed";
	case HEARTH_PEER_REASON_GOODBYE: return "goodbye";
	default: return "unknown";
	}
}
