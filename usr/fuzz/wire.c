// SPDX-License-Identifier: GPL-2.0
/* What another node says; what is understood is written the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct wire *wire)
{
	uint8_t bytes[8192];
	size_t size = wire_format(wire, bytes, sizeof(bytes));
	struct frame frame;
	struct wire back;
	struct error err;

	if (!size || frame_next(bytes, size, &frame, &err) != (long)size ||
	    wire_parse(&frame, &back, &err) || memcmp(wire, &back, sizeof(back)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frame frame;
	struct wire wire;
	struct error err;
	size_t at = 0;
	long n;

	while ((n = frame_next(data + at, size - at, &frame, &err)) > 0) {
		if (!wire_parse(&frame, &wire, &err))
			again(&wire);
		at += (size_t)n;
	}
	return 0;
}
