// SPDX-License-Identifier: GPL-2.0
/* A size on a command line. */
#include <stdlib.h>
#include <string.h>

#include "../format/size.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), shown[SIZE_TEXT];
	uint64_t n, other;

	memcpy(text, data, size);
	text[size] = '\0';
	if (size_parse(text, 1, &n)) {
		if (n > 1ull << 60)
			abort();
		size_text(n, shown);
		size_time(n, shown);
	}
	/* a unit that is said does not depend on the one that is not */
	if (size_parse(text, 0, &n) &&
	    (!size_parse(text, 1024, &other) || n != other))
		abort();
	free(text);
	return 0;
}
