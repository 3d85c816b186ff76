// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

bool number_parse(const char *text, uint64_t max, uint64_t *n)
{
	size_t len = strspn(text, "0123456789");
	unsigned long long v;

	if (!len || len > 20 || text[len])
		return false;
	errno = 0;
	v = strtoull(text, NULL, 10);
	if (errno || v > max)
		return false;
	*n = v;
	return true;
}
