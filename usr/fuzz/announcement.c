// SPDX-License-Identifier: GPL-2.0
/* An instance's name, and strings of a TXT record as a wire has them: length, bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/announcement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is understood is said the same again. */
static void again(const struct announcement *said, const char *instance)
{
	struct announcement back = { 0 };
	char text[ANNOUNCEMENT_TEXT];
	struct error err;
	unsigned int n;

	for (n = 0; announcement_text(said, n, text); n++)
		if (announcement_take(&back, text, strlen(text), &err))
			abort();
	if (announcement_check(&back, instance, &err) ||
	    memcmp(said, &back, sizeof(back)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct announcement said = { 0 };
	char instance[64] = "";
	struct error err;
	size_t at, n = size < 40 ? size : 40;

	memcpy(instance, data, n);
	for (at = n; at < size; at += 1 + n) {
		n = data[at] < size - at - 1 ? data[at] : size - at - 1;
		if (announcement_take(&said, data + at + 1, n, &err))
			return 0;
	}
	if (!announcement_check(&said, instance, &err))
		again(&said, instance);
	return 0;
}
