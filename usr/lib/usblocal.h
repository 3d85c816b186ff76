/* SPDX-License-Identifier: GPL-2.0 */
/* A USB device of this machine, as it is to be shared. */
#ifndef HEARTH_USBLOCAL_H
#define HEARTH_USBLOCAL_H

#include <stdbool.h>

#include "../format/usbip.h"

struct usblocal {
	struct usbip_device about;	/* with the interfaces of its configuration */
	char serial[128];		/* its own word, "" without one; any bytes but 0 */
	char node[32];			/* "/dev/bus/usb/003/002" */
};

/*
 * Reads the device with the bus id @busid. @sysfs: where that is mounted, "/sys". Returns
 * false where there is none, or it is a root hub.
 */
bool usblocal_read(const char *sysfs, const char *busid,
		   struct usblocal *local);

#endif
