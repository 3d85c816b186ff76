// SPDX-License-Identifier: GPL-2.0
#include <stdint.h>
#include <stdlib.h>

#include "../format/uevent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* of two names at most one is its */
	if (uevent_is_of((const char *)data, size, "usb") &&
	    uevent_is_of((const char *)data, size, "block"))
		abort();
	return 0;
}
