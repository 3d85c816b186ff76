/* SPDX-License-Identifier: GPL-2.0 */
/* A job is waited for, with a line of its progress. */
#ifndef HEARTH_CLI_VOLUME_PROGRESS_H
#define HEARTH_CLI_VOLUME_PROGRESS_H

#include "../verb.h"

/*
 * Waits for the end of the job of @name, and does what is to be done behind it.
 * Ctrl-C ends the waiting, not the job. Returns an exit code.
 */
int progress_wait(struct out *out, const char *name, const char *header_path);

#endif
