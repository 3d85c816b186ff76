// SPDX-License-Identifier: GPL-2.0
/*
 * The transmit side of a connection: many messages in one sendmsg.
 *
 * Messages wait in two lanes. The urgent one is emptied first, and the socket
 * holds CONN_TX_WINDOW unsent bytes at the most, so an unlink or a key press
 * waits for that much bulk data and no more. A message of which a part is sent
 * is finished before any other.
 */
#include <linux/net.h>
#include <linux/sched/mm.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "conn.h"

/* The bytes of @pdu that lie together behind the first @off. 0: none left. */
static u32 pdu_piece(const struct vhci_pdu *pdu, u32 off,
		     const struct urb_cursor *at, void **p)
{
	if (off < sizeof(pdu->hdr)) {
		*p = (void *)&pdu->hdr + off;
		return sizeof(pdu->hdr) - off;
	}
	off -= sizeof(pdu->hdr);
	if (off < pdu->data_len)
		return cursor_chunk(at, pdu->data_len - off, p);
	off -= pdu->data_len;
	*p = (void *)pdu->req->iso + off;
	return pdu->iso_len - off;
}

static void pdu_advance(const struct vhci_pdu *pdu, u32 *off,
			struct urb_cursor *at, u32 n)
{
	if (*off >= sizeof(pdu->hdr) &&
	    *off < sizeof(pdu->hdr) + pdu->data_len)
		cursor_advance(at, n);
	*off += n;
}

static u32 pdu_len(const struct vhci_pdu *pdu)
{
	return sizeof(pdu->hdr) + pdu->data_len + pdu->iso_len;
}

static bool pdu_is_submit(const struct vhci_pdu *pdu)
{
	return pdu == &pdu->req->submit;
}

static void pdu_cursor(const struct vhci_pdu *pdu, struct urb_cursor *at)
{
	if (pdu->data_len)
		req_cursor(at, pdu->req);
	else
		cursor_init(at, NULL);
}

/* The first message in a lane. While the connection is held: unlinks only. */
static struct vhci_pdu *tx_first(struct vhci_conn *conn, int lane)
{
	struct vhci_pdu *pdu;

	list_for_each_entry(pdu, &conn->lane[lane], node)
		if (!conn->held || !pdu_is_submit(pdu))
			return pdu;
	return NULL;
}

/* The next message that waits, moved to the batch. NULL: none. */
static struct vhci_pdu *tx_next(struct vhci_conn *conn)
{
	struct vhci_pdu *pdu;
	int i;

	for (i = 0; i < CONN_LANES; i++) {
		pdu = tx_first(conn, i);
		if (!pdu)
			continue;
		list_move_tail(&pdu->node, &conn->tx.batch);
		if (pdu_is_submit(pdu))
			pdu->req->state = REQ_SENDING;
		else
			pdu->req->unlink = REQ_UNLINK_SENT;
		return pdu;
	}
	return NULL;
}

/*
 * Lay out what one sendmsg takes: the rest of the batch, then messages from
 * the lanes. Returns the bytes, and their pieces in conn->tx.piece.
 */
static size_t tx_fill(struct vhci_conn *conn, int *pieces)
{
	struct urb_cursor at = conn->tx.at;
	u32 off = conn->tx.off;
	struct vhci_pdu *pdu;
	size_t bytes = 0;
	int n = 0;

	pdu = list_first_entry_or_null(&conn->tx.batch, struct vhci_pdu, node);
	while (n < CONN_TX_PIECES && bytes < CONN_TX_WINDOW) {
		void *p;
		u32 len;

		if (!pdu) {
			pdu = tx_next(conn);
			if (!pdu)
				break;
			off = 0;
			pdu_cursor(pdu, &at);
			if (list_is_first(&pdu->node, &conn->tx.batch))
				conn->tx.at = at;
		}
		len = pdu_piece(pdu, off, &at, &p);
		if (len) {
			conn->tx.piece[n].iov_base = p;
			conn->tx.piece[n].iov_len = len;
			n++;
			bytes += len;
			pdu_advance(pdu, &off, &at, len);
		}
		if (off < pdu_len(pdu))
			continue;
		pdu->req->offered = pdu_is_submit(pdu);
		if (list_is_last(&pdu->node, &conn->tx.batch)) {
			pdu = NULL;
		} else {
			pdu = list_next_entry(pdu, node);
			off = 0;
			pdu_cursor(pdu, &at);
		}
	}
	*pieces = n;
	return bytes;
}

/* The socket has taken all of @pdu: its buffer is the URB's again. */
static void tx_done(struct vhci_conn *conn, struct vhci_pdu *pdu)
{
	struct vhci_req *req = pdu->req;

	list_del_init(&pdu->node);
	if (!pdu_is_submit(pdu)) {
		/* The answers to both came while the unlink was sent. */
		if (req->state == REQ_DONE && req->unlink == REQ_UNLINK_NONE)
			req_put(&conn->reqs, req);
		return;
	}
	req->offered = false;
	if (req->answered) {
		conn_finish(conn, req, req->status);
		return;
	}
	if (req->state == REQ_SENDING)
		req->state = REQ_SENT;
	if (req->unlink == REQ_UNLINK_WANTED)
		tx_queue_unlink(conn, req);
}

