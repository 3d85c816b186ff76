// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "size.h"

#define SIZE_MOST	(1ull << 60)	/* bytes */
#define PLACES		3		/* of a fraction, at most */

/* What a unit is worth in bytes; 0: it is none. */
static uint64_t unit_bytes(const char *text, uint64_t plain)
{
	static const char letters[] = "kmgtp";
	const char *found;
	char letter = (char)(*text | 0x20);

	if (!*text)
		return plain;
	if (!strcmp(text, "s"))
		return 512;
	if (!strcasecmp(text, "b"))
		return 1;
	found = strchr(letters, letter);
	if (!found || (text[1] && strcasecmp(text + 1, "ib")))
		return 0;
	return 1ull << 10 * (found - letters + 1);
}

/* Digits from @at on; false where there are none or too many. */
static bool digits(const char **at, unsigned int most, uint64_t *n,
		   unsigned int *count)
{
	*n = 0;
	for (*count = 0; **at >= '0' && **at <= '9'; (*at)++, (*count)++) {
		if (*count == most)
			return false;
		*n = *n * 10 + (uint64_t)(**at - '0');
	}
	return *count;
}

bool size_parse(const char *text, uint64_t unit, uint64_t *bytes)
{
	uint64_t whole, part = 0, worth, scale = 1;
	unsigned int count, places = 0;
	const char *at = text;

	if (!digits(&at, 19, &whole, &count))
		return false;
	if (*at == '.') {
		at++;
		if (!digits(&at, PLACES, &part, &places))
			return false;
	}
	worth = unit_bytes(at, unit);
	if (!worth && !*at && !whole && !part)
		worth = 1;
	if (!worth || whole > SIZE_MOST / worth)
		return false;
	while (places--)
		scale *= 10;
	/* no overflow: 999 * 2^50 */
	if (part * worth % scale)
		return false;
	whole = whole * worth + part * worth / scale;
	if (whole > SIZE_MOST)
		return false;
	*bytes = whole;
	return true;
}

const char *size_text(uint64_t bytes, char text[static SIZE_TEXT])
{
	static const char * const units[] = {
		"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
	};
	double n = (double)bytes / 1024;
	size_t i = 0;

	while (n >= 1024 && i < 5) {
		n /= 1024;
		i++;
	}
	snprintf(text, SIZE_TEXT, n < 10 && i ? "%.1f %s" : "%.0f %s", n,
		 units[i]);
	return text;
}

const char *size_time(uint64_t seconds, char text[static SIZE_TEXT])
{
	unsigned long long s = seconds;

	if (s >= 3600)
		snprintf(text, SIZE_TEXT, "%llu:%02llu:%02llu", s / 3600,
			 s / 60 % 60, s % 60);
	else
		snprintf(text, SIZE_TEXT, "%llu:%02llu", s / 60, s % 60);
	return text;
}
