// SPDX-License-Identifier: GPL-2.0
/* Hexadecimal digits, as a user or a program wrote them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../format/hex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), back[2 * 8 + 1];
	uint8_t bytes[8];

	memcpy(text, data, size);
	text[size] = '\0';
	if (hex_parse(text, bytes, 8)) {
		hex_text(bytes, 8, back);
		if (strlen(text) != 16 || strcasecmp(text, back))
			abort();
	}
	free(text);
	return 0;
}
