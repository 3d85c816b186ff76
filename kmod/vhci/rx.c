// SPDX-License-Identifier: GPL-2.0
/*
 * The receive side of a connection: answers, straight into the URBs' buffers.
 *
 * One state machine tells where the next bytes go (rx_want()) and takes note
 * of their arrival (rx_placed()). Plain TCP feeds it from the socket's own
 * sk_data_ready, one copy from the network buffer and no thread; any other
 * socket feeds it by recvmsg from a work item, which for kTLS also tells record
 * types.
 *
 * Whoever owns a plain TCP socket (its lock in softirq, lock_sock() in process
 * context) owns the parser; of any other socket the work item does.
 */
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/tls.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <uapi/linux/hearth_usb.h>

#include "../compat/compat.h"
#include "rx.h"
#include "urb.h"

/* Bytes of one run; then others on the queue have their turn. */
#define RX_RUN			(256 * 1024)

/* Reads of kTLS in a row that find only records without data. */
#define RX_EMPTY_MAX		10000

#define RX_TLS_HANDSHAKE	22	/* RFC 8446, 5.1 */
#define RX_TLS_DATA		23
#define RX_TLS_KEY_UPDATE	24	/* RFC 8446, 4 */
#define RX_TLS_KEY_UPDATE_LEN	5

/* --- the parser ------------------------------------------------------------ */

static void rx_stage(struct vhci_rx *rx, enum rx_stage stage, u32 want)
{
	rx->stage = stage;
	rx->off = 0;
	rx->want = want;
}

/* Where the next bytes go. NULL: nowhere, they are dropped. */
static u32 rx_want(struct vhci_rx *rx, void **p)
{
	u32 left = rx->want - rx->off;

	switch (rx->stage) {
	case RX_HEADER:
		*p = (void *)&rx->hdr + rx->off;
		return left;
	case RX_DATA:
		return cursor_chunk(&rx->at, left, p);
	case RX_ISO:
		*p = (void *)rx->req->iso->packet + rx->off;
		return left;
	case RX_DISCARD:
		break;
	}
	*p = NULL;
	return left;
}

/* An answer is complete. */
static void rx_done(struct vhci_rx *rx)
{
	struct vhci_req *req = rx->req;
	unsigned long flags;

	rx_stage(rx, RX_HEADER, sizeof(rx->hdr));
	rx->req = NULL;
	if (!req)
		return;
	spin_lock_irqsave(&rx->reqs->lock, flags);
	req_answered(rx->reqs, req, proto_status(rx->answer.status));
	spin_unlock_irqrestore(&rx->reqs->lock, flags);
}

/* A header is complete: what comes next? */
static const char *rx_header(struct vhci_rx *rx)
{
	struct proto_answer *answer = &rx->answer;
	struct vhci_req *req = NULL;
	unsigned long flags;
	const char *broken;
	u32 discard = 0;

	broken = proto_parse(&rx->hdr, answer);
	if (broken)
		return broken;
	spin_lock_irqsave(&rx->reqs->lock, flags);
	if (answer->command == USBIP_RET_UNLINK)
		broken = req_ret_unlink(rx->reqs, answer);
	else
		broken = req_arriving(rx->reqs, answer, &req, &discard);
	spin_unlock_irqrestore(&rx->reqs->lock, flags);
	if (broken)
		return broken;

	rx->req = req;
	if (!req) {
		rx_stage(rx, RX_DISCARD, discard);
		return NULL;
	}
	/* Of data that comes, no more is told to be there than has come. */
	if (req->urb)
		req->urb->actual_length = req->dir_in ? 0 :
					  answer->actual_length;
	urb_cursor(req, &rx->at);
	rx_stage(rx, RX_DATA, req->dir_in ? answer->actual_length : 0);
	return NULL;
}

/* Take note of @n bytes that are in place; leave every stage they complete. */
static const char *rx_placed(struct vhci_rx *rx, u32 n)
{
	const char *broken = NULL;

	rx->off += n;
	/* A status read ahead is not in the URB's buffer yet. */
	if (rx->stage == RX_DATA && rx->req->kind != REQ_STATUS)
		rx->req->urb->actual_length = rx->off;
	while (!broken && rx->off == rx->want) {
		switch (rx->stage) {
		case RX_HEADER:
			broken = rx_header(rx);
			break;
		case RX_DATA:
			rx_stage(rx, RX_ISO, urb_iso_bytes(rx->req));
			break;
		case RX_ISO:
			if (rx->want)
				broken = urb_unpack_iso(rx->req, &rx->answer);
			if (!broken)
				rx_done(rx);
			break;
		case RX_DISCARD:
			rx_done(rx);
			break;
		}
	}
	return broken;
}

/* @n bytes have come to where rx_want() told, and not more than that. */
static const char *rx_got(struct vhci_rx *rx, u32 n)
{
	if (rx->stage == RX_DATA)
		cursor_advance(&rx->at, n);
	return rx_placed(rx, n);
}

