// SPDX-License-Identifier: GPL-2.0
/* A line of /etc/hearth/volumes. */
#include <stdlib.h>
#include <string.h>

#include "../format/volumetab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct volumetab entry;
	char *text = malloc(size + 1);
	struct error err;
	unsigned int i;

	memcpy(text, data, size);
	text[size] = '\0';
	if (volumetab_parse(text, &entry, &err) == 1) {
		if (!*entry.name || !entry.n_devices ||
		    entry.n_devices > VOLUMETAB_DEVICES)
			abort();
		for (i = 0; i < entry.n_devices; i++)
			if (entry.devices[i][0] != '/')
				abort();
	}
	free(text);
	return 0;
}
