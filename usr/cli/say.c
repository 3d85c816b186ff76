// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "say.h"

static const char *command = "";

void say_command(const char *path)
{
	command = path;
}

int refused(const struct error *err)
{
	fflush(stdout);
	fprintf(stderr, "hearth: %s\n", err->text);
	return EXIT_REFUSED;
}

int usage(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("hearth: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "; see hearth %s%s--help\n", command,
		*command ? " " : "");
	return EXIT_USAGE;
}
