// SPDX-License-Identifier: GPL-2.0
/* A connection: taking over the socket, submitting URBs, and the end. */
#include <linux/file.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "conn.h"

/* Keepalive probes that may go unanswered within the peer's time limit. */
#define CONN_PROBES	3

/* --- callbacks of the socket ------------------------------------------- */

/*
 * The end of a connection waits for the socket's lock, and a read of kTLS holds
 * that for as long as records without bytes come: take in no more of them.
 */
static void conn_deafen(struct sock *sk)
{
	sk->sk_userlocks |= SOCK_RCVBUF_LOCK;
	WRITE_ONCE(sk->sk_rcvbuf, SOCK_MIN_RCVBUF);
}

/* Whoever calls it owns the socket. */
static void conn_data_ready(struct sock *sk)
{
	struct vhci_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn && READ_ONCE(conn->dead)) {
		conn_deafen(sk);
	} else if (conn) {
		/* kTLS assembles its records in the callback it had before. */
		if (conn->tls)
			conn->saved_data_ready(sk);
		rx_ready(conn);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void conn_write_space(struct sock *sk)
{
	struct vhci_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn) {
		/* TCP calls only when a sendmsg of ours found no room. */
		conn->saved_write_space(sk);
		tx_kick(conn);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void conn_state_change(struct sock *sk)
{
	struct vhci_conn *conn;

	read_lock_bh(&sk->sk_callback_lock);
	conn = sk->sk_user_data;
	if (conn) {
		conn->saved_state_change(sk);
		/* Data before the FIN is still to be read; the work sees both. */
		rx_kick(conn);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/* --- requests ----------------------------------------------------------- */

/* The URB of @req, if it has one, goes back to its driver. */
void conn_giveback(struct vhci_conn *conn, struct vhci_req *req, int status)
{
	struct urb *urb = req->urb;

	if (!urb)
		return;
	if (!urb->unlinked && !conn->dead) {
		conn->stats.completed++;
		if (status)
			conn->stats.errors++;
	}
	req->urb = NULL;
	urb->hcpriv = NULL;
	usb_hcd_unlink_urb_from_ep(conn->hcd, urb);
	conn->stats.in_flight--;
	/* HCD_BH: the completion runs later, without our lock. */
	usb_hcd_giveback_urb(conn->hcd, urb, status);
}

/* @req is of no more use, unless its unlink is still being sent. */
void conn_retire(struct vhci_conn *conn, struct vhci_req *req)
{
	lockdep_assert_held(&conn->lock);

	if (req->unlink == REQ_UNLINK_SENT || !list_empty(&req->cancel.node))
		req->state = REQ_DONE;
	else
		req_put(&conn->reqs, req);
}

/**
 * conn_finish() - a request is over
 * @conn: the connection, locked, interrupts off
 * @req: whose buffer neither side touches any more
 * @status: for the URB
 *
 * The request stays in the table while its unlink is on the way: the answer
 * to that must find it.
 */
void conn_finish(struct vhci_conn *conn, struct vhci_req *req, int status)
{
	lockdep_assert_held(&conn->lock);

	conn_giveback(conn, req, storage_finished(conn, req, status));
	if (req->unlink == REQ_UNLINK_WANTED ||
	    req->unlink == REQ_UNLINK_QUEUED) {
		list_del_init(&req->cancel.node);
		list_del_init(&req->node);
		req->unlink = REQ_UNLINK_NONE;
	}
	conn_retire(conn, req);
}

/**
 * conn_zombify() - RET_UNLINK came, but an answer may follow
 * @conn: the connection, locked, interrupts off
 * @req: was REQ_SENT; its URB is given back
 */
void conn_zombify(struct vhci_conn *conn, struct vhci_req *req)
{
	lockdep_assert_held(&conn->lock);

	conn_giveback(conn, req, storage_finished(conn, req, -ECONNRESET));
	req->state = REQ_ZOMBIE;
	req->since = jiffies;
	list_add_tail(&req->node, &conn->zombies);
	conn_watch(conn);
}

/* Put the submit of @req in a lane. The caller sees to it that it is sent. */
void conn_enqueue(struct vhci_conn *conn, struct vhci_req *req,
		  enum conn_lane lane)
{
	list_add_tail(&req->submit.node, &conn->lane[lane]);
}

/* Send the submit of @req when its turn comes. */
void conn_queue(struct vhci_conn *conn, struct vhci_req *req,
		enum conn_lane lane)
{
	conn_enqueue(conn, req, lane);
	tx_kick(conn);
}

/* Fill in a CMD_SUBMIT, as far as req->asked tells of it. */
void conn_pack_submit(struct vhci_conn *conn, struct vhci_req *req, u32 ep,
		      u32 flags)
{
	const struct proto_request *asked = &req->asked;
	struct vhci_pdu *pdu = &req->submit;
	struct usbip_header *hdr = &pdu->hdr;

	pdu->data_len = asked->in ? 0 : asked->length;
	pdu->iso_len = asked->packets * sizeof(struct usbip_iso);
	if (asked->in)
		flags |= USBIP_URB_DIR_IN;
	memset(hdr, 0, sizeof(*hdr));
	hdr->command = cpu_to_be32(USBIP_CMD_SUBMIT);
	hdr->seqnum = cpu_to_be32(req->seq);
	hdr->devid = cpu_to_be32(conn->devid);
	hdr->direction = cpu_to_be32(asked->in ? USBIP_DIR_IN : USBIP_DIR_OUT);
	hdr->ep = cpu_to_be32(ep);
	hdr->cmd_submit.transfer_flags = cpu_to_be32(flags);
	hdr->cmd_submit.length = cpu_to_be32(asked->length);
	hdr->cmd_submit.number_of_packets = cpu_to_be32(asked->packets);
}

/* Fill in the CMD_SUBMIT of an URB. */
static void conn_pack(struct vhci_conn *conn, struct vhci_req *req,
		      struct urb *urb)
{
	struct usbip_header *hdr = &req->submit.hdr;
	u32 flags = urb->transfer_flags &
		    (USBIP_URB_SHORT_NOT_OK | USBIP_URB_ISO_ASAP |
		     USBIP_URB_ZERO_PACKET | USBIP_URB_NO_INTERRUPT);
	bool iso = usb_pipeisoc(urb->pipe);

	req->urb = urb;
	req->asked.in = usb_urb_dir_in(urb);
	req->asked.length = urb->transfer_buffer_length;
	req->asked.packets = iso ? urb->number_of_packets : 0;
	conn_pack_submit(conn, req, usb_pipeendpoint(urb->pipe), flags);
	hdr->cmd_submit.start_frame = cpu_to_be32(urb->start_frame);
	hdr->cmd_submit.interval = cpu_to_be32(urb->interval);
	if (usb_pipecontrol(urb->pipe))
		memcpy(hdr->cmd_submit.setup, urb->setup_packet,
		       sizeof(hdr->cmd_submit.setup));
}

/* The packet descriptors of an isochronous URB, as they go over the wire. */
static struct usbip_iso *conn_pack_iso(struct urb *urb, gfp_t gfp)
{
	struct usbip_iso *iso;
	int i;

	iso = kcalloc(urb->number_of_packets, sizeof(*iso), gfp);
	if (!iso)
		return NULL;
	for (i = 0; i < urb->number_of_packets; i++) {
		iso[i].offset = cpu_to_be32(urb->iso_frame_desc[i].offset);
		iso[i].length = cpu_to_be32(urb->iso_frame_desc[i].length);
	}
	return iso;
}

/*
 * Is the URB one that we can carry? Packets must lie in order and apart in
 * the buffer: the answer's come end to end and are moved there from behind.
 */
static bool conn_urb_ok(struct urb *urb)
{
	struct usb_iso_packet_descriptor *desc;
	struct scatterlist *sg;
	u32 end = 0;
	u64 sum = 0;
	int i;

	if (urb->num_sgs) {
		for_each_sg(urb->sg, sg, urb->num_sgs, i)
			sum += sg->length;
		if (sum < urb->transfer_buffer_length)
			return false;
	} else if (urb->transfer_buffer_length && !urb->transfer_buffer) {
		return false;
	}
	if (!usb_pipeisoc(urb->pipe))
		return true;
	if (urb->num_sgs || urb->number_of_packets <= 0)
		return false;
	for (i = 0; i < urb->number_of_packets; i++) {
		desc = &urb->iso_frame_desc[i];
		if (desc->offset < end ||
		    desc->offset > urb->transfer_buffer_length ||
		    desc->length > urb->transfer_buffer_length - desc->offset)
			return false;
		end = desc->offset + desc->length;
	}
	return true;
}

/* A free request; the table grows if it must. The lock is held on return. */
static struct vhci_req *conn_get_req(struct vhci_conn *conn, gfp_t gfp,
				     unsigned long *flags)
	__acquires(&conn->lock)
{
	struct vhci_req *chunk, *req;

	spin_lock_irqsave(&conn->lock, *flags);
	req = req_get(&conn->reqs);
	if (req)
		return req;
	spin_unlock_irqrestore(&conn->lock, *flags);

	chunk = req_chunk_alloc(gfp);
	spin_lock_irqsave(&conn->lock, *flags);
	if (chunk && !req_chunk_add(&conn->reqs, chunk))
		kfree(chunk);
	return req_get(&conn->reqs);
}

/* The host gives devices addresses; this one already has one over there. */
static bool conn_is_set_address(struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (void *)urb->setup_packet;

	return usb_pipecontrol(urb->pipe) && !usb_pipeendpoint(urb->pipe) &&
	       setup->bRequestType == USB_RECIP_DEVICE &&
	       setup->bRequest == USB_REQ_SET_ADDRESS;
}

/**
 * conn_submit() - send an URB on its way
 * @conn: the connection
 * @urb: from a driver
 * @gfp: how to allocate
 *
 * Context: any that @gfp allows.
 * Return: 0, or a negative errno and the URB is still the caller's.
 */
int conn_submit(struct vhci_conn *conn, struct urb *urb, gfp_t gfp)
{
	struct usbip_iso *iso = NULL;
	struct vhci_req *req;
	unsigned long flags;
	bool flush = false;
	int ret;

	if (!conn_urb_ok(urb))
		return -EINVAL;
	if (usb_pipeisoc(urb->pipe)) {
		iso = conn_pack_iso(urb, gfp);
		if (!iso)
			return -ENOMEM;
	}
	req = conn_get_req(conn, gfp, &flags);
	if (!req) {
		ret = -ENOMEM;
		goto err_unlock;
	}
	if (conn->dead) {
		ret = -ENODEV;
		goto err_put;
	}
	ret = usb_hcd_link_urb_to_ep(conn->hcd, urb);
	if (ret)
		goto err_put;

	req->iso = iso;
	conn_pack(conn, req, urb);
	urb->hcpriv = req;
	conn->stats.submitted++;
	conn->stats.in_flight++;
	if (conn_is_set_address(urb)) {
		urb->actual_length = 0;
		conn_finish(conn, req, 0);
	} else if (usb_pipebulk(urb->pipe)) {
		flush = storage_submit(conn, req);
	} else {
		if (usb_pipecontrol(urb->pipe))
			storage_control(conn, urb);
		conn_queue(conn, req, CONN_LANE_URGENT);
	}
	spin_unlock_irqrestore(&conn->lock, flags);
	if (flush && gfpflags_allow_blocking(gfp))
		tx_flush(conn);
	else if (flush)
		tx_kick(conn);
	return 0;

err_put:
	req_put(&conn->reqs, req);
err_unlock:
	spin_unlock_irqrestore(&conn->lock, flags);
	kfree(iso);
	return ret;
}

/**
 * conn_cancel() - a request is no longer wanted
 * @conn: the connection, locked, interrupts off
 * @req: the request
 * @status: what it is to end with, if the server need not be asked
 *
 * One that the server has not seen ends at once. For any other the server is
 * asked, for at most the unlink limit: till then it may use the buffer.
 */
void conn_cancel(struct vhci_conn *conn, struct vhci_req *req, int status)
{
	lockdep_assert_held(&conn->lock);

	switch (req->state) {
	case REQ_QUEUED:
		list_del_init(&req->submit.node);
		conn_finish(conn, req, status);
		break;
	case REQ_SENDING:
	case REQ_SENT:
		if (req->unlink != REQ_UNLINK_NONE)
			break;
		req->since = jiffies;
		list_add_tail(&req->node, &conn->unlinks);
		req->unlink = REQ_UNLINK_WANTED;
		if (req->state == REQ_SENT)
			tx_queue_unlink(conn, req);
		conn_watch(conn);
		break;
	default:
		/* Its answer is arriving. */
		break;
	}
}

/**
 * conn_dequeue() - a driver no longer wants an URB
 * @conn: the connection
 * @urb: the URB
 * @status: what it is to end with
 */
int conn_dequeue(struct vhci_conn *conn, struct urb *urb, int status)
{
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&conn->lock, flags);
	ret = usb_hcd_check_unlink_urb(conn->hcd, urb, status);
	if (!ret) {
		conn->stats.unlinked++;
		conn_cancel(conn, urb->hcpriv, status);
	}
	spin_unlock_irqrestore(&conn->lock, flags);
	return ret;
}

/**
 * conn_reset_device() - have the server reset the device
 * @conn: the connection
 *
 * USB/IP has no command for it. The stock server resets the device when it
 * sees the request that a hub would get to reset the port, so send that, as
 * other clients do. Nobody waits for the answer: what is sent behind it is
 * carried out behind it.
 */
int conn_reset_device(struct vhci_conn *conn)
{
	struct usb_ctrlrequest *setup;
	struct vhci_req *req;
	unsigned long flags;
	int ret = 0;

	req = conn_get_req(conn, GFP_NOIO, &flags);
	if (!req) {
		ret = -ENOMEM;
		goto out;
	}
	if (conn->dead) {
		req_put(&conn->reqs, req);
		ret = -ENODEV;
		goto out;
	}
	storage_reset(conn);
	req->kind = REQ_RESET;
	memset(&req->asked, 0, sizeof(req->asked));
	conn_pack_submit(conn, req, 0, 0);
	setup = (void *)req->submit.hdr.cmd_submit.setup;
	setup->bRequestType = USB_RT_PORT;
	setup->bRequest = USB_REQ_SET_FEATURE;
	setup->wValue = cpu_to_le16(USB_PORT_FEAT_RESET);
	conn_queue(conn, req, CONN_LANE_URGENT);
out:
	spin_unlock_irqrestore(&conn->lock, flags);
	return ret;
}

/* --- time limits -------------------------------------------------------- */

/* Have @limit_ms passed since the jiffies @since, of which 32 bits are enough? */
static bool conn_passed(u32 since, u32 limit_ms)
{
	return (u32)jiffies - since >= msecs_to_jiffies(limit_ms);
}

/* Look after the time limits soon, and until nothing is pending. */
void conn_watch(struct vhci_conn *conn)
{
	u32 ms = min(conn->limits.unlink_ms, conn->limits.stall_ms) / 4;

	if (!READ_ONCE(conn->dead))
		queue_delayed_work(vhci_wq, &conn->watch_work,
				   msecs_to_jiffies(clamp(ms, 10U, 1000U)));
}

/* Zombies whose answer did not come in time are free again. */
static void conn_bury(struct vhci_conn *conn)
{
	struct vhci_req *req, *next;

	list_for_each_entry_safe(req, next, &conn->zombies, node) {
		if (!conn_passed(req->since, conn->limits.unlink_ms))
			break;
		list_del_init(&req->node);
		conn_retire(conn, req);
	}
}

static void conn_watch_work(struct work_struct *work)
{
	struct vhci_conn *conn = container_of(to_delayed_work(work),
					      struct vhci_conn, watch_work);
	bool mid = READ_ONCE(conn->rx_mid);
	u32 stall = conn->limits.stall_ms;
	struct vhci_req *oldest;
	u32 reason = 0;
	bool again;

	spin_lock_irq(&conn->lock);
	conn_bury(conn);
	oldest = list_first_entry_or_null(&conn->unlinks, struct vhci_req, node);
	if (oldest && conn_passed(oldest->since, conn->limits.unlink_ms))
		reason = HEARTH_USB_PORT_REASON_UNLINK_TIMEOUT;
	else if (mid && conn_passed(READ_ONCE(conn->rx_since), stall))
		reason = HEARTH_USB_PORT_REASON_STALL_TIMEOUT;
	else if (conn->tx_blocked && conn_passed(conn->tx_since, stall))
		reason = HEARTH_USB_PORT_REASON_STALL_TIMEOUT;
	again = oldest || mid || conn->tx_blocked || !list_empty(&conn->zombies);
	spin_unlock_irq(&conn->lock);

	if (reason)
		conn_kill(conn, reason, -ETIMEDOUT, NULL);
	else if (again)
		conn_watch(conn);
}

/* --- life --------------------------------------------------------------- */

int conn_init(struct vhci_conn *conn, struct usb_hcd *hcd,
	      void (*died)(struct vhci_conn *conn))
{
	int i;

	spin_lock_init(&conn->lock);
	conn->hcd = hcd;
	conn->died = died;
	for (i = 0; i < CONN_LANES; i++)
		INIT_LIST_HEAD(&conn->lane[i]);
	INIT_LIST_HEAD(&conn->unlinks);
	INIT_LIST_HEAD(&conn->zombies);
	INIT_DELAYED_WORK(&conn->watch_work, conn_watch_work);
	tx_init(conn);
	rx_init(conn);
	return req_table_init(&conn->reqs);
}

void conn_free(struct vhci_conn *conn)
{
	req_table_free(&conn->reqs);
}

/* Does every byte go through kTLS, in both directions? */
static bool conn_has_tls(struct sock *sk)
{
	struct tls_context *ctx;

	if (strcmp(inet_csk(sk)->icsk_ulp_ops->name, "tls"))
		return false;
	ctx = tls_get_ctx(sk);
	return ctx && ctx->tx_conf != TLS_BASE && ctx->rx_conf != TLS_BASE;
}

static int conn_check_socket(struct vhci_conn *conn, struct sock *sk,
			     bool need_tls, struct netlink_ext_ack *extack)
{
	if (sk->sk_state == TCP_LISTEN) {
		NL_SET_ERR_MSG(extack, "the socket is listening, not connected");
		return -EINVAL;
	}
	if (sk->sk_state != TCP_ESTABLISHED || sk->sk_shutdown) {
		NL_SET_ERR_MSG(extack, "the socket is not connected");
		return -ENOTCONN;
	}
	conn->tls = inet_csk_has_ulp(sk);
	if (need_tls && !conn->tls) {
		NL_SET_ERR_MSG(extack, "the socket has no kTLS");
		return -EINVAL;
	}
	if (conn->tls && !conn_has_tls(sk)) {
		NL_SET_ERR_MSG(extack, "the socket's upper layer is not kTLS in both directions");
		return -EINVAL;
	}
	return 0;
}

/* Make the socket ours. Data may come from here on. */
static int conn_take_socket(struct vhci_conn *conn, struct sock *sk,
			    struct netlink_ext_ack *extack)
{
	int ret = 0;

	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data) {
		NL_SET_ERR_MSG(extack, "the socket is already in use by the kernel");
		ret = -EBUSY;
	} else {
		sk->sk_user_data = conn;
		conn->saved_data_ready = sk->sk_data_ready;
		conn->saved_state_change = sk->sk_state_change;
		conn->saved_write_space = sk->sk_write_space;
		sk->sk_data_ready = conn_data_ready;
		sk->sk_state_change = conn_state_change;
		sk->sk_write_space = conn_write_space;
	}
	write_unlock_bh(&sk->sk_callback_lock);
	return ret;
}

static void conn_tune_socket(struct vhci_conn *conn, struct sock *sk)
{
	u32 probe = max(conn->limits.peer_ms / MSEC_PER_SEC / CONN_PROBES, 1U);

	tcp_sock_set_nodelay(sk);
	tcp_sock_set_user_timeout(sk, conn->limits.peer_ms);
	tcp_sock_set_keepidle(sk, probe);
	tcp_sock_set_keepintvl(sk, probe);
	tcp_sock_set_keepcnt(sk, CONN_PROBES);
	sock_set_keepalive(sk);
	lock_sock(sk);
	WRITE_ONCE(tcp_sk(sk)->notsent_lowat, CONN_TX_WINDOW);
	/* A disk behind this socket may be what memory is written out to. */
	sk->sk_allocation = GFP_NOIO;
	sk_set_memalloc(sk);
	release_sock(sk);
}

/**
 * conn_open() - take over a socket
 * @conn: initialised; conn->devid and conn->limits are set
 * @sock: with a reference, which the connection takes on success
 * @need_tls: refuse a socket without kTLS in both directions
 * @extack: for the sentence that tells why not
 *
 * Answers are read from here on, so the port must be ready for them.
 */
int conn_open(struct vhci_conn *conn, struct socket *sock, bool need_tls,
	      struct netlink_ext_ack *extack)
{
	struct sock *sk = sock->sk;
	int ret;

	if (sock->type != SOCK_STREAM || sk->sk_protocol != IPPROTO_TCP ||
	    (sk->sk_family != AF_INET && sk->sk_family != AF_INET6)) {
		NL_SET_ERR_MSG(extack, "the socket is not a TCP socket");
		return -EPROTOTYPE;
	}
	lock_sock(sk);
	ret = conn_check_socket(conn, sk, need_tls, extack);
	if (!ret) {
		conn->sock = sock;
		ret = conn_take_socket(conn, sk, extack);
		if (ret)
			conn->sock = NULL;
	}
	release_sock(sk);
	if (ret)
		return ret;
	conn_tune_socket(conn, sk);
	/* What came before the callbacks were ours. */
	rx_kick(conn);
	return 0;
}

/* What the loss of a connection comes from, as a read or a send has seen it. */
static u32 conn_why_lost(const struct vhci_conn *conn, int error)
{
	switch (error) {
	case -EPIPE:		/* a send, behind the end that the server has sent */
		return HEARTH_USB_PORT_REASON_CLOSED;
	case -EBADMSG:
	case -EINVAL:
	case -EMSGSIZE:
	case -EIO:		/* kTLS, for a record */
		if (conn->tls)
			return HEARTH_USB_PORT_REASON_TLS;
	}
	return HEARTH_USB_PORT_REASON_LOST;
}

/**
 * conn_kill() - the connection has failed, or is to end
 * @conn: the connection
 * @reason: enum hearth_usb_port_reason; the first one counts
 * @error: negative errno, or 0
 * @text: what was wrong, a constant, or NULL
 *
 * Context: any. conn->died() is called once, and sees to conn_close().
 */
void conn_kill(struct vhci_conn *conn, u32 reason, int error, const char *text)
{
	unsigned long flags;
	bool first;

	if (reason == HEARTH_USB_PORT_REASON_LOST)
		reason = conn_why_lost(conn, error);
	if (reason == HEARTH_USB_PORT_REASON_CLOSED)
		error = 0;
	spin_lock_irqsave(&conn->lock, flags);
	first = !conn->dead;
	if (first) {
		WRITE_ONCE(conn->dead, true);
		conn->end.reason = reason;
		conn->end.error = error;
		conn->end.text = text;
	}
	spin_unlock_irqrestore(&conn->lock, flags);
	if (first)
		conn->died(conn);
}

static void conn_release_socket(struct socket *sock, struct vhci_conn *conn)
{
	struct sock *sk = sock->sk;

	/* While our callbacks are there: see conn_deafen(). */
	kernel_sock_shutdown(sock, SHUT_RDWR);
	/* A callback that runs now ends first; none begins after this. */
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = conn->saved_data_ready;
	sk->sk_state_change = conn->saved_state_change;
	sk->sk_write_space = conn->saved_write_space;
	sk->sk_user_data = NULL;
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * conn_close() - stop a dead connection and give every URB back
 * @conn: after conn_kill()
 *
 * Bounded: neither the socket nor the server is waited for.
 */
void conn_close(struct vhci_conn *conn)
{
	struct socket *sock = conn->sock;
	struct vhci_req *req;
	u32 i;

	conn_release_socket(sock, conn);
	cancel_work_sync(&conn->tx_work);
	cancel_delayed_work_sync(&conn->tx_late_work);
	/* One who sends in a context of its own is through after this. */
	mutex_lock(&conn->tx_mutex);
	mutex_unlock(&conn->tx_mutex);
	cancel_work_sync(&conn->rx_work);
	cancel_delayed_work_sync(&conn->watch_work);

	/* Neither side runs any more, so no buffer is in use. */
	spin_lock_irq(&conn->lock);
	for (i = 0; (req = req_at(&conn->reqs, i)); i++) {
		if (req->urb)
			conn_giveback(conn, req, req->urb->unlinked ? :
				      -ESHUTDOWN);
		if (i % REQ_CHUNK == REQ_CHUNK - 1) {
			spin_unlock_irq(&conn->lock);
			spin_lock_irq(&conn->lock);
		}
	}
	conn->sock = NULL;
	spin_unlock_irq(&conn->lock);

	lock_sock(sock->sk);
	sk_clear_memalloc(sock->sk);
	release_sock(sock->sk);
	sockfd_put(sock);
}

/* Smoothed round trip time in microseconds; 0 when it is not known. */
u32 conn_rtt(struct vhci_conn *conn)
{
	u32 rtt = 0;

	spin_lock_irq(&conn->lock);
	if (conn->sock)
		rtt = READ_ONCE(tcp_sk(conn->sock->sk)->srtt_us) >> 3;
	spin_unlock_irq(&conn->lock);
	return rtt;
}

/**
 * conn_get_stats() - a copy of the counters, all of one moment
 * @conn: the connection
 * @stats: filled in
 *
 * Context: process. Also after the end.
 */
void conn_get_stats(struct vhci_conn *conn, struct conn_stats *stats)
{
	spin_lock_irq(&conn->lock);
	*stats = conn->stats;
	spin_unlock_irq(&conn->lock);
}

/* How it ended, if it has. Context: process. */
void conn_get_end(struct vhci_conn *conn, struct conn_end *end)
{
	spin_lock_irq(&conn->lock);
	*end = conn->end;
	spin_unlock_irq(&conn->lock);
}

/* What of posting is on. Context: process. */
void conn_get_storage(struct vhci_conn *conn, struct storage_state *state)
{
	spin_lock_irq(&conn->lock);
	*state = conn->storage.state;
	spin_unlock_irq(&conn->lock);
}
