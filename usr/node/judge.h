/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Is what was plugged in what was wished for? A peer may say of its device what it likes:
 * what counts is what the kernel has read from it here, before any driver had it.
 */
#ifndef HEARTH_NODE_JUDGE_H
#define HEARTH_NODE_JUDGE_H

#include "../lib/port.h"
#include "store.h"

/*
 * Of the device that the port has now. @class becomes what it can do. Returns 0 where
 * drivers may have it, -EALREADY where they may already, -ENODEV where it is gone or another
 * one by now, or another negative errno, and @why says what is wrong with it.
 */
int judge(const struct store_wish *wish, const struct port *port,
	  struct usbclass *class, struct error *why);

#endif
