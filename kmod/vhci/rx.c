// SPDX-License-Identifier: GPL-2.0
/*
 * The receive side of a connection: answers, straight into the URBs' buffers.
 *
 * One state machine tells where the next bytes go (rx_want()) and takes note
 * of their arrival (rx_got()). Plain TCP feeds it from the socket's own
 * sk_data_ready, one copy from the network buffer and no thread; a socket with
 * kTLS feeds it by recvmsg from a work item, which also tells record types.
 *
 * Whoever owns the socket (its lock in softirq, lock_sock() in process
 * context) owns conn->rx.
 */
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/tls.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "conn.h"

#define RX_TLS_RECORD_DATA	23	/* RFC 8446, 5.1: application_data */

static void rx_stage(struct vhci_conn *conn, enum conn_rx_stage stage, u32 want)
{
	conn->rx.stage = stage;
	conn->rx.off = 0;
	conn->rx.want = want;
}

/* Where the next bytes go. NULL: nowhere, they are dropped. */
static u32 rx_want(struct vhci_conn *conn, void **p)
{
	u32 left = conn->rx.want - conn->rx.off;

	switch (conn->rx.stage) {
	case CONN_RX_HEADER:
		*p = (void *)&conn->rx.hdr + conn->rx.off;
		return left;
	case CONN_RX_DATA:
		return cursor_chunk(&conn->rx.at, left, p);
	case CONN_RX_ISO:
		*p = (void *)conn->rx.req->iso + conn->rx.off;
		return left;
	case CONN_RX_DISCARD:
		break;
	}
	*p = NULL;
	return left;
}

/* The packets of an answer arrived end to end: put each where it belongs. */
static void rx_spread(struct urb *urb)
{
	u32 from = urb->actual_length;
	int i;

	for (i = urb->number_of_packets - 1; i >= 0; i--) {
		struct usb_iso_packet_descriptor *desc = &urb->iso_frame_desc[i];

		from -= desc->actual_length;
		memmove(urb->transfer_buffer + desc->offset,
			urb->transfer_buffer + from, desc->actual_length);
	}
}

static const char *rx_iso(struct vhci_conn *conn)
{
	struct vhci_req *req = conn->rx.req;
	u32 actual = conn->rx.answer.actual_length;
	struct urb *urb = req->urb;
	const char *broken;
	u32 total = 0;
	int i;

	for (i = 0; i < urb->number_of_packets; i++) {
		struct usb_iso_packet_descriptor *desc = &urb->iso_frame_desc[i];
		const struct usbip_iso *iso = &req->iso[i];

		broken = proto_check_iso(iso, desc->offset, desc->length,
					 &total, actual);
		if (broken)
			return broken;
		desc->actual_length = be32_to_cpu(iso->actual_length);
		desc->status = proto_status((s32)be32_to_cpu(iso->status));
	}
	if (total != actual)
		return "the packets do not sum up to actual_length";
	urb->start_frame = conn->rx.answer.start_frame;
	urb->error_count = conn->rx.answer.error_count;
	if (req->asked.in)
		rx_spread(urb);
	return NULL;
}

/* An answer is complete. */
static void rx_done(struct vhci_conn *conn)
{
	struct vhci_req *req = conn->rx.req;
	int status = proto_status(conn->rx.answer.status);
	unsigned long flags;

	rx_stage(conn, CONN_RX_HEADER, sizeof(conn->rx.hdr));
	conn->rx.req = NULL;
	if (!req)
		return;
	spin_lock_irqsave(&conn->lock, flags);
	if (req->state == REQ_SENDING) {
		/* The transmit side still has the request: it finishes. */
		req->answered = true;
		req->status = status;
	} else {
		conn_finish(conn, req, status);
	}
	spin_unlock_irqrestore(&conn->lock, flags);
}

static const char *rx_ret_unlink(struct vhci_conn *conn)
{
	const struct proto_answer *answer = &conn->rx.answer;
	struct vhci_req *req = req_find(&conn->reqs, answer->seq);

	if (!req || !(answer->seq & REQ_SEQ_UNLINK) ||
	    req->unlink != REQ_UNLINK_SENT)
		return "RET_UNLINK for a request that was not unlinked";
	req->unlink = REQ_UNLINK_NONE;
	list_del_init(&req->node);
	if (req->state == REQ_SENT && !answer->status) {
		/*
		 * Either the request ended by itself and no answer will come,
		 * or its answer was overtaken: stock servers do both.
		 */
		conn_zombify(conn, req);
		return NULL;
	}
	conn_finish(conn, req, -ECONNRESET);
	return NULL;
}

