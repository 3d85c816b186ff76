/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Peers as the kernel shows them, over the netlink family hearth
 * (Documentation/netlink/specs/hearth.yaml).
 */
#ifndef HEARTH_PEERS_H
#define HEARTH_PEERS_H

#include <linux/hearth.h>
#include <stdint.h>

#include "channel.h"

struct peer_info {
	uint8_t id[HEARTH_ID_LEN];
	char name[HEARTH_NAME_MAX_LEN + 1];
	uint32_t source;
	uint32_t state;
	uint32_t reason;	/* 0 while it is not gone */
};

/* For channel_open() and channel_listen(). */
extern const struct channel_family peer_family;

/* A request for a dump of all, or NULL. */
struct nl_msg *peer_dump_request(struct channel *chan, void *arg);

/* Reads an event, or a message of a dump. Returns 0 or -EBADMSG. */
int peer_parse(struct nl_msg *msg, struct peer_info *peer);

/* Never NULL; for a number that we don't know, "unknown". */
const char *peer_source_name(uint32_t source);
const char *peer_state_name(uint32_t state);
const char *peer_reason_name(uint32_t reason);

#endif
