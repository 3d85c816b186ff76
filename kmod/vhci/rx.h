/* SPDX-License-Identifier: GPL-2.0 */
/* The receive side of a connection: a parser of answers. */
#ifndef _HEARTH_VHCI_RX_H
#define _HEARTH_VHCI_RX_H

#include <linux/workqueue.h>

#include "cursor.h"
#include "link.h"
#include "proto.h"
#include "request.h"

enum rx_stage {
	RX_HEADER,
	RX_DATA,
	RX_ISO,
	RX_DISCARD,
};

struct vhci_rx {
	struct vhci_link *link;
	struct req_table *reqs;
	struct work_struct work;

	/* Of whoever owns the socket, or of the work where recvmsg reads. */
	enum rx_stage stage;
	u32 off;		/* bytes of the stage received */
	u32 want;		/* bytes of the stage */
	struct vhci_req *req;	/* NULL: discard */
	struct cursor at;
	struct proto_answer answer;
	struct usbip_header hdr;
	u32 skip;		/* bytes of a KeyUpdate still to be read */

	/* Written by that one, read by anyone. */
	u64 bytes;
	bool mid;		/* in the middle of a message */
	u32 since;		/* jiffies when bytes came last, or it began */
	bool inside;		/* in the socket's recvmsg */
	u32 inside_since;	/* jiffies */
	bool rekeying;		/* a KeyUpdate came, and no new key */
	u32 rekeying_since;	/* jiffies */
};

void rx_init(struct vhci_rx *rx, struct vhci_link *link, struct req_table *reqs);
void rx_kick(struct vhci_rx *rx);
bool rx_read(struct vhci_rx *rx);
void rx_stop(struct vhci_rx *rx);

#endif /* _HEARTH_VHCI_RX_H */
