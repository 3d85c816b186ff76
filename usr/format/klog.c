// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdbool.h>
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

/* Behind "VERB refused: ", where @text begins with it; else NULL. */
static const char *behind_verb(const char *text, const char *verb)
{
	const char *rest = behind(text, verb);

	return rest ? behind(rest, " refused: ") : NULL;
}

/* Does it say that a message was refused? */
static bool is_refusal(const char *text)
{
	const char *found = strstr(text, " refused: ");

	return found && !memchr(text, ' ', (size_t)(found - text));
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

/* Of the target: "254:0: ..." or no device, and then perhaps another's. */
static enum klog_rank from_target(const char **at, const char *number,
				  const char *verb)
{
	const char *text = without_number(*at);
	bool numbered = text != *at;

	if (number && numbered && !is_number(*at, number))
		return KLOG_NONE;
	if (verb) {
		*at = behind_verb(text, verb);
		return *at && numbered ? KLOG_REASON : KLOG_NONE;
	}
	if (is_refusal(text))
		return KLOG_NONE;
	*at = text;
	return numbered || !number ? KLOG_REASON : KLOG_HINT;
}

/* Of device-mapper: "254:0: rekey: ...". */
static enum klog_rank from_table(const char **at, const char *number,
				 const char *verb)
{
	static const char target[] = ": rekey: ";
	const char *found = strstr(*at, target);

	if (verb || !found || (number && !is_number(*at, number)))
		return KLOG_NONE;
	*at = found + strlen(target);
	/* why, the target has said before */
	return behind(*at, "preresume failed") ? KLOG_HINT : KLOG_REASON;
}

enum klog_rank klog_reason(const char *record, const char *number,
			   const char *verb, char *text, size_t size)
{
	const char *at = strchr(record, ';'), *rest;
	enum klog_rank rank = KLOG_NONE;

	at = at ? behind(at + 1, "device-mapper: ") : NULL;
	if (!at)
		return KLOG_NONE;
	rest = behind(at, "rekey: ");
	if (rest) {
		rank = from_target(&rest, number, verb);
	} else {
		rest = behind(at, "table: ");
		if (rest)
			rank = from_table(&rest, number, verb);
	}
	if (rank != KLOG_NONE)
		snprintf(text, size, "%.*s",
			 (int)without_errno(rest, strcspn(rest, "\n")), rest);
	return rank;
}
