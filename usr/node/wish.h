/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is wished for: a device of a peer's that is plugged in here whenever it is to be
 * had, the first that the wish means. The peer tells of its devices (WATCH); a port that
 * the kernel has of that device is the wish's, whoever attached it, so that a hearthd that
 * was started again knows what it has.
 *
 * What a wish attaches comes up unauthorized, and drivers get it when judge() has nothing
 * against it. What it may be is kept with the wish: the classes that the peer tells of when
 * it first offers the device, which is when the wish is made if the device is there; where
 * the peer tells none, those that the kernel reads at the first attach. What does not fit is
 * detached, and stays out like one that was detached by hand.
 */
#ifndef HEARTH_NODE_WISH_H
#define HEARTH_NODE_WISH_H

#include "link.h"
#include "node.h"

#define WISHES_MAX	256u

enum wish_state {
	WISH_WAITING,		/* the peer is away, or does not have it for us */
	WISH_ASKING,
	WISH_CHECKING,		/* plugged in, but drivers do not have it yet */
	WISH_ATTACHED,
	WISH_DETACHED,		/* by hand: until it is plugged in anew there */
	WISH_REFUSED,		/* it was not what was wished for: likewise */
};

struct wish_view {
	struct store_wish kept;
	enum wish_state state;
	uint32_t port;				/* 0: none */
	char busid[USBIP_BUSID_SIZE];		/* of the port's device */
	struct error why;			/* it waits; code 0: nothing was tried */
};

/* Reads what is kept. Returns 0 or a negative errno. */
int wish_start(struct node *node, struct error *err);
void wish_stop(struct node *node);
/* Reads it again: peers have gone. */
int wish_refresh(struct node *node, struct error *err);

/* One more; said again, one that was detached or refused is tried again. */
int wish_put(struct node *node, const struct store_wish *kept,
	     struct error *err);
/* -ENOENT where there is none. What it has is detached, and drivers let go of it first. */
int wish_drop(struct node *node, const struct store_wish *kept,
	      struct error *err);
void wish_each(struct node *node,
	       void (*each)(const struct wish_view *view, void *arg), void *arg);

/* News of a peer. */
void wish_linked(struct node *node, const uint8_t id[static PEER_ID]);
void wish_away(struct node *node, const uint8_t id[static PEER_ID]);
void wish_offered(struct node *node, const uint8_t id[static PEER_ID],
		  const struct wire *device);

#endif
