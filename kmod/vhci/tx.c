// SPDX-License-Identifier: GPL-2.0
/*
 * The transmit side of a connection: many messages in one sendmsg.
 *
 * Messages wait in two lanes. The urgent one is emptied first, and the socket
 * holds LINK_WINDOW unsent bytes at the most, so an unlink or a key press waits
 * for that much bulk data and no more. A message of which a part is sent is
 * finished before any other.
 *
 * A header is packed where it is sent from, again for each send: a request is
 * so small that thousands may wait.
 */
#include <linux/cred.h>
#include <linux/net.h>
#include <linux/sched/mm.h>
#include <uapi/linux/hearth_usb.h>

#include "tx.h"
#include "urb.h"

/* Sends of one run; then others on the queue, or the caller, have their turn. */
#define TX_RUN		16

/* --- one message ----------------------------------------------------------- */

static u32 tx_len(const struct vhci_req *req)
{
	u32 len = sizeof(struct usbip_header);

	if (!req_is_unlink(req))
		len += urb_out_bytes(req) + urb_iso_bytes(req);
	return len;
}

/* The bytes that lie together behind the first @off. 0: none left. */
static u32 tx_piece(const struct vhci_req *req, struct usbip_header *hdr,
		    u32 off, const struct cursor *at, void **p)
{
	u32 data = urb_out_bytes(req);

	if (off < sizeof(*hdr)) {
		*p = (void *)hdr + off;
		return sizeof(*hdr) - off;
	}
	off -= sizeof(*hdr);
	if (off < data)
		return cursor_chunk(at, data - off, p);
	if (!req->isochronous)
		return 0;
	off -= data;
	*p = (void *)req->iso->packet + off;
	return urb_iso_bytes(req) - off;
}

/* From @off over @n bytes that lie together. */
static void tx_step(const struct vhci_req *req, u32 *off, struct cursor *at,
		    u32 n)
{
	if (*off >= sizeof(struct usbip_header) &&
	    *off < sizeof(struct usbip_header) + urb_out_bytes(req))
		cursor_advance(at, n);
	*off += n;
}

static void tx_start(const struct vhci_req *req, struct cursor *at)
{
	if (!req_is_unlink(req) && urb_out_bytes(req))
		urb_cursor(req, at);
	else
		cursor_init_buf(at, NULL);
}

/* --- filling a send -------------------------------------------------------- */

/* The first in a lane. While the connection is held: unlinks only. */
static struct vhci_req *tx_first(struct vhci_tx *tx, int lane)
{
	struct vhci_req *req;

	list_for_each_entry(req, &tx->lane[lane], node)
		if (!tx->held || req_is_unlink(req))
			return req;
	return NULL;
}

/* The next one that waits, moved to the batch. NULL: none. */
static struct vhci_req *tx_next(struct vhci_tx *tx)
{
	struct vhci_req *req;
	int i;

	for (i = 0; i < TX_LANES; i++) {
		req = tx_first(tx, i);
		if (!req)
			continue;
		list_move_tail(&req->node, &tx->batch);
		req_sending(req);
		return req;
	}
	return NULL;
}

/*
 * Lay out what one sendmsg takes: the rest of the batch, then messages from
 * the lanes. Returns the bytes, and their pieces in tx->piece.
 */
static size_t tx_fill(struct vhci_tx *tx, int *pieces)
{
	struct usbip_header *hdr = tx->hdr;
	struct cursor at = tx->at;
	u32 off = tx->off;
	struct vhci_req *req;
	size_t bytes = 0;
	int n = 0;

	req = list_first_entry_or_null(&tx->batch, struct vhci_req, node);
	while (n < TX_PIECES && bytes < LINK_WINDOW) {
		void *p;
		u32 len;

		if (!req) {
			req = tx_next(tx);
			if (!req)
				break;
			off = 0;
			tx_start(req, &at);
			if (list_is_first(&req->node, &tx->batch))
				tx->at = at;
		}
		if (off < sizeof(*hdr))
			urb_pack(req, tx->devid, hdr);
		len = tx_piece(req, hdr, off, &at, &p);
		if (len) {
			tx->piece[n].iov_base = p;
			tx->piece[n].iov_len = len;
			n++;
			bytes += len;
			tx_step(req, &off, &at, len);
		}
		if (off < tx_len(req))
			continue;
		req->offered = true;
		hdr++;
		if (list_is_last(&req->node, &tx->batch)) {
			req = NULL;
		} else {
			req = list_next_entry(req, node);
			off = 0;
			tx_start(req, &at);
		}
	}
	*pieces = n;
	return bytes;
}

