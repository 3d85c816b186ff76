/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of hearthd share: the loop, the state on disk, who this node is. The
 * parts, from top to bottom:
 *
 *	main		orders start and end
 *	verbs, usbverbs	what requests do
 *	backup		the node as one sealed file
 *	front, plain	who may come in from the network, and for what
 *	hotplug		tells peers of the devices that they may have
 *	wish		plugs in what is wished for, whenever it is to be had
 *	usbserve, usbask	USB/IP up to the import, with a client and with a peer
 *	exporter, share	devices that clients have; which they may have
 *	nearby		what hearth-discover hears, and is to say
 *	pair, peers	invitations and joining; known nodes and the links to them
 *	control		the control socket
 *	kernel		the kernel's table of peers
 *	link		one TLS connection that carries frames, or bytes
 *	store		SQLite
 */
#ifndef HEARTH_NODE_H
#define HEARTH_NODE_H

#include <systemd/sd-event.h>

#include "../lib/identity.h"
#include "store.h"

#define NODE_SECOND	1000000ull	/* of sd-event's times */

struct link;
struct peers;
struct pair;
struct front;
struct nearby;
struct kernel;
struct control;
struct share;
struct exporter;
struct plain;
struct hotplug;
struct wishes;
struct peers_news;

struct node {
	sd_event *event;
	const char *key_path;
	struct store store;
	bool ready;		/* it has a key, and a name: */
	struct identity me;
	char name[PEER_NAME];
	uint16_t port;		/* where it listens */
	uint64_t run;		/* a number of this run's own, by chance */
	struct link *links;	/* all of them */
	struct link *dead;	/* to be freed when nothing uses them any more */
	struct peers *peers;
	struct pair *pair;
	struct front *front;
	struct nearby *nearby;
	struct kernel *kernel;
	struct control *control;
	struct share *share;
	struct exporter *exporters;	/* that are known */
	struct plain *plain;
	const struct peers_news *news;	/* who is told of peers */
	unsigned int usb_changes;	/* of what is shared, or who has it: counted */
	struct hotplug *hotplug;
	struct wishes *wishes;
};

/* CLOCK_MONOTONIC, microseconds, as of this turn of the loop. */
static inline uint64_t node_now(const struct node *node)
{
	uint64_t now = 0;

	sd_event_now(node->event, CLOCK_MONOTONIC, &now);
	return now;
}

#endif
