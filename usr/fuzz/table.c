// SPDX-License-Identifier: GPL-2.0
/* The kernel's table line: what is read is written, and read the same again. */
#include <stdlib.h>
#include <string.h>

#include "../format/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct table table, again;
	char *text = malloc(size + 1), *line;
	struct error err;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!table_parse(text, &table, &err)) {
		if (table.n_devices > TABLE_DEVICES ||
		    table.n_keys > TABLE_KEYS)
			abort();
		line = table_format(&table);
		if (line && table_parse(line, &again, &err))
			abort();
		if (line && memcmp(&table, &again, sizeof(table)))
			abort();
		free(line);
	}
	free(text);
	return 0;
}
