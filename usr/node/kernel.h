/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's table of peers (hearth.ko), which outlives us. hearthd alone says there who
 * a peer is, and for that it has an authenticated link or the word of an admin. Where
 * the module is not loaded nothing is said, and nothing is missed.
 *
 * The kernel answers within the call: nothing here waits.
 */
#ifndef HEARTH_NODE_KERNEL_H
#define HEARTH_NODE_KERNEL_H

#include "node.h"

#define KERNEL_TTL	60000u	/* ms without a refresh until the kernel forgets a peer */

int kernel_start(struct node *node, struct error *err);
void kernel_stop(struct node *node);

/*
 * Where the module is there: looks which peers the kernel has, and has it forget those
 * that @is_peer does not know. Nothing is done while the channel is open already.
 */
void kernel_open(struct node *node,
		 bool (*is_peer)(struct node *node,
				 const uint8_t id[static PEER_ID]));

/*
 * The peer has a link, or was heard over it: it is known for KERNEL_TTL from now on. One
 * that did not announce itself was named by the user, and is known without an end.
 */
void kernel_know(struct node *node, const struct store_peer *peer,
		 bool announced);

/* It is trusted no more: what it has here ends at once. */
void kernel_forget(struct node *node, const uint8_t id[static PEER_ID]);

#endif
