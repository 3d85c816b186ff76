/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_CLI_USB_WATCH_H
#define HEARTH_CLI_USB_WATCH_H

#include "../monitor.h"

/* Ports, for "hearth monitor". */
extern const struct monitor_kind usb_watch;

#endif
