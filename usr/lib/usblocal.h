/* SPDX-License-Identifier: GPL-2.0 */
/* A USB device of this machine, as it is to be shared. */
#ifndef HEARTH_USBLOCAL_H
#define HEARTH_USBLOCAL_H

#include <stdbool.h>

#include "../format/error.h"
#include "../format/usbclass.h"
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

/* What a device says of itself, whether drivers may have it or not. */
struct usblocal_said {
	struct usbclass class;
	struct usbclass_id id;
	char serial[128];		/* as in struct usblocal */
	bool authorized;
};

/*
 * Reads what the kernel has of the device that has the number @devnum, and of no other that
 * may have come in its place. Returns 0; -ENODEV where it is not there, or what
 * usbclass_parse() says.
 */
int usblocal_said(const char *sysfs, const char *busid, uint32_t devnum,
		  struct usblocal_said *said, struct error *err);

#endif
