/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices of this machine as its peers see them: who has sent WATCH over his link is told
 * of each device that he may have, and from then on of each that comes, goes, is taken or
 * is given back. The kernel's events and what changes here are heeded within a moment; what
 * nothing tells of, such as a disk that is mounted no more, within ten seconds.
 */
#ifndef HEARTH_NODE_HOTPLUG_H
#define HEARTH_NODE_HOTPLUG_H

#include "node.h"

#define HOTPLUG_DEVICES	64u	/* that one peer is told of */

/* Returns 0 or a negative errno. */
int hotplug_start(struct node *node, struct error *err);
void hotplug_stop(struct node *node);

/* The peer wants to be told, of all first. */
void hotplug_watch(struct node *node, const uint8_t id[static PEER_ID]);
/* It has another link, or none. */
void hotplug_forget(struct node *node, const uint8_t id[static PEER_ID]);

#endif
