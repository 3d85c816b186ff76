// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "names.h"

struct line {
	const char *text;	/* without its end; no zero behind it */
	size_t len;
};

/* Takes a line off the text between @at and @end. */
static bool next_line(const char **at, const char *end, struct line *line)
{
	const char *stop;

	if (*at == end)
		return false;
	stop = memchr(*at, '\n', (size_t)(end - *at));
	line->text = *at;
	line->len = (size_t)((stop ? stop : end) - *at);
	*at = stop ? stop + 1 : end;
	return true;
}

/* Is @text "XXXX  name" with this number? Then @name is copied. */
static bool match(const char *text, size_t len, uint16_t id, char *name)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < 4; i++) {
		char want = digits[id >> (12 - 4 * i) & 0xf];

		if (i == len || tolower((unsigned char)text[i]) != want)
			return false;
	}
	while (i < len && text[i] == ' ')
		i++;
	if (i == 4)
		return false;
	len -= i;
	if (len >= NAMES_SIZE)
		len = NAMES_SIZE - 1;
	memcpy(name, text + i, len);
	name[len] = '\0';
	return true;
}

void names_find(const char *ids, size_t size, uint16_t vendor,
		uint16_t product, char vendor_name[static NAMES_SIZE],
		char product_name[static NAMES_SIZE])
{
	const char *end = size ? ids + size : ids;
	struct line line;
	bool found = false;

	*vendor_name = '\0';
	*product_name = '\0';
	while (!found && next_line(&ids, end, &line))
		found = match(line.text, line.len, vendor, vendor_name);
	while (found && next_line(&ids, end, &line)) {
		if (!line.len || *line.text == '#' ||
		    (line.len > 1 && line.text[0] == '\t' &&
		     line.text[1] == '\t'))
			continue;
		if (*line.text != '\t' ||
		    match(line.text + 1, line.len - 1, product, product_name))
			break;
	}
}
