/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a client of USB/IP asks first: the list of devices, or one of them. From there on it
 * is an exporter's. A peer asks over TLS, and the kernel takes its session over, as the
 * exporter has no key; anybody asks at the plain port (plain.h).
 */
#ifndef HEARTH_NODE_USBSERVE_H
#define HEARTH_NODE_USBSERVE_H

#include "link.h"
#include "share.h"

extern const struct link_ops usbserve_ops;	/* of a link for WIRE_USB that came in */

#define USBSERVE_LIST_MAX	(192u << 10)	/* bytes of an answer */

/* OP_REP_DEVLIST for this client, to be freed; NULL without memory. */
uint8_t *usbserve_list(struct node *node, const struct share_client *client,
		       size_t *size);

/* What of it USB/IP can tell. */
enum usbip_status usbserve_status(const struct error *err);

#endif
