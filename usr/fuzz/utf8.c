// SPDX-License-Identifier: GPL-2.0
/* Text of another machine. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);
	size_t i;

	memcpy(text, data, size);
	if (utf8_shows(text, size)) {
		if (!utf8_valid(text, size))
			abort();
		for (i = 0; i < size; i++)
			if (data[i] < 0x20 || data[i] == 0x7f)
				abort();
	}
	free(text);
	return 0;
}
