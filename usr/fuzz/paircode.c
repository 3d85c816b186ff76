// SPDX-License-Identifier: GPL-2.0
/* A code, as somebody typed it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/paircode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), code[PAIRCODE_SIZE], again[PAIRCODE_SIZE];

	memcpy(text, data, size);
	text[size] = 0;
	if (paircode_read(text, code)) {
		if (strlen(code) != PAIRCODE_SIZE - 1 ||
		    !paircode_read(code, again) || strcmp(code, again))
			abort();
	}
	free(text);
	return 0;
}