static void rx_fail(struct vhci_rx *rx, u32 reason, int error, const char *text)
{
	rx->link->ops->failed(rx->link, reason, error, text);
}

static void rx_broken(struct vhci_rx *rx, const char *why)
{
	rx_fail(rx, HEARTH_USB_PORT_REASON_PROTOCOL, -EPROTO, why);
}

/* For the limits in time, at the end of a run that has read something or not. */
static void rx_progress(struct vhci_rx *rx, bool moved)
{
	bool mid = rx->stage != RX_HEADER || rx->off;

	if (moved)
		WRITE_ONCE(rx->since, (u32)jiffies);
	WRITE_ONCE(rx->mid, mid);
	if (mid)
		rx->link->ops->pending(rx->link);
}

/* --- plain TCP ------------------------------------------------------------- */

/* Put what is there of a stage in its place. Returns bytes, @len at the most. */
static u32 rx_place(struct vhci_rx *rx, const u8 *block, u32 len)
{
	void *p;
	u32 n;

	if (rx->stage == RX_DATA) {
		n = min(rx->want - rx->off, len);
		cursor_write(&rx->at, block, n);
		return n;
	}
	n = min(rx_want(rx, &p), len);
	if (p)
		memcpy(p, block, n);
	return n;
}

/* The bytes of one piece of a network buffer, till the link is dead. */
static void rx_block(struct vhci_rx *rx, const u8 *block, u32 len)
{
	while (len && !link_is_dead(rx->link)) {
		u32 n = rx_place(rx, block, len);
		const char *broken = rx_placed(rx, n);

		if (broken)
			rx_broken(rx, broken);
		block += n;
		len -= n;
	}
}

static int rx_actor(read_descriptor_t *desc, struct sk_buff *skb,
		    unsigned int offset, size_t len)
{
	struct vhci_rx *rx = desc->arg.data;
	struct skb_seq_state seq;
	const u8 *block;
	u32 done = 0;
	u32 n;

	skb_prepare_seq_read(skb, offset, offset + len, &seq);
	while (done < len && !link_is_dead(rx->link)) {
		n = skb_seq_read(done, &block, &seq);
		if (!n) {
			rx_fail(rx, HEARTH_USB_PORT_REASON_LOST, -EFAULT, NULL);
			break;
		}
		/* A block may go on behind what was asked for. */
		n = min_t(size_t, n, len - done);
		rx_block(rx, block, n);
		done += n;
	}
	skb_abort_seq_read(&seq);
	rx->bytes += done;
	desc->count = desc->count > len ? desc->count - len : 0;
	/* What comes behind a broken message is of no use. */
	return len;
}

/**
 * rx_read() - read what there is on a plain TCP socket
 * @rx: the receive side
 *
 * The caller owns the socket. Context: any.
 *
 * Return: false if there is more than a run may take: the work reads on.
 */
bool rx_read(struct vhci_rx *rx)
{
	read_descriptor_t desc = { .arg.data = rx, .count = RX_RUN };

	tcp_read_sock(rx->link->sock->sk, &desc, rx_actor);
	rx_progress(rx, desc.count != RX_RUN);
	if (desc.count)
		return true;
	rx_kick(rx);
	return false;
}

static void rx_read_tcp(struct vhci_rx *rx)
{
	struct sock *sk = rx->link->sock->sk;
	bool end;
	int err;

	lock_sock(sk);
	/* What has come before the end is read first. */
	end = rx_read(rx) && (sk->sk_shutdown & RCV_SHUTDOWN ||
			      sk->sk_state == TCP_CLOSE);
	err = sk->sk_err;
	release_sock(sk);
	if (err)
		rx_fail(rx, HEARTH_USB_PORT_REASON_LOST, -err, NULL);
	else if (end)
		rx_fail(rx, HEARTH_USB_PORT_REASON_CLOSED, 0, NULL);
}

/* --- any other socket ------------------------------------------------------ */

/* The watch looks at how long it takes till somebody sets the new key. */
static void rx_await_key(struct vhci_rx *rx)
{
	if (rx->rekeying)
		return;
	WRITE_ONCE(rx->rekeying_since, (u32)jiffies);
	WRITE_ONCE(rx->rekeying, true);
	rx->link->ops->pending(rx->link);
}

/*
 * A record of kTLS that is no data: @n bytes at @p. A KeyUpdate is survived if
 * the kernel can be told the new key, by one who still has a file of the socket.
 */
static int rx_tls_record(struct vhci_rx *rx, u8 type, const u8 *p, u32 n)
{
	if (type != RX_TLS_HANDSHAKE)
		return -EBADMSG;
	if (!rx->skip && n && *p == RX_TLS_KEY_UPDATE) {
		if (!HEARTH_TLS_REKEYS)
			return -EKEYREJECTED;
		rx_await_key(rx);
		rx->skip = RX_TLS_KEY_UPDATE_LEN;
	}
	if (!n || n > rx->skip)
		return -EBADMSG;
	rx->skip -= n;
	return 0;
}

