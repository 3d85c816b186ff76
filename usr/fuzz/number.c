// SPDX-License-Identifier: GPL-2.0
/* A number on a command line or in a line of the kernel's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../format/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), back[24];
	uint64_t n;

	memcpy(text, data, size);
	text[size] = '\0';
	if (number_parse(text, UINT64_MAX, &n)) {
		snprintf(back, sizeof(back), "%" PRIu64, n);
		/* but for zeros before it, it is what was read */
		if (strcmp(back, text + strlen(text) - strlen(back)))
			abort();
	}
	free(text);
	return 0;
}