/* Find what is answered. On success conn->rx.req is set, or NULL to discard. */
static const char *rx_ret_submit(struct vhci_conn *conn)
{
	const struct proto_answer *answer = &conn->rx.answer;
	struct vhci_req *req = req_find(&conn->reqs, answer->seq);
	const char *broken;

	if (!req || answer->seq & REQ_SEQ_UNLINK)
		return "answer to an unknown request";
	broken = proto_check(&req->asked, answer);
	if (broken)
		return broken;
	conn->rx.req = req;
	switch (req->state) {
	case REQ_QUEUED:
		return "answer to a request that was not sent";
	case REQ_SENDING:
		if (!req->offered)
			return "answer to a request that was not sent in full";
		if (req->answered)
			return "second answer to a request";
		return NULL;
	case REQ_SENT:
		req->state = REQ_RECEIVING;
		return NULL;
	case REQ_ZOMBIE:
		conn->rx.req = NULL;
		conn->rx.want = (req->asked.in ? answer->actual_length : 0) +
				req->asked.packets * sizeof(struct usbip_iso);
		list_del_init(&req->node);
		storage_late(conn, req, answer->status);
		conn_retire(conn, req);
		return NULL;
	default:
		return "second answer to a request";
	}
}

/* A header is complete: what comes next? */
static const char *rx_header(struct vhci_conn *conn)
{
	struct proto_answer *answer = &conn->rx.answer;
	struct vhci_req *req;
	unsigned long flags;
	const char *broken;

	broken = proto_parse(&conn->rx.hdr, answer);
	if (broken)
		return broken;
	conn->rx.req = NULL;
	conn->rx.want = 0;
	spin_lock_irqsave(&conn->lock, flags);
	if (answer->command == USBIP_RET_UNLINK)
		broken = rx_ret_unlink(conn);
	else
		broken = rx_ret_submit(conn);
	spin_unlock_irqrestore(&conn->lock, flags);
	if (broken)
		return broken;

	req = conn->rx.req;
	if (!req) {
		rx_stage(conn, CONN_RX_DISCARD, conn->rx.want);
		return NULL;
	}
	req->actual = answer->actual_length;
	/* Of data that comes, no more is told to be there than has come. */
	if (req->urb)
		req->urb->actual_length = req->asked.in ? 0 :
					  answer->actual_length;
	req_cursor(&conn->rx.at, req);
	rx_stage(conn, CONN_RX_DATA, req->asked.in ? answer->actual_length : 0);
	return NULL;
}

/* Take note of @n bytes; leave every stage that they complete. */
static const char *rx_got(struct vhci_conn *conn, u32 n)
{
	const char *broken = NULL;

	conn->rx.off += n;
	if (conn->rx.stage == CONN_RX_DATA) {
		cursor_advance(&conn->rx.at, n);
		/* A status read ahead is not in the URB's buffer yet. */
		if (conn->rx.req->kind != REQ_STATUS)
			conn->rx.req->urb->actual_length = conn->rx.off;
	}
	while (!broken && conn->rx.off == conn->rx.want) {
		switch (conn->rx.stage) {
		case CONN_RX_HEADER:
			broken = rx_header(conn);
			break;
		case CONN_RX_DATA:
			rx_stage(conn, CONN_RX_ISO, conn->rx.req->asked.packets *
				 sizeof(struct usbip_iso));
			break;
		case CONN_RX_ISO:
			if (conn->rx.want)
				broken = rx_iso(conn);
			if (!broken)
				rx_done(conn);
			break;
		case CONN_RX_DISCARD:
			rx_done(conn);
			break;
		}
	}
	return broken;
}

static void rx_broken(struct vhci_conn *conn, const char *why)
{
	dev_err_ratelimited(conn->hcd->self.controller,
			    "server broke the protocol: %s (seq %#x)\n", why,
			    be32_to_cpu(conn->rx.hdr.seqnum));
	conn_kill(conn, HEARTH_USB_PORT_REASON_PROTOCOL, -EPROTO, why);
}

static int rx_actor(read_descriptor_t *desc, struct sk_buff *skb,
		    unsigned int offset, size_t len)
{
	struct vhci_conn *conn = desc->arg.data;
	size_t done = 0;

	while (done < len && !READ_ONCE(conn->dead)) {
		const char *broken;
		void *p;
		u32 n;

		n = min_t(size_t, rx_want(conn, &p), len - done);
		if (p && skb_copy_bits(skb, offset + done, p, n)) {
			conn_kill(conn, HEARTH_USB_PORT_REASON_LOST, -EFAULT, NULL);
			break;
		}
		broken = rx_got(conn, n);
		if (broken)
			rx_broken(conn, broken);
		done += n;
	}
	conn->stats.rx_bytes += done;
	/* What comes behind a broken message is of no use. */
	return len;
}