/* --- and after it ---------------------------------------------------------- */

/* All of the first message of the batch is sent. */
static void tx_complete(struct vhci_tx *tx, struct vhci_req *req)
{
	list_del_init(&req->node);
	req_sent(tx->reqs, req, (u32)jiffies);
	tx->off = 0;
	req = list_first_entry_or_null(&tx->batch, struct vhci_req, node);
	if (req)
		tx_start(req, &tx->at);
}

/* Account for @sent bytes, and report the messages they complete. */
static void tx_advance(struct vhci_tx *tx, size_t sent)
{
	tx->bytes += sent;
	while (sent) {
		struct vhci_req *req;
		void *p;
		u32 n;

		req = list_first_entry(&tx->batch, struct vhci_req, node);
		n = tx_len(req) - tx->off;
		if (n <= sent) {
			tx_complete(tx, req);
		} else {
			n = tx_piece(req, tx->hdr, tx->off, &tx->at, &p);
			n = min_t(size_t, n, sent);
			tx_step(req, &tx->off, &tx->at, n);
		}
		sent -= n;
	}
}

/* What stays in the batch was not sent in full. True: it was answered. */
static bool tx_withdraw(struct vhci_tx *tx)
{
	struct vhci_req *req;
	bool lied = false;

	list_for_each_entry(req, &tx->batch, node)
		lied |= req_withdraw(req);
	return lied;
}

/* One sendmsg. Returns what it does, or 0 if there is nothing to be sent. */
static int tx_send(struct vhci_tx *tx, bool *lied)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct vhci_link *link = tx->link;
	size_t bytes = 0;
	int pieces = 0;
	int ret;

	spin_lock_irq(&tx->reqs->lock);
	if (!link_is_dead(link))
		bytes = tx_fill(tx, &pieces);
	tx->inside = bytes;
	if (!tx->blocked)
		tx->since = jiffies;
	if (!bytes)
		tx->blocked = false;
	spin_unlock_irq(&tx->reqs->lock);
	if (!bytes)
		return 0;

	/* kTLS lets one who has a file of the socket hold the call up. */
	if (link->how == LINK_TLS)
		link->ops->pending(link);
	ret = kernel_sendmsg(link->sock, &msg, tx->piece, pieces, bytes);

	spin_lock_irq(&tx->reqs->lock);
	if (ret > 0)
		tx_advance(tx, ret);
	*lied = tx_withdraw(tx);
	tx->inside = false;
	if (ret > 0 || !tx->blocked)
		tx->since = jiffies;
	tx->blocked = ret == -EAGAIN;
	spin_unlock_irq(&tx->reqs->lock);
	return ret;
}

/* Send what there is. The caller has the mutex. */
static void tx_run(struct vhci_tx *tx)
{
	const struct cred *cred = override_creds(link_creds());
	unsigned int noreclaim = memalloc_noreclaim_save();
	struct vhci_link *link = tx->link;
	bool lied = false;
	int i, ret;

	for (i = 0; i < TX_RUN; i++) {
		ret = tx_send(tx, &lied);
		if (ret <= 0 || lied)
			break;
	}
	memalloc_noreclaim_restore(noreclaim);
	revert_creds(cred);

	if (lied) {
		link->ops->failed(link, HEARTH_USB_PORT_REASON_PROTOCOL, -EPROTO,
				  "answer to a request that was not sent in full");
	} else if (ret > 0 || ret == -EINTR || ret == -ERESTARTSYS) {
		/* There may be more; kTLS minds the caller's signals. */
		spin_lock_irq(&tx->reqs->lock);
		tx_kick(tx);
		spin_unlock_irq(&tx->reqs->lock);
	} else if (ret == -EAGAIN) {
		link->ops->pending(link);
	} else if (ret < 0) {
		link->ops->failed(link, HEARTH_USB_PORT_REASON_LOST, ret, NULL);
	}
}

