// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "wait.h"

int64_t wait_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int wait_left(int64_t deadline)
{
	int64_t left = deadline - wait_now();

	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int left, ret;

	do {
		left = wait_left(deadline);
		ret = poll(&pfd, 1, left);
	} while ((ret < 0 && errno == EINTR) || (!ret && left));
	return ret > 0 ? 0 : -ETIMEDOUT;
}
