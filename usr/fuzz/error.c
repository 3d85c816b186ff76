// SPDX-License-Identifier: GPL-2.0
/* What a server or the kernel said, in a sentence for a terminal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err;
	size_t i, len;

	error_set(&err, 1, "it says: %.*s", (int)size, (const char *)data);
	len = strnlen(err.text, sizeof(err.text));
	if (len == sizeof(err.text))
		abort();
	for (i = 0; i < len; i++)
		if ((unsigned char)err.text[i] < ' ' || err.text[i] == 0x7f)
			abort();
	return 0;
}
