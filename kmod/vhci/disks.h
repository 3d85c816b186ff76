/* SPDX-License-Identifier: GPL-2.0 */
/* The disks that drivers have made of a device. */
#ifndef _HEARTH_VHCI_DISKS_H
#define _HEARTH_VHCI_DISKS_H

struct device;

void disks_sync(struct device *dev);

#endif /* _HEARTH_VHCI_DISKS_H */
