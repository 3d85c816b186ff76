/* SPDX-License-Identifier: GPL-2.0 */
/* Asking a peer for its devices, over a TLS connection of its own (WIRE_USB). */
#ifndef HEARTH_NODE_USBASK_H
#define HEARTH_NODE_USBASK_H

#include "../format/usbip.h"
#include "node.h"

struct usbask;

/* What came of it: one of these, or what went wrong. */
struct usbask_answer {
	const struct usbip_list *list;
	const struct usbip_device *device;
	int fd;		/* of the device's URBs; to be closed by who is told */
	const struct error *err;
};

typedef void (*usbask_done)(void *arg, const struct usbask_answer *answer);

/*
 * Without a bus id: for what the peer shares with this node. With one: for the device and
 * the connection that carries its URBs, whose TLS is the kernel's: refused where the kernel
 * has none, as what writes back to a disk must not have to wait for a program. @done is
 * called once, and not before this returns; it is over then. Returns NULL where it can't
 * even be asked.
 */
struct usbask *usbask_begin(struct node *node, const uint8_t id[static PEER_ID],
			    const char *busid, usbask_done done, void *arg,
			    struct error *err);

/* The answer is not wanted any more. */
void usbask_forget(struct usbask *ask);

#endif
