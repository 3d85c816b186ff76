/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_CLI_ENV_WATCH_H
#define HEARTH_CLI_ENV_WATCH_H

#include "../monitor.h"

/* Sealed environments, for "hearth monitor". */
extern const struct monitor_kind env_watch;

#endif
