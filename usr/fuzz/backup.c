// SPDX-License-Identifier: GPL-2.0
/* The head of a backup, which lay on a stick for years. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/backup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct backup backup;
	struct error err;
	uint8_t head[BACKUP_HEAD];

	if (!backup_parse(data, size, &backup, &err)) {
		backup_format(&backup, head);
		if (memcmp(head, data, BACKUP_HEAD) ||
		    backup.size != size - BACKUP_HEAD ||
		    backup.memory > 1u << 20 || backup.size > BACKUP_MAX)
			abort();
	}
	return 0;
}