static void rx_progress(struct vhci_conn *conn)
{
	WRITE_ONCE(conn->rx_since, jiffies);
	WRITE_ONCE(conn->rx_mid, conn->rx.stage != CONN_RX_HEADER || conn->rx.off);
	if (conn->rx_mid)
		conn_watch(conn);
}

static void rx_read(struct vhci_conn *conn)
{
	read_descriptor_t desc = { .arg.data = conn, .count = 1 };

	tcp_read_sock(conn->sock->sk, &desc, rx_actor);
	rx_progress(conn);
}

/*
 * One recvmsg on a socket with kTLS. Returns bytes, -ESHUTDOWN at the end, or
 * another errno. Records without bytes make it 0: what they are must be looked
 * at, and one of another kind may wait behind them.
 */
static int rx_recv_tls(struct vhci_conn *conn)
{
	union {
		struct cmsghdr cmsg;
		u8 buf[CMSG_SPACE(sizeof(u8))];
	} control = {};
	struct msghdr msg = {
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	u8 scratch[128];
	struct kvec piece;
	int ret;

	piece.iov_len = rx_want(conn, &piece.iov_base);
	if (!piece.iov_base) {
		piece.iov_base = scratch;
		piece.iov_len = min(piece.iov_len, sizeof(scratch));
	}
	ret = kernel_recvmsg(conn->sock, &msg, &piece, 1, piece.iov_len,
			     MSG_DONTWAIT);
	if (ret < 0)
		return ret;
	if (!ret && !control.cmsg.cmsg_len)
		return -ESHUTDOWN;
	if (control.cmsg.cmsg_level != SOL_TLS ||
	    control.cmsg.cmsg_type != TLS_GET_RECORD_TYPE ||
	    *(u8 *)CMSG_DATA(&control.cmsg) != RX_TLS_RECORD_DATA)
		return -EBADMSG;
	return ret;
}

static void rx_read_tls(struct vhci_conn *conn)
{
	const char *broken = NULL;
	int ret;

	do {
		ret = rx_recv_tls(conn);
		if (ret < 0)
			break;
		conn->stats.rx_bytes += ret;
		broken = rx_got(conn, ret);
		if (broken)
			rx_broken(conn, broken);
	} while (!READ_ONCE(conn->dead));
	rx_progress(conn);
	if (ret == -ESHUTDOWN)
		conn_kill(conn, HEARTH_USB_PORT_REASON_CLOSED, 0, NULL);
	else if (ret < 0 && ret != -EAGAIN)
		conn_kill(conn, HEARTH_USB_PORT_REASON_LOST, ret, NULL);
}

static void rx_work(struct work_struct *work)
{
	struct vhci_conn *conn = container_of(work, struct vhci_conn, rx_work);
	struct sock *sk = conn->sock->sk;
	bool end;
	int err;

	if (READ_ONCE(conn->dead))
		return;
	if (conn->tls) {
		rx_read_tls(conn);
		return;
	}
	lock_sock(sk);
	rx_read(conn);
	end = sk->sk_shutdown & RCV_SHUTDOWN || sk->sk_state == TCP_CLOSE;
	err = sk->sk_err;
	release_sock(sk);
	if (err)
		conn_kill(conn, HEARTH_USB_PORT_REASON_LOST, -err, NULL);
	else if (end)
		conn_kill(conn, HEARTH_USB_PORT_REASON_CLOSED, 0, NULL);
}

/**
 * rx_kick() - let a work item read what there is
 * @conn: the connection
 */
void rx_kick(struct vhci_conn *conn)
{
	queue_work(conn->tls ? vhci_tls_wq : vhci_wq, &conn->rx_work);
}

/**
 * rx_ready() - the socket has something to read
 * @conn: the connection
 *
 * Called from sk_data_ready with the socket's spinlock held, or from the
 * backlog of one who owns the socket: then a work item reads.
 */
void rx_ready(struct vhci_conn *conn)
{
	if (conn->tls || sock_owned_by_user_nocheck(conn->sock->sk))
		rx_kick(conn);
	else
		rx_read(conn);
}

void rx_init(struct vhci_conn *conn)
{
	INIT_WORK(&conn->rx_work, rx_work);
	rx_stage(conn, CONN_RX_HEADER, sizeof(conn->rx.hdr));
}
