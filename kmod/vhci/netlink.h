/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HEARTH_VHCI_NETLINK_H
#define _HEARTH_VHCI_NETLINK_H

#include <linux/types.h>

struct vhci_port;

void netlink_notify(struct vhci_port *port, u32 state);
int netlink_init(void);
void netlink_exit(void);

#endif /* _HEARTH_VHCI_NETLINK_H */
