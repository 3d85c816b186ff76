/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lies and faults begin where the gate opens. It is open from the start,
 * unless --gate closes it till a SIGUSR1: then a device is enumerated and its
 * driver bound by an honest server, and what follows is caught in the act.
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>

void gate_close(void);
bool gate_is_open(void);

#endif
