/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_NAMES_H
#define HEARTH_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAMES_SIZE	64	/* bytes, with the zero at the end */

/*
 * Looks for a device in the text of the database usb.ids, @size bytes (see
 * http://www.linux-usb.org/usb-ids.html for the format). A name that is not
 * there becomes "", a long one is cut.
 */
void names_find(const char *ids, size_t size, uint16_t vendor,
		uint16_t product, char vendor_name[static NAMES_SIZE],
		char product_name[static NAMES_SIZE]);

#endif
