/* SPDX-License-Identifier: GPL-2.0 */
/* Memory, time, and the end of the program: what fails here ends it. */
#ifndef SYS_H
#define SYS_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds of the monotonic clock. */
int64_t sys_now_ms(void);

/* Zeroed memory, which free() takes back. */
void *sys_alloc(size_t size);

/* Ends the program, and says why, with errno. */
void sys_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