static void tx_work(struct work_struct *work)
{
	struct vhci_tx *tx = container_of(work, struct vhci_tx, work);

	mutex_lock(&tx->mutex);
	tx_run(tx);
	mutex_unlock(&tx->mutex);
}

static void tx_late_work(struct work_struct *work)
{
	tx_work(&container_of(to_delayed_work(work), struct vhci_tx,
			      late_work)->work);
}

/* --- for those above ------------------------------------------------------- */

/**
 * tx_queue() - something of a request is to leave when its turn comes
 * @tx: the transmit side; the table's lock is held
 * @req: whose submit, or unlink, it is
 * @lane: in which
 *
 * The caller sees to it that it is sent: tx_kick(), tx_kick_late() or tx_flush().
 */
void tx_queue(struct vhci_tx *tx, struct vhci_req *req, enum tx_lane lane)
{
	list_add_tail(&req->node, &tx->lane[lane]);
}

/**
 * tx_kick() - there is something to send, or room to send it
 * @tx: the transmit side; the table's lock is held, or the caller is a callback
 *	of the socket
 *
 * A dead link gets no work: tx_stop() may have cancelled it already. It is dead
 * before the table's lock is given up, and before callbacks are waited for.
 */
void tx_kick(struct vhci_tx *tx)
{
	if (!link_is_dead(tx->link))
		queue_work(link_wq, &tx->work);
}

/* There is something to send that more will follow. The table's lock is held. */
void tx_kick_late(struct vhci_tx *tx)
{
	if (!link_is_dead(tx->link))
		queue_delayed_work(link_wq, &tx->late_work, 1);
}

/**
 * tx_flush() - send what waits, in the caller's own context
 * @tx: the transmit side; the table's lock is not held
 *
 * For one who will do nothing but wait for the answer: it saves the way by the
 * work item. May sleep.
 */
void tx_flush(struct vhci_tx *tx)
{
	if (mutex_trylock(&tx->mutex)) {
		tx_run(tx);
		mutex_unlock(&tx->mutex);
		return;
	}
	spin_lock_irq(&tx->reqs->lock);
	tx_kick(tx);
	spin_unlock_irq(&tx->reqs->lock);
}

/* From now on only unlinks leave, or all again. The table's lock is held. */
void tx_hold(struct vhci_tx *tx, bool hold)
{
	tx->held = hold;
	if (!hold)
		tx_kick(tx);
}

/* After link_shut(), on a dead link: nobody sends when this returns. */
void tx_stop(struct vhci_tx *tx)
{
	cancel_work_sync(&tx->work);
	cancel_delayed_work_sync(&tx->late_work);
	/* One who sends in a context of its own is through after this. */
	mutex_lock(&tx->mutex);
	mutex_unlock(&tx->mutex);
	/* It may have queued the work, for one more look at the dead link. */
	cancel_work_sync(&tx->work);
}

void tx_init(struct vhci_tx *tx, struct vhci_link *link, struct req_table *reqs)
{
	int i;

	tx->link = link;
	tx->reqs = reqs;
	for (i = 0; i < TX_LANES; i++)
		INIT_LIST_HEAD(&tx->lane[i]);
	INIT_LIST_HEAD(&tx->batch);
	mutex_init(&tx->mutex);
	INIT_WORK(&tx->work, tx_work);
	INIT_DELAYED_WORK(&tx->late_work, tx_late_work);
}
