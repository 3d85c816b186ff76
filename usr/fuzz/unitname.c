// SPDX-License-Identifier: GPL-2.0
/* A path or a name that becomes a unit's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/unitname.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), name[100];
	int path;

	memcpy(text, data, size);
	text[size] = '\0';
	for (path = 0; path < 2; path++)
		if (unitname_escape(text, path, name, sizeof(name)) &&
		    (strlen(name) >= sizeof(name) || strchr(name, '/')))
			abort();
	free(text);
	return 0;
}
