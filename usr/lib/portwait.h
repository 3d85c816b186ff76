/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting for what happens to a port, by its events. */
#ifndef HEARTH_PORTWAIT_H
#define HEARTH_PORTWAIT_H

#include <signal.h>

#include "port.h"

struct portwait {
	const sigset_t *mask;	/* of signals while it waits; NULL: as it is */
	struct channel requests;
	struct channel events;
};

/*
 * Opens both channels; before what is waited for is asked for, so that no event
 * falls between. Returns 0 or a negative errno; portwait_close() is due after 0.
 * The mask is NULL then.
 */
int portwait_open(struct portwait *wait, struct error *err);
void portwait_close(struct portwait *wait);

/*
 * Waits until @until says so of a port, or the port is gone. @port: its id is
 * set, the state is 0 where nothing is known of it yet; it becomes what was told
 * last. One that went unseen is gone without a reason. @limit: milliseconds, or
 * -1 where the kernel sees to it that something happens. Returns 0, -ETIMEDOUT,
 * -EINTR after a signal that is caught, or another negative errno.
 */
int portwait_until(struct portwait *wait, struct port *port, int limit,
		   bool (*until)(const struct port *port), struct error *err);

#endif
