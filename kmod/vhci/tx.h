/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transmit side of a connection: lanes of requests whose submit or unlink
 * is to leave, and the one who sends them.
 */
#ifndef _HEARTH_VHCI_TX_H
#define _HEARTH_VHCI_TX_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/uio.h>
#include <linux/workqueue.h>

#include "cursor.h"
#include "link.h"
#include "request.h"

/* Pieces of one sendmsg, and so messages at the most. */
#define TX_PIECES	64

enum tx_lane {
	TX_LANE_URGENT,		/* unlink, control, interrupt, isochronous */
	TX_LANE_BULK,
	TX_LANES,
};

struct vhci_tx {
	struct vhci_link *link;
	struct req_table *reqs;		/* whose lock protects @lane to @since */
	u32 devid;
	struct list_head lane[TX_LANES];	/* of struct vhci_req, by node */
	bool held;			/* only unlinks leave, see storage.c */
	u64 bytes;			/* sent */
	bool blocked;			/* no room in the socket */
	bool inside;			/* in the socket's sendmsg */
	u32 since;			/* jiffies of either, or of progress since */

	/*
	 * Held by whoever sends: outside of the socket's lock and the table's.
	 * Owns what follows.
	 */
	struct mutex mutex;
	struct list_head batch;		/* being sent, in order */
	u32 off;			/* bytes of the first one sent */
	struct cursor at;		/* its buffer, if @off is inside */
	struct usbip_header hdr[TX_PIECES];
	struct kvec piece[TX_PIECES];

	struct work_struct work;
	struct delayed_work late_work;
};

void tx_init(struct vhci_tx *tx, struct vhci_link *link, struct req_table *reqs);
void tx_queue(struct vhci_tx *tx, struct vhci_req *req, enum tx_lane lane);
void tx_kick(struct vhci_tx *tx);
void tx_kick_late(struct vhci_tx *tx);
void tx_flush(struct vhci_tx *tx);
void tx_hold(struct vhci_tx *tx, bool hold);
void tx_stop(struct vhci_tx *tx);

#endif /* _HEARTH_VHCI_TX_H */
