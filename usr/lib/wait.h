/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting until a point in time; times are milliseconds of CLOCK_MONOTONIC. */
#ifndef HEARTH_WAIT_H
#define HEARTH_WAIT_H

#include <stdint.h>

int64_t wait_now(void);

/* How long it is until @deadline; 0 once it is over. */
int wait_left(int64_t deadline);

/* Waits for @events (of poll()) of @fd. Returns 0 or -ETIMEDOUT. */
int wait_for(int fd, short events, int64_t deadline);

#endif
