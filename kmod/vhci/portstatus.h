/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The status words of one port of a root hub: what the requests of the hub
 * driver and the coming and going of a device do to them. Pure: no lock, no
 * I/O; KUnit drives it.
 *
 * Sources: USB 2.0, 11.24.2.7 and USB 3.2, 10.16.2.6. A device is there as soon
 * as it is plugged in, a reset is over as soon as it is asked for: the real
 * device has been through both at its server.
 */
#ifndef _HEARTH_VHCI_PORTSTATUS_H
#define _HEARTH_VHCI_PORTSTATUS_H

#include <linux/types.h>

struct portstatus {
	u16 status;		/* wPortStatus */
	u16 change;		/* wPortChange */
	bool super;		/* of a super-speed root hub */
	u8 speed;		/* enum hearth_usb_speed of what is plugged in; 0: nothing */
};

/* A port with power and without a device. */
void portstatus_init(struct portstatus *ps, bool super);
void portstatus_plug(struct portstatus *ps, u8 speed);
void portstatus_unplug(struct portstatus *ps);
/* Return 0 or -EPIPE: the hub has no such feature. */
int portstatus_set_feature(struct portstatus *ps, u16 feature, u16 arg);
int portstatus_clear_feature(struct portstatus *ps, u16 feature);
/* dwExtPortStatus: by which sublink speed attribute the link runs. */
u32 portstatus_extended(const struct portstatus *ps);

#endif /* _HEARTH_VHCI_PORTSTATUS_H */
