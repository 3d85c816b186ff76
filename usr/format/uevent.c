// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "uevent.h"

#define KEY	"SUBSYSTEM="

bool uevent_is_of(const char *data, size_t size, const char *subsystem)
{
	size_t at = 0, len;

	while (at < size) {
		len = strnlen(data + at, size - at);
		if (at + len == size)
			return false;	/* it has no end */
		if (!strncmp(data + at, KEY, strlen(KEY)))
			return !strcmp(data + at + strlen(KEY), subsystem);
		at += len + 1;
	}
	return false;
}
