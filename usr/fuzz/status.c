// SPDX-License-Identifier: GPL-2.0
/* The kernel's status and table lines. */
#include <stdlib.h>
#include <string.h>

#include "../format/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct status status;
	struct table table;
	struct error err;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!status_parse(text, &status, &err) &&
	    (status.n_slots > STATUS_SLOTS || status.written > status.regions))
		abort();
	if (!table_parse(text, &table, &err) &&
	    (table.n_devices > STATUS_DEVICES ||
	     strlen(table.cipher) >= sizeof(table.cipher)))
		abort();
	free(text);
	return 0;
}
