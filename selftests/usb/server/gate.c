// SPDX-License-Identifier: GPL-2.0
#include <signal.h>
#include <stddef.h>

#include "gate.h"

static volatile sig_atomic_t closed;

static void open_gate(int sig)
{
	(void)sig;
	closed = 0;
}

void gate_close(void)
{
	struct sigaction action = { .sa_handler = open_gate };

	closed = 1;
	sigaction(SIGUSR1, &action, NULL);
}

bool gate_is_open(void)
{
	return !closed;
}
