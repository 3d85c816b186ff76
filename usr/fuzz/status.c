// SPDX-License-Identifier: GPL-2.0
/* The kernel's status line. */
#include <stdlib.h>
#include <string.h>

#include "../format/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct status status;
	struct error err;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!status_parse(text, &status, &err) &&
	    (status.n_slots > STATUS_SLOTS || status.written > status.regions))
		abort();
	free(text);
	return 0;
}
