/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which USB devices of this machine are for whom. What the machine itself uses, or is kept
 * for (usbuse.h), is shared by its bus id alone, and where that was insisted on.
 */
#ifndef HEARTH_NODE_SHARE_H
#define HEARTH_NODE_SHARE_H

#include "../lib/usblocal.h"
#include "node.h"

/* Who asks. */
struct share_client {
	bool plain;		/* at the plain port: nobody knows */
	enum peer_role role;	/* else a peer: */
	uint8_t id[PEER_ID];
	char name[PEER_NAME + WIRE_ADDRESS];	/* to be told */
};

/* Reads what is kept. Returns 0 or a negative errno. */
int share_start(struct node *node, struct error *err);
void share_stop(struct node *node);

/* Reads it again: peers that it is for have gone. Returns 0 or a negative errno. */
int share_refresh(struct node *node, struct error *err);

/* One more, or in place of the one with its rule. Returns 0 or a negative errno. */
int share_put(struct node *node, const struct store_share *share,
	      struct error *err);
/* -ENOENT where there is no such rule. */
int share_drop(struct node *node, const struct usbrule *rule,
	       struct error *err);

/* Calls @each with every rule. */
void share_rules(struct node *node,
		 void (*each)(const struct store_share *share, void *arg),
		 void *arg);

/* Calls @each with every device that this client may have. */
void share_devices(struct node *node, const struct share_client *client,
		   void (*each)(const struct usblocal *local, void *arg),
		   void *arg);

/* Is it shared, whoever it is for? Then it may still be kept here. */
bool share_has(const struct node *node, const struct usblocal *local);

/*
 * The device with that bus id, if this client may have it now. Returns 0, -ENODEV, or -EBUSY
 * where this machine uses it itself.
 */
int share_find(struct node *node, const struct share_client *client,
	       const char *busid, struct usblocal *local, struct error *err);

#endif
