/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_CLI_VOLUME_WATCH_H
#define HEARTH_CLI_VOLUME_WATCH_H

#include "../monitor.h"

/* Volumes, for "hearth monitor". */
extern const struct monitor_kind volume_watch;

#endif
