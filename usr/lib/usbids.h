/* SPDX-License-Identifier: GPL-2.0 */
/* The database usb.ids of this system, for names_find(). */
#ifndef HEARTH_USBIDS_H
#define HEARTH_USBIDS_H

#include <stddef.h>

struct usbids {
	char *text;
	size_t size;	/* bytes; 0: there is none */
};

/* Reads it. A system without one, or one that can't be read, has an empty one. */
void usbids_open(struct usbids *ids);
void usbids_close(struct usbids *ids);

#endif
