// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "klog.h"

/* Behind @prefix, where @text begins with it; else NULL. */
static const char *behind(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}

/* The length of @text without the error's number: ": -22", " (-EINVAL)". */
static size_t without_errno(const char *text, size_t len)
{
	size_t end = len;

	if (end && text[end - 1] == ')') {
		while (end && text[end - 1] != '(')
			end--;
		if (end > 2 && text[end] == '-' && text[end - 2] == ' ')
			return end - 2;
		return len;
	}
	while (end && isdigit((unsigned char)text[end - 1]))
		end--;
	if (end < len && end > 3 && !strncmp(text + end - 3, ": -", 3))
		return end - 3;
	return len;
}

/* "key refused: " says what the caller knows. */
static const char *without_verb(const char *text)
{
	static const char said[] = " refused: ";
	const char *found = strstr(text, said);

	if (!found || memchr(text, ' ', (size_t)(found - text)))
		return text;
	return found + strlen(said);
}

/* Behind the "254:0: " of a device; @text where there is none. */
static const char *without_number(const char *text)
{
	size_t major = strspn(text, "0123456789"), minor;

	if (!major || text[major] != ':')
		return text;
	minor = strspn(text + major + 1, "0123456789");
	if (!minor || strncmp(text + major + 1 + minor, ": ", 2))
		return text;
	return text + major + minor + 3;
}

static bool is_number(const char *text, const char *number)
{
	const char *rest = behind(text, number);

	return rest && *rest == ':';
}

bool klog_reason(const char *record, const char *number, char *text,
		 size_t size)
{
	const char *at = strchr(record, ';'), *rest;
	size_t len;

	at = at ? behind(at + 1, "device-mapper: ") : NULL;
	if (!at)
		return false;
	rest = behind(at, "rekey: ");
	if (rest) {
		at = without_number(rest);
		if (number && at != rest && !is_number(rest, number))
			return false;
	} else if (behind(at, "table: ")) {
		rest = strstr(at, ": rekey: ");
		if (!rest)
			return false;
		at = rest + strlen(": rekey: ");
	} else {
		return false;
	}
	at = without_verb(at);
	len = without_errno(at, strcspn(at, "\n"));
	snprintf(text, size, "%.*s", (int)len, at);
	return true;
}
