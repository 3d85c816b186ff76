// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "../format/usbrule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), back[USBRULE_TEXT], again[USBRULE_TEXT];
	const struct usbip_device about = { 0 };
	struct usbrule rule, second;
	struct error err;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!usbrule_parse(text, &rule, &err)) {
		usbrule_text(&rule, back);
		if (usbrule_parse(back, &second, &err) ||
		    second.kind != rule.kind)
			abort();
		usbrule_text(&second, again);
		if (strcmp(back, again))
			abort();
		usbrule_matches(&rule, &about, text);
	}
	free(text);
	return 0;
}
