// SPDX-License-Identifier: GPL-2.0
/* The database usb.ids, whatever is in the file; the input begins with ids. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char vendor[NAMES_SIZE], product[NAMES_SIZE], *text;

	if (size < 4)
		return 0;
	/* Its own memory, so that ASan sees the end of it. */
	text = malloc(size - 4 + !(size - 4));
	memcpy(text, data + 4, size - 4);
	names_find(text, size - 4, (uint16_t)(data[0] << 8 | data[1]),
		   (uint16_t)(data[2] << 8 | data[3]), vendor, product);
	if (strnlen(vendor, NAMES_SIZE) == NAMES_SIZE ||
	    strnlen(product, NAMES_SIZE) == NAMES_SIZE ||
	    (*product && size < 4 + 12))
		abort();
	free(text);
	return 0;
}
