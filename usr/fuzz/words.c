// SPDX-License-Identifier: GPL-2.0
/* A line of words. */
#include <stdlib.h>
#include <string.h>

#include "../format/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), small[8];
	struct words words = { .at = text };
	uint32_t n;

	memcpy(text, data, size);
	text[size] = '\0';
	while (words_next(&words))
		if (!*words.word || strchr(words.word, ' '))
			abort();
	words.at = text;
	while (words_text(&words, small, sizeof(small)))
		;
	words.at = text;
	while (words_u32(&words, 9, &n))
		if (n > 9)
			abort();
	free(text);
	return 0;
}
