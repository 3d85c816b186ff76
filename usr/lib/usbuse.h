/* SPDX-License-Identifier: GPL-2.0 */
/* Does this machine itself use one of its USB devices? */
#ifndef HEARTH_USBUSE_H
#define HEARTH_USBUSE_H

#include "usblocal.h"

#define USBUSE_TEXT	160

enum usbuse {
	USBUSE_NOT,
	USBUSE_KEEPS,		/* what it is kept for: a hub, a keyboard; another machine's */
	USBUSE_BUSY,		/* its data are in use: taking it away would lose some */
};

/*
 * @why becomes a sentence, "its disk sda1 is mounted at /mnt". @sysfs and @proc: where these
 * are mounted. What is mounted is that of this process' own namespace.
 */
enum usbuse usbuse_find(const char *sysfs, const char *proc,
			const struct usblocal *local,
			char why[static USBUSE_TEXT]);

/* Has a program of this machine, by way of usbfs, one of its interfaces? */
bool usbuse_exported(const char *sysfs, const struct usblocal *local);

#endif
