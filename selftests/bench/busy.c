// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "busy.h"

/* Idle time in nanoseconds is there only; elsewhere it is in hundredths of a second. */
static const char list[] = "/proc/timer_list";

static uint64_t value(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	at = at ? strchr(at, ':') : NULL;
	if (!at)
		errx(1, "%s has no %s", list, name);
	return strtoull(at + 1, NULL, 10);
}

uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

uint64_t busy_ns(void)
{
	static char text[65536];
	size_t len = 0;
	ssize_t n;
	int fd;

	fd = open(list, O_RDONLY);
	if (fd < 0)
		err(1, "%s", list);
	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	return clock_ns() - value(text, ".idle_sleeptime") -
	       value(text, ".iowait_sleeptime");
}
