/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What hearth-discover hears on the network, and what it is to say there. It runs as
 * another user and is connected to by a socket. Nothing that it says is believed: of a
 * peer it may make us dial, or ask whether a link is alive, both not too often; other
 * nodes are shown to whoever asks, and that is all.
 */
#ifndef HEARTH_NODE_NEARBY_H
#define HEARTH_NODE_NEARBY_H

#include "node.h"
#include "peers.h"

#define NEARBY_USER	"hearth-discover"
#define NEARBY_MAX	256u	/* nodes that are no peers; one more takes the oldest's place */
#define NEARBY_ADDRESSES	4u

struct nearby_node {
	uint8_t id[PEER_ID];
	char name[PEER_NAME];
	bool pairing;
	unsigned int n_addresses;	/* the latest first */
	char addresses[NEARBY_ADDRESSES][WIRE_ADDRESS];
};

/* Listens in the folder where the control socket @control is. 0 or a negative errno. */
int nearby_start(struct node *node, const char *control, struct error *err);
void nearby_stop(struct node *node);

/* This node, its name or its invitation is another one now. */
void nearby_announce(struct node *node);

/* The node @id has become a peer: it gets to know the addresses that were heard. */
void nearby_became(struct node *node, const uint8_t id[static PEER_ID]);

/*
 * Calls @each with every node that is no peer, the latest first. Returns 0, or
 * -ENOTCONN where hearth-discover is away.
 */
int nearby_each(struct node *node,
		void (*each)(const struct nearby_node *nearby, void *arg),
		void *arg, struct error *err);

#endif
