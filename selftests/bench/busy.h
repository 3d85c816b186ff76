/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the CPU has been busy for, in nanoseconds: on the machine that counts
 * instructions, their number. Interrupts that come while it is idle count too.
 */
#ifndef BUSY_H
#define BUSY_H

#include <stdint.h>

/* The clock less the time that CPU 0 has slept. Exits on failure. */
uint64_t busy_ns(void);
/* The clock alone. */
uint64_t clock_ns(void);

#endif /* BUSY_H */
