/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_NAMES_H
#define HEARTH_NAMES_H

#include <stdint.h>
#include <stdio.h>

/* The database usb.ids of this system, or NULL; fclose() it. */
FILE *names_open(void);

/*
 * Looks for a device in @ids (see http://www.linux-usb.org/usb-ids.html for
 * the format). A name that is not there becomes "". NULL is an empty database.
 */
void names_find(FILE *ids, uint16_t vendor, uint16_t product,
		char vendor_name[static 64], char product_name[static 64]);

#endif