/* Account for @sent bytes, and let go of the messages they complete. */
static void tx_advance(struct vhci_conn *conn, size_t sent)
{
	struct vhci_pdu *pdu;

	conn->stats.tx_bytes += sent;
	while (sent) {
		u32 n;
		void *p;

		pdu = list_first_entry(&conn->tx.batch, struct vhci_pdu, node);
		n = pdu_piece(pdu, conn->tx.off, &conn->tx.at, &p);
		n = min_t(size_t, n, sent);
		pdu_advance(pdu, &conn->tx.off, &conn->tx.at, n);
		sent -= n;
		if (conn->tx.off < pdu_len(pdu))
			continue;
		tx_done(conn, pdu);
		conn->tx.off = 0;
		pdu = list_first_entry_or_null(&conn->tx.batch,
					       struct vhci_pdu, node);
		if (pdu)
			pdu_cursor(pdu, &conn->tx.at);
	}
}

/*
 * What stays in the batch was not sent in full, whatever sendmsg returned: no
 * answer can come to it, and none can have come. Returns true if one has.
 */
static bool tx_withdraw(struct vhci_conn *conn)
{
	struct vhci_pdu *pdu;
	bool lied = false;

	list_for_each_entry(pdu, &conn->tx.batch, node) {
		if (!pdu_is_submit(pdu))
			continue;
		pdu->req->offered = false;
		lied |= pdu->req->answered;
	}
	return lied;
}

/* Send what there is. The caller has tx_mutex. */
static void tx_run(struct vhci_conn *conn)
{
	unsigned int noreclaim = memalloc_noreclaim_save();
	bool lied = false;
	int ret = 0;

	do {
		struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
		size_t bytes = 0;
		int pieces = 0;

		spin_lock_irq(&conn->lock);
		if (!conn->dead)
			bytes = tx_fill(conn, &pieces);
		if (!bytes)
			conn->tx_blocked = false;
		spin_unlock_irq(&conn->lock);
		if (!bytes)
			break;

		ret = kernel_sendmsg(conn->sock, &msg, conn->tx.piece, pieces,
				     bytes);

		spin_lock_irq(&conn->lock);
		if (ret > 0)
			tx_advance(conn, ret);
		lied = tx_withdraw(conn);
		if (ret > 0 || !conn->tx_blocked)
			conn->tx_since = jiffies;
		conn->tx_blocked = ret == -EAGAIN;
		spin_unlock_irq(&conn->lock);
	} while (ret > 0 && !lied);
	memalloc_noreclaim_restore(noreclaim);

	if (lied)
		conn_kill(conn, HEARTH_USB_PORT_REASON_PROTOCOL, -EPROTO, NULL);
	else if (conn->tx_blocked)
		conn_watch(conn);
	else if (ret < 0)
		conn_kill(conn, HEARTH_USB_PORT_REASON_LOST, ret, NULL);
}

static void tx_work(struct work_struct *work)
{
	struct vhci_conn *conn = container_of(work, struct vhci_conn, tx_work);

	mutex_lock(&conn->tx_mutex);
	tx_run(conn);
	mutex_unlock(&conn->tx_mutex);
}

static void tx_late_work(struct work_struct *work)
{
	tx_work(&container_of(to_delayed_work(work), struct vhci_conn,
			      tx_late_work)->tx_work);
}

/**
 * tx_flush() - send what waits, in the caller's own context
 * @conn: the connection, not locked
 *
 * For one who will do nothing but wait for the answer: it saves the way by the
 * work item. May sleep.
 */
void tx_flush(struct vhci_conn *conn)
{
	if (!mutex_trylock(&conn->tx_mutex)) {
		tx_kick(conn);
		return;
	}
	tx_run(conn);
	mutex_unlock(&conn->tx_mutex);
}

/**
 * tx_queue_unlink() - ask the server to cancel a request that it has
 * @conn: the connection, locked
 * @req: in REQ_SENT
 */
void tx_queue_unlink(struct vhci_conn *conn, struct vhci_req *req)
{
	struct vhci_pdu *pdu = &req->cancel;

	pdu->data_len = 0;
	pdu->iso_len = 0;
	memset(&pdu->hdr, 0, sizeof(pdu->hdr));
	pdu->hdr.command = cpu_to_be32(USBIP_CMD_UNLINK);
	pdu->hdr.seqnum = cpu_to_be32(req->seq | REQ_SEQ_UNLINK);
	pdu->hdr.devid = cpu_to_be32(conn->devid);
	pdu->hdr.cmd_unlink.seqnum = cpu_to_be32(req->seq);
	req->unlink = REQ_UNLINK_QUEUED;
	list_add_tail(&pdu->node, &conn->lane[CONN_LANE_URGENT]);
	tx_kick(conn);
}

/**
 * tx_kick() - there is something to send, or room to send it
 * @conn: the connection; locked, or in a callback of its socket
 *
 * A dead connection gets no work: conn_close() may have cancelled it already.
 */
void tx_kick(struct vhci_conn *conn)
{
	if (!READ_ONCE(conn->dead))
		queue_work(vhci_wq, &conn->tx_work);
}

/**
 * tx_kick_late() - there is something to send that more will follow
 * @conn: the connection, locked
 */
void tx_kick_late(struct vhci_conn *conn)
{
	if (!READ_ONCE(conn->dead))
		queue_delayed_work(vhci_wq, &conn->tx_late_work, 1);
}

void tx_init(struct vhci_conn *conn)
{
	mutex_init(&conn->tx_mutex);
	INIT_DELAYED_WORK(&conn->tx_late_work, tx_late_work);
	INIT_LIST_HEAD(&conn->tx.batch);
	INIT_WORK(&conn->tx_work, tx_work);
}
