/* SPDX-License-Identifier: GPL-2.0 */
/* Jobs of the kernel's: held, let go on, ended, waited for. */
#ifndef HEARTH_JOB_H
#define HEARTH_JOB_H

#include <signal.h>

#include "volume.h"

/* "rekey pause" and the like to a volume of ours. 0 or a negative errno. */
__attribute__((format(printf, 3, 4)))
int job_send(const char *name, struct error *err, const char *fmt, ...);

struct job_wait {
	const char *name;
	/* Called with how it stands, at first and once a second; or NULL. */
	void (*show)(const struct mapper_volume *dm, void *arg);
	void *arg;
	/* Set by a signal, which is blocked but for @mask: no more waiting. */
	volatile sig_atomic_t *stop;
	const sigset_t *mask;
};

/*
 * Waits until a volume has no job, as the events of its family tell. Returns 0,
 * -EAGAIN where the job does not go on, -EINTR where @stop is set, or another
 * negative errno. @dm is how it stands then.
 */
int job_wait(const struct job_wait *wait, struct mapper_volume *dm,
	     struct error *err);

/*
 * All regions of a device to another one; both are numbers or paths. Returns 0 or
 * a negative errno.
 */
int job_drain(const char *name, const char *from, const char *to,
	      struct error *err);

#endif