/*
 * One recvmsg. Returns bytes of data, -ESHUTDOWN at the end, or another errno.
 * Records of kTLS without bytes make it 0: what they are must be looked at, and
 * one of another kind may wait behind them.
 */
static int rx_recv(struct vhci_rx *rx)
{
	union {
		struct cmsghdr cmsg;
		u8 buf[CMSG_SPACE(sizeof(u8))];
	} control = {};
	bool tls = rx->link->how == LINK_TLS;
	struct msghdr msg = {
		.msg_control = tls ? &control : NULL,
		.msg_controllen = tls ? sizeof(control) : 0,
	};
	u8 scratch[128];
	struct kvec piece;
	u8 type;
	int ret;

	piece.iov_len = rx_want(rx, &piece.iov_base);
	if (!piece.iov_base) {
		piece.iov_base = scratch;
		piece.iov_len = min(piece.iov_len, sizeof(scratch));
	}
	ret = kernel_recvmsg(rx->link->sock, &msg, &piece, 1, piece.iov_len,
			     MSG_DONTWAIT);
	if (ret < 0)
		return ret;
	if (!ret && !control.cmsg.cmsg_len)
		return -ESHUTDOWN;
	if (!tls)
		return ret;
	if (control.cmsg.cmsg_level != SOL_TLS ||
	    control.cmsg.cmsg_type != TLS_GET_RECORD_TYPE)
		return -EBADMSG;
	type = *(u8 *)CMSG_DATA(&control.cmsg);
	if (type != RX_TLS_DATA)
		return rx_tls_record(rx, type, piece.iov_base, ret);
	WRITE_ONCE(rx->rekeying, false);
	return ret;
}

/* The watch looks at how long one read takes: of empty records there is no end. */
static int rx_recv_watched(struct vhci_rx *rx)
{
	int ret;

	if (rx->link->how != LINK_TLS)
		return rx_recv(rx);
	WRITE_ONCE(rx->inside_since, (u32)jiffies);
	WRITE_ONCE(rx->inside, true);
	rx->link->ops->pending(rx->link);
	ret = rx_recv(rx);
	WRITE_ONCE(rx->inside, false);
	return ret;
}

static void rx_read_end(struct vhci_rx *rx, int ret)
{
	const char *text = NULL;

	switch (ret) {
	case -EAGAIN:		/* with the new key, if there was to be one */
		WRITE_ONCE(rx->rekeying, false);
		return;
	case -EKEYEXPIRED:	/* whoever sets it wakes us */
		rx_await_key(rx);
		return;
	case -ESHUTDOWN:
		rx_fail(rx, HEARTH_USB_PORT_REASON_CLOSED, 0, NULL);
		return;
	case -EKEYREJECTED:
		text = "the server has changed its TLS key, which this kernel cannot follow";
		break;
	case -EBADMSG:
		if (rx->rekeying)
			text = "a TLS record that does not open with the new key";
	}
	rx_fail(rx, HEARTH_USB_PORT_REASON_LOST, ret, text);
}

static void rx_read_msg(struct vhci_rx *rx)
{
	u32 bytes = 0, empty = 0;
	const char *broken;
	int ret;

	do {
		ret = rx_recv_watched(rx);
		if (ret < 0)
			break;
		empty = ret ? 0 : empty + 1;
		bytes += ret;
		broken = rx_got(rx, ret);
		if (broken)
			rx_broken(rx, broken);
		if (empty == RX_EMPTY_MAX)
			rx_broken(rx, "TLS records without data, and no end of them");
	} while (bytes < RX_RUN && !link_is_dead(rx->link));
	rx->bytes += bytes;
	rx_progress(rx, bytes);
	if (ret < 0)
		rx_read_end(rx, ret);
	else
		rx_kick(rx);
}

/* --- for those above ------------------------------------------------------- */

static void rx_work(struct work_struct *work)
{
	struct vhci_rx *rx = container_of(work, struct vhci_rx, work);

	if (link_is_dead(rx->link))
		return;
	if (rx->link->how == LINK_TCP)
		rx_read_tcp(rx);
	else
		rx_read_msg(rx);
}

/* Let a work item read what there is. From a callback of the socket, or the work. */
void rx_kick(struct vhci_rx *rx)
{
	queue_work(rx->link->how == LINK_TLS ? link_tls_wq : link_wq, &rx->work);
}

/* After link_shut(), on a dead link: nobody reads when this returns. */
void rx_stop(struct vhci_rx *rx)
{
	cancel_work_sync(&rx->work);
}

void rx_init(struct vhci_rx *rx, struct vhci_link *link, struct req_table *reqs)
{
	rx->link = link;
	rx->reqs = reqs;
	INIT_WORK(&rx->work, rx_work);
	rx->since = (u32)jiffies;
	rx_stage(rx, RX_HEADER, sizeof(rx->hdr));
}
