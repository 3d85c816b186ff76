// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "names.h"

FILE *names_open(void)
{
	FILE *ids = fopen("/usr/share/misc/usb.ids", "re");

	return ids ? ids : fopen("/var/lib/usbutils/usb.ids", "re");
}

/* Is @line "XXXX  name" with this number? Then @name is copied. */
static int match(const char *line, uint16_t id, char *name)
{
	char *end;

	if (strtoul(line, &end, 16) != id || end != line + 4)
		return 0;
	end += strspn(end, " ");
	snprintf(name, 64, "%.*s", (int)strcspn(end, "\n"), end);
	return 1;
}

void names_find(FILE *ids, uint16_t vendor, uint16_t product,
		char vendor_name[static 64], char product_name[static 64])
{
	char line[512];

	*vendor_name = '\0';
	*product_name = '\0';
	if (!ids)
		return;
	rewind(ids);
	while (fgets(line, sizeof(line), ids)) {
		if (!strchr("0123456789abcdefABCDEF", *line) || !*line)
			continue;
		if (match(line, vendor, vendor_name))
			break;
	}
	while (*vendor_name && fgets(line, sizeof(line), ids)) {
		if (*line == '#' || !strncmp(line, "\t\t", 2))
			continue;
		if (*line != '\t' || match(line + 1, product, product_name))
			break;
	}
}
