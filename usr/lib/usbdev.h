/* SPDX-License-Identifier: GPL-2.0 */
/* A USB device of this machine, as sysfs shows it. */
#ifndef HEARTH_USBDEV_H
#define HEARTH_USBDEV_H

#include <stdbool.h>
#include <stdint.h>

#define USBDEV_DRIVERS	8
#define USBDEV_NODES	16

struct usbdev {
	uint16_t vendor;
	uint16_t product;
	/* The device's own words, "" where it has none; any bytes but 0. */
	char vendor_name[128];
	char product_name[128];
	/* Of its interfaces and of what is plugged into it, each once. */
	unsigned int n_drivers;
	char drivers[USBDEV_DRIVERS][32];
	/* /dev/sda, /dev/ttyACM0, or the name of a network interface. */
	unsigned int n_nodes;
	char nodes[USBDEV_NODES][64];
};

/*
 * Reads what is plugged into a port of a root hub. @sysfs: where that is
 * mounted, "/sys". Returns false where nothing is, or not yet. What there is no
 * room for in @dev is left out.
 */
bool usbdev_read(const char *sysfs, uint32_t busnum, uint32_t root_port,
		 struct usbdev *dev);

#endif
