/* SPDX-License-Identifier: GPL-2.0 */
/* Asking a peer for its devices, over a TLS connection of its own (WIRE_USB). */
#ifndef HEARTH_NODE_USBASK_H
#define HEARTH_NODE_USBASK_H

#include "control.h"

/*
 * Without a bus id in @request: answers with what its peer shares with this node. With one:
 * with the device and, alongside, the connection that carries its URBs, whose TLS is the
 * kernel's: refused where the kernel has none, as what writes back to a disk must not have
 * to wait for a program.
 */
void usbask_begin(struct node *node, struct asked *asked,
		  const struct request *request);

#endif
