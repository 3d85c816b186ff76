/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The door to the network. Who has not shown yet that he is a peer is a stranger: there
 * is room for 64 of them, 8 of a source, for ten seconds each. Where there is no room
 * the oldest goes: of the same source, or else of the one that has most. So who floods
 * it hinders nobody else, and who is quick gets through even from beside him.
 */
#ifndef HEARTH_NODE_FRONT_H
#define HEARTH_NODE_FRONT_H

#include "node.h"

#define FRONT_LISTEN_MAX	8u

/*
 * Listens at @n addresses with ports; at the default port of all where @n is 0. Returns
 * 0 or a negative errno.
 */
int front_start(struct node *node, const char *const *listen, unsigned int n,
		struct error *err);
void front_stop(struct node *node);

/* Calls @each with what it listens at. */
void front_each(struct node *node,
		void (*each)(const char *address, void *arg), void *arg);

#endif
