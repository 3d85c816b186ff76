// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "unitname.h"

static bool is_plain(char c, bool first)
{
	if (c == '.')
		return !first;
	return strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_",
		      c);
}

bool unitname_escape(const char *text, bool path, char *name, size_t size)
{
	const char *at = text;
	size_t len = 0;

	if (path)
		at += strspn(at, "/");
	if (!*at)
		return false;
	for (; *at; at++) {
		/* the longest that one takes, and the end */
		if (len + 5 > size)
			return false;
		if (path && *at == '/') {
			at += strspn(at, "/") - 1;
			if (at[1])
				name[len++] = '-';
		} else if (is_plain(*at, !len)) {
			name[len++] = *at;
		} else {
			len += (size_t)snprintf(name + len, size - len,
						"\\x%02x", (unsigned char)*at);
		}
	}
	name[len] = '\0';
	return true;
}
