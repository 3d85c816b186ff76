/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plain USB/IP port, for clients that speak nothing else: without encryption, and nobody
 * knows who it is. It is off unless addresses are named, and has what was shared for it.
 */
#ifndef HEARTH_NODE_PLAIN_H
#define HEARTH_NODE_PLAIN_H

#include "node.h"

#define PLAIN_LISTEN_MAX	8u

/* Listens at @n numeric addresses. Returns 0 or a negative errno. */
int plain_start(struct node *node, const char *const *listen, unsigned int n,
		struct error *err);
void plain_stop(struct node *node);

#endif
