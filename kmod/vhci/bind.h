/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ports that are bound to a peer: hearth.ko is held while there is one, and tells of the
 * peers. Without it there are no peers, and every other port is as ever.
 */
#ifndef _HEARTH_VHCI_BIND_H
#define _HEARTH_VHCI_BIND_H

#include <linux/types.h>

struct net;
struct netlink_ext_ack;

/* Called with the peers of @net locked: they mark and queue work. */
struct bind_ops {
	/* The peer is gone. Returns whether it has a port. */
	bool (*gone)(const struct net *net, const u8 *id, u32 reason);
	/* When (jiffies) did bytes come from it last? @heard where none came later */
	unsigned long (*heard)(const struct net *net, const u8 *id,
			       unsigned long heard);
};

void bind_init(const struct bind_ops *ops);
int bind_get(const struct net *net, const u8 *id,
	     struct netlink_ext_ack *extack);
void bind_put(void);

#endif /* _HEARTH_VHCI_BIND_H */
