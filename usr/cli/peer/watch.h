/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_CLI_PEER_WATCH_H
#define HEARTH_CLI_PEER_WATCH_H

#include "../monitor.h"

/* Peers, for "hearth monitor". */
extern const struct monitor_kind peer_watch;

#endif
