/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Controllers: one has a root hub of one speed. Each port gets a controller of
 * its own as long as the USB core has buses, since what a device does to the hub
 * driver (a lock of the hub, one for address 0) holds up all others of its root
 * hub. A controller goes when it is no longer used.
 */
#ifndef _HEARTH_VHCI_HCD_H
#define _HEARTH_VHCI_HCD_H

#include <linux/types.h>

struct netlink_ext_ack;
struct vhci_root;

/*
 * Both may sleep, and take hcds_mutex: not to be called with a lock of the USB
 * core.
 */
struct vhci_root *hcd_reserve(u32 speed, struct netlink_ext_ack *extack);
void hcd_unreserve(struct vhci_root *root);

int hcds_init(void);
void hcds_remove_all(void);
void hcds_exit(void);

#endif /* _HEARTH_VHCI_HCD_H */
