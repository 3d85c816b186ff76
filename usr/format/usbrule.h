/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which USB devices are meant: "3-1.2" (where it is plugged in), "46f4:0001" or
 * "46f4:0001:SERIAL" (what it is), "class:08" (what it can, it or one of its interfaces).
 */
#ifndef HEARTH_USBRULE_H
#define HEARTH_USBRULE_H

#include <stdbool.h>

#include "error.h"
#include "usbip.h"

#define USBRULE_SERIAL	128	/* bytes, with the end */
#define USBRULE_TEXT	(10 + USBRULE_SERIAL)

enum usbrule_kind {
	USBRULE_BUSID,
	USBRULE_ID,
	USBRULE_CLASS,
};

struct usbrule {
	enum usbrule_kind kind;
	char busid[USBIP_BUSID_SIZE];
	uint16_t vendor, product;
	char serial[USBRULE_SERIAL];	/* "": any */
	uint8_t class;
};

/* Returns 0 or -EINVAL. */
int usbrule_parse(const char *text, struct usbrule *rule, struct error *err);

/* Always the same for the same rule. */
void usbrule_text(const struct usbrule *rule, char text[static USBRULE_TEXT]);

/* @serial: the device's own word, any bytes. */
bool usbrule_matches(const struct usbrule *rule,
		     const struct usbip_device *about, const char *serial);

#endif
