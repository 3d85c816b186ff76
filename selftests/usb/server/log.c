// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "log.h"
#include "sys.h"

static FILE *log_file;
static bool detailed;

void log_open(const char *path)
{
	log_file = fopen(path, "ae");
	if (!log_file)
		sys_fail("%s", path);
}

void log_details(void)
{
	detailed = true;
}

static void put_line(const char *fmt, va_list args)
{
	if (!log_file)
		return;
	vfprintf(log_file, fmt, args);
	fputc('\n', log_file);
	fflush(log_file);
}

void log_line(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_line(fmt, args);
	va_end(args);
}

void log_detail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (detailed)
		put_line(fmt, args);
	va_end(args);
}
