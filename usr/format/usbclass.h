/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a USB device can do, as its descriptors have it: its own class, and those of its
 * interfaces, in every configuration and alternate setting.
 */
#ifndef HEARTH_USBCLASS_H
#define HEARTH_USBCLASS_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "usbip.h"

#define USBCLASS_MAX	32u		/* interfaces that differ */
#define USBCLASS_TEXT	(9 * (USBCLASS_MAX + 1))	/* with the end */
#define USBCLASS_BYTES	(3 * (USBCLASS_MAX + 1))

struct usbclass {
	struct usbip_interface device;
	unsigned int n;			/* 0: nothing is known of it */
	struct usbip_interface interfaces[USBCLASS_MAX];	/* each once, in order */
};

/* What else the kernel goes by when it looks for a driver. */
struct usbclass_id {
	uint16_t vendor, product;
};

/*
 * Reads the file "descriptors" that the kernel has of a device in sysfs: the device
 * descriptor, then each configuration with all that belongs to it, up to the end that the
 * kernel found. Its walk and this one see the same interfaces. Returns 0, or -EPROTO where
 * that is not what it is, -E2BIG where there are too many, -ENODATA where there are none.
 */
int usbclass_parse(const void *data, size_t size, struct usbclass *class,
		   struct usbclass_id *id, struct error *err);

/*
 * Is the device of the same class, and each interface of @now one that @kept has? If not,
 * @why says what is new.
 */
bool usbclass_fits(const struct usbclass *kept, const struct usbclass *now,
		   struct error *why);

/* "00/00/00 08/06/50 08/06/62": the device, its interfaces. */
void usbclass_text(const struct usbclass *class, char text[static USBCLASS_TEXT]);

/* The same in bytes, three each. Returns false where they are no such thing. */
bool usbclass_unpack(const uint8_t *bytes, size_t size, struct usbclass *class);
size_t usbclass_pack(const struct usbclass *class,
		     uint8_t bytes[static USBCLASS_BYTES]);

#endif
