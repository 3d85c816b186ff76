// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sys.h"

int64_t sys_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void *sys_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		sys_fail("%zu bytes", size);
	return p;
}

void sys_fail(const char *fmt, ...)
{
	int error = errno;
	va_list args;

	va_start(args, fmt);
	fputs("liar: ", stderr);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, ": %s\n", strerror(error));
	va_end(args);
	exit(1);
}
