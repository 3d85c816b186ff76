// SPDX-License-Identifier: GPL-2.0
/*
 * Descriptors of any device. What is understood is written and read the same again, fits
 * itself, and has no interface that the bytes have not.
 */
#include <stdlib.h>
#include <string.h>

#include "../format/usbclass.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct usbclass *class)
{
	uint8_t bytes[USBCLASS_BYTES];
	char text[USBCLASS_TEXT];
	struct usbclass back;
	struct error err;

	usbclass_text(class, text);
	if (strlen(text) + 1 != 9 * (class->n + 1) ||
	    !usbclass_unpack(bytes, usbclass_pack(class, bytes), &back) ||
	    memcmp(&back, class, sizeof(back)) ||
	    !usbclass_fits(class, &back, &err))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct usbclass class;
	struct usbclass_id id;
	struct error err;
	unsigned int i;

	if (!usbclass_parse(data, size, &class, &id, &err)) {
		again(&class);
		for (i = 0; i < class.n; i++)
			if (!memmem(data + 18, size - 18, &class.interfaces[i], 3))
				abort();
	}
	if (usbclass_unpack(data, size, &class))
		again(&class);
	return 0;
}
