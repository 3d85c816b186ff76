// SPDX-License-Identifier: GPL-2.0
/* A connection: submit, cancel, reset, limits in time, and the end. */
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>

#include "conn.h"
#include "urb.h"

/*
 * Progress is so many bytes since it was last seen, in either direction: what
 * dribbles is silence.
 */
#define CONN_PROGRESS		1024

/*
 * What a server has for a cancelled URB altogether: so many times the limit for
 * silence, and the time that the largest transfer takes at half a Mbit/s.
 */
#define CONN_WHOLE		4
#define CONN_BYTES_PER_MS	64

/* --- what the parts below call ---------------------------------------------- */

static void conn_link_readable(struct vhci_link *link, bool owned)
{
	struct vhci_conn *conn = container_of(link, struct vhci_conn, link);

	if (owned)
		rx_read(&conn->rx);
	else
		rx_kick(&conn->rx);
}

static void conn_link_writable(struct vhci_link *link)
{
	tx_kick(&container_of(link, struct vhci_conn, link)->tx);
}

/* Look after the time limits soon, and until nothing is pending. */
static void conn_link_pending(struct vhci_link *link)
{
	struct vhci_conn *conn = container_of(link, struct vhci_conn, link);
	u32 ms = min(conn->limits.unlink_ms, conn->limits.stall_ms) / 4;

	if (!link_is_dead(link))
		queue_delayed_work(link_wq, &conn->watch_work,
				   msecs_to_jiffies(clamp(ms, 10U, 1000U)));
}

static void conn_link_failed(struct vhci_link *link, u32 reason, int error,
			     const char *text)
{
	conn_kill(container_of(link, struct vhci_conn, link), reason, error,
		  text);
}

static const struct link_ops conn_link_ops = {
	.readable	= conn_link_readable,
	.writable	= conn_link_writable,
	.pending	= conn_link_pending,
	.failed		= conn_link_failed,
};

static void conn_giveback(struct vhci_conn *conn, struct vhci_req *req,
			  int status)
{
	if (!req->urb->unlinked && !conn_is_dead(conn)) {
		conn->stats.completed++;
		if (status)
			conn->stats.errors++;
	}
	conn->stats.in_flight--;
	urb_giveback(conn->hcd, req, status);
}

/* Of the end of one request may come that of others: see request.c. */
static void conn_req_done(struct req_table *reqs, struct vhci_req *req,
			  int status)
{
	struct vhci_conn *conn = container_of(reqs, struct vhci_conn, reqs);

	if (!conn->closing)
		status = storage_done(&conn->storage, req, status);
	if (req->urb)
		conn_giveback(conn, req, status);
}

static void conn_req_cancelled(struct req_table *reqs)
{
	conn_link_pending(&container_of(reqs, struct vhci_conn, reqs)->link);
}

static void conn_req_unlink(struct req_table *reqs, struct vhci_req *req)
{
	struct vhci_conn *conn = container_of(reqs, struct vhci_conn, reqs);

	tx_queue(&conn->tx, req, TX_LANE_URGENT);
	tx_kick(&conn->tx);
}

static void conn_req_late(struct req_table *reqs, struct vhci_req *req,
			  int status)
{
	struct vhci_conn *conn = container_of(reqs, struct vhci_conn, reqs);

	storage_late(&conn->storage, req, status);
}

static const struct req_ops conn_req_ops = {
	.done		= conn_req_done,
	.cancelled	= conn_req_cancelled,
	.unlink		= conn_req_unlink,
	.late		= conn_req_late,
};

static void conn_storage_queue(struct vhci_storage *st, struct vhci_req *req)
{
	tx_queue(&container_of(st, struct vhci_conn, storage)->tx, req,
		 TX_LANE_BULK);
}

static void conn_storage_giveback(struct vhci_storage *st,
				  struct vhci_req *req, int status)
{
	conn_giveback(container_of(st, struct vhci_conn, storage), req, status);
}

static void conn_storage_hold(struct vhci_storage *st, bool hold)
{
	tx_hold(&container_of(st, struct vhci_conn, storage)->tx, hold);
}

static void conn_storage_told(struct vhci_storage *st, const char *what,
			      const char *why)
{
	struct vhci_conn *conn = container_of(st, struct vhci_conn, storage);

	dev_info(conn->hcd->self.controller,
		 "disk of device %#x: no more %s (%s)\n", conn->devid, what,
		 why);
}

static const struct storage_ops conn_storage_ops = {
	.queue		= conn_storage_queue,
	.giveback	= conn_storage_giveback,
	.hold		= conn_storage_hold,
	.told		= conn_storage_told,
};

/* --- requests ----------------------------------------------------------- */

/* A free request; the table grows if it must. The lock is held on return. */
static struct vhci_req *conn_get_req(struct vhci_conn *conn, u32 reserve,
				     gfp_t gfp, unsigned long *flags)
	__acquires(&conn->reqs.lock)
{
	struct vhci_req *chunk, *req;

	spin_lock_irqsave(&conn->reqs.lock, *flags);
	req = req_get(&conn->reqs, reserve);
	if (req)
		return req;
	spin_unlock_irqrestore(&conn->reqs.lock, *flags);

	chunk = req_chunk_alloc(gfp);
	spin_lock_irqsave(&conn->reqs.lock, *flags);
	if (chunk && !req_chunk_add(&conn->reqs, chunk))
		kfree(chunk);
	return req_get(&conn->reqs, reserve);
}

/* Returns true if the caller is to send what is queued, when it has unlocked. */
static bool conn_route(struct vhci_conn *conn, struct vhci_req *req)
{
	struct urb *urb = req->urb;

	if (urb_is_set_address(urb)) {
		urb->actual_length = 0;
		req_end(&conn->reqs, req, 0);
		return false;
	}
	if (!usb_pipebulk(urb->pipe)) {
		if (usb_pipecontrol(urb->pipe))
			storage_control(&conn->storage, urb);
		tx_queue(&conn->tx, req, TX_LANE_URGENT);
		/* One at a time, as a rule; of packets more will follow. */
		if (!usb_pipeisoc(urb->pipe))
			return true;
		tx_kick(&conn->tx);
		return false;
	}
	switch (storage_submit(&conn->storage, req)) {
	case STORAGE_PASS:
		if (req->kind == REQ_STORAGE)
			return true;
		tx_kick(&conn->tx);
		break;
	case STORAGE_HOLD:
		tx_kick_late(&conn->tx);
		break;
	case STORAGE_DONE:
		break;
	}
	return false;
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
	bool sleeps = gfpflags_allow_blocking(gfp);
	struct req_iso *iso = NULL;
	struct vhci_req *req;
	unsigned long flags;
	bool flush;
	int ret;

	if (!urb_check(urb))
		return -EINVAL;
	if (usb_pipeisoc(urb->pipe)) {
		iso = urb_pack_iso(urb, gfp);
		if (!iso)
			return -ENOMEM;
	}
	req = conn_get_req(conn, REQ_RESERVE, gfp, &flags);
	ret = -ENOMEM;
	if (!req)
		goto err_unlock;
	ret = -ENODEV;
	if (conn_is_dead(conn))
		goto err_drop;
	ret = usb_hcd_link_urb_to_ep(conn->hcd, urb);
	if (ret)
		goto err_drop;

	/* An URB that is given back here is completed before we return. */
	if (sleeps)
		local_bh_disable();
	urb_bind(urb, req, iso);
	conn->stats.submitted++;
	conn->stats.in_flight++;
	conn->largest = max(conn->largest, req->length);
	flush = conn_route(conn, req);
	if (flush && !sleeps)
		tx_kick(&conn->tx);
	spin_unlock_irqrestore(&conn->reqs.lock, flags);
	if (sleeps)
		local_bh_enable();
	if (flush && sleeps)
		tx_flush(&conn->tx);
	return 0;

err_drop:
	req_drop(&conn->reqs, req);
err_unlock:
	spin_unlock_irqrestore(&conn->reqs.lock, flags);
	kfree(iso);
	return ret;
}

/**
 * conn_dequeue() - a driver no longer wants an URB
 * @conn: the connection
 * @urb: the URB
 * @status: what it is to end with
 *
 * Context: any. It is given back when the server has answered, or has had its
 * time, and the connection dies.
 *
 * Return: 0, or -EIDRM or -EBUSY as usb_hcd_check_unlink_urb() has it.
 */
int conn_dequeue(struct vhci_conn *conn, struct urb *urb, int status)
{
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&conn->reqs.lock, flags);
	ret = usb_hcd_check_unlink_urb(conn->hcd, urb, status);
	if (!ret) {
		conn->stats.unlinked++;
		req_cancel(&conn->reqs, urb->hcpriv, status, (u32)jiffies);
	}
	spin_unlock_irqrestore(&conn->reqs.lock, flags);
	return ret;
}

/**
 * conn_reset_device() - have the server reset the device
 * @conn: the connection
 *
 * Nobody waits for the answer: what is sent behind it is carried out behind it.
 * A request is kept in reserve for this one. May sleep.
 *
 * Return: 0 when it will be sent; -ENODEV, or -ENOMEM (an earlier one has no
 * answer yet, and there is no memory): the device has not been reset.
 */
int conn_reset_device(struct vhci_conn *conn)
{
	struct vhci_req *req;
	unsigned long flags;
	int ret = 0;

	req = conn_get_req(conn, 0, GFP_NOIO, &flags);
	if (!req) {
		ret = -ENOMEM;
	} else if (conn_is_dead(conn)) {
		req_drop(&conn->reqs, req);
		ret = -ENODEV;
	} else {
		storage_reset(&conn->storage);
		req->kind = REQ_RESET;
		tx_queue(&conn->tx, req, TX_LANE_URGENT);
		tx_kick(&conn->tx);
	}
	spin_unlock_irqrestore(&conn->reqs.lock, flags);
	return ret;
}

/* --- time limits -------------------------------------------------------- */

/* Have @limit_ms passed since the jiffies @since, of which 32 bits are enough? */
static bool conn_passed(u32 since, u32 limit_ms)
{
	return (u32)jiffies - since >= msecs_to_jiffies(limit_ms);
}

/* Note when bytes moved last. The lock is held. */
static void conn_note_progress(struct vhci_conn *conn)
{
	u64 moved = conn->tx.bytes + READ_ONCE(conn->rx.bytes) +
		    link_acked(&conn->link);

	if (moved - conn->moved < CONN_PROGRESS)
		return;
	conn->moved = moved;
	conn->moved_at = jiffies;
}

/* Has the server had its time with one that is cancelled? The lock is held. */
static bool conn_unlink_expired(struct vhci_conn *conn)
{
	u32 left = conn->reqs.n_cancelled;
	struct req_limits limits;
	struct vhci_req *req;
	u32 whole, i;

	whole = CONN_WHOLE * conn->limits.unlink_ms +
		conn->largest / CONN_BYTES_PER_MS;
	limits.silence = msecs_to_jiffies(conn->limits.unlink_ms);
	limits.whole = msecs_to_jiffies(whole);
	for (i = 0; left && (req = req_at(&conn->reqs, i)); i++) {
		if (req_expired(req, &limits, (u32)jiffies, conn->moved_at))
			return true;
		left -= req->cancelled;
	}
	return false;
}

/* Which limit has passed? NULL: none. The lock is held. */
static const char *conn_expired(struct vhci_conn *conn, u32 *reason)
{
	const struct vhci_rx *rx = &conn->rx;
	const struct vhci_tx *tx = &conn->tx;
	u32 stall = conn->limits.stall_ms;

	*reason = HEARTH_USB_PORT_REASON_UNLINK_TIMEOUT;
	if (conn_unlink_expired(conn))
		return "the server has not confirmed a cancelled URB";
	*reason = HEARTH_USB_PORT_REASON_STALL_TIMEOUT;
	if (READ_ONCE(rx->mid) && conn_passed(READ_ONCE(rx->since), stall))
		return "the server stands still in the middle of an answer";
	if (tx->blocked && conn_passed(tx->since, stall))
		return "the server does not read";
	if (tx->inside && conn_passed(tx->since, stall))
		return "another user of the socket holds it";
	if (READ_ONCE(rx->inside) &&
	    conn_passed(READ_ONCE(rx->inside_since), stall))
		return "TLS records without data, and no end of them";
	*reason = HEARTH_USB_PORT_REASON_TLS;
	if (READ_ONCE(rx->rekeying) &&
	    conn_passed(READ_ONCE(rx->rekeying_since), stall))
		return "the server has changed its TLS key, and nobody has set the new one";
	return NULL;
}

static void conn_watch_work(struct work_struct *work)
{
	struct vhci_conn *conn = container_of(to_delayed_work(work),
					      struct vhci_conn, watch_work);
	const struct vhci_rx *rx = &conn->rx;
	const char *text;
	u32 reason;
	bool again;

	spin_lock_irq(&conn->reqs.lock);
	conn_note_progress(conn);
	text = conn_expired(conn, &reason);
	again = conn->reqs.n_cancelled || conn->tx.blocked || conn->tx.inside ||
		READ_ONCE(rx->mid) || READ_ONCE(rx->inside) ||
		READ_ONCE(rx->rekeying);
	spin_unlock_irq(&conn->reqs.lock);

	if (text)
		conn_kill(conn, reason, -ETIMEDOUT, text);
	else if (again)
		conn_link_pending(&conn->link);
}

/* --- life --------------------------------------------------------------- */

/**
 * conn_init() - a connection that is not open yet
 * @conn: zeroed
 * @hcd: whose URBs it carries
 * @died: called once, from any context, when the connection has died; sees to
 *	conn_close()
 *
 * Return: 0, or -ENOMEM and there is nothing to be freed.
 */
int conn_init(struct vhci_conn *conn, struct usb_hcd *hcd,
	      void (*died)(struct vhci_conn *conn))
{
	conn->hcd = hcd;
	conn->died = died;
	conn->link.ops = &conn_link_ops;
	tx_init(&conn->tx, &conn->link, &conn->reqs);
	rx_init(&conn->rx, &conn->link, &conn->reqs);
	storage_init(&conn->storage, &conn->reqs, &conn_storage_ops);
	INIT_DELAYED_WORK(&conn->watch_work, conn_watch_work);
	return req_table_init(&conn->reqs, &conn_req_ops);
}

void conn_free(struct vhci_conn *conn)
{
	req_table_free(&conn->reqs);
}

/**
 * conn_open() - take over a socket
 * @conn: initialised; conn->devid, conn->limits and what of
 *	conn->storage.state port-attach asks for are set
 * @sock: with a reference, which the connection takes on success
 * @need_tls: refuse a socket without kTLS in both directions
 * @extack: for the sentence that tells why not
 *
 * Answers are read from here on, so the port must be ready for them.
 *
 * Return: 0 or a negative errno.
 */
int conn_open(struct vhci_conn *conn, struct socket *sock, bool need_tls,
	      struct netlink_ext_ack *extack)
{
	conn->tx.devid = conn->devid;
	return link_open(&conn->link, sock, need_tls, conn->limits.peer_ms,
			 extack);
}

/**
 * conn_kill() - the connection has failed, or is to end
 * @conn: the connection
 * @reason: enum hearth_usb_port_reason; the first one counts
 * @error: negative errno, or 0
 * @text: what was wrong, a constant, or NULL
 *
 * Context: any, without the table's lock. conn->died() is called once, and sees
 * to conn_close().
 */
void conn_kill(struct vhci_conn *conn, u32 reason, int error, const char *text)
{
	unsigned long flags;
	bool first;

	if (reason == HEARTH_USB_PORT_REASON_LOST)
		reason = link_why_lost(&conn->link, error);
	if (reason == HEARTH_USB_PORT_REASON_CLOSED)
		error = 0;
	spin_lock_irqsave(&conn->reqs.lock, flags);
	first = !conn->link.dead;
	if (first) {
		WRITE_ONCE(conn->link.dead, true);
		conn->end.reason = reason;
		conn->end.error = error;
		conn->end.text = text;
	}
	spin_unlock_irqrestore(&conn->reqs.lock, flags);
	if (first)
		conn->died(conn);
}

/**
 * conn_close() - stop a dead connection and give every URB back
 * @conn: after conn_kill()
 *
 * Bounded: neither the socket nor the server is waited for.
 */
void conn_close(struct vhci_conn *conn)
{
	struct vhci_req *req;
	u32 i;

	link_shut(&conn->link);
	tx_stop(&conn->tx);
	rx_stop(&conn->rx);
	cancel_delayed_work_sync(&conn->watch_work);
	link_restore(&conn->link);

	/* Neither side runs any more, so no buffer is in use. */
	spin_lock_irq(&conn->reqs.lock);
	conn->closing = true;
	for (i = 0; (req = req_at(&conn->reqs, i)); i++) {
		if (req->used)
			req_end(&conn->reqs, req, req->urb && req->urb->unlinked ?
				req->urb->unlinked : -ESHUTDOWN);
		if (i % REQ_CHUNK == REQ_CHUNK - 1) {
			spin_unlock_irq(&conn->reqs.lock);
			spin_lock_irq(&conn->reqs.lock);
		}
	}
	link_put(&conn->link);
	spin_unlock_irq(&conn->reqs.lock);
}

/* --- what it tells ------------------------------------------------------- */

/* Smoothed round trip time in microseconds; 0: not known. Context: process. */
u32 conn_rtt(struct vhci_conn *conn)
{
	u32 rtt = 0;

	spin_lock_irq(&conn->reqs.lock);
	if (conn->link.sock)
		rtt = link_rtt(&conn->link);
	spin_unlock_irq(&conn->reqs.lock);
	return rtt;
}

/* When (jiffies) did bytes come last, or was it opened? Any context. */
unsigned long conn_heard(struct vhci_conn *conn)
{
	unsigned long now = jiffies;

	return now - ((u32)now - READ_ONCE(conn->rx.since));
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
	spin_lock_irq(&conn->reqs.lock);
	*stats = conn->stats;
	stats->tx_bytes = conn->tx.bytes;
	stats->rx_bytes = READ_ONCE(conn->rx.bytes);
	stats->waiting = conn->reqs.n_waiting;
	spin_unlock_irq(&conn->reqs.lock);
}

/* How it ended, if it has. Context: process. */
void conn_get_end(struct vhci_conn *conn, struct conn_end *end)
{
	spin_lock_irq(&conn->reqs.lock);
	*end = conn->end;
	spin_unlock_irq(&conn->reqs.lock);
}

/* What of posting is on. Context: process. */
void conn_get_storage(struct vhci_conn *conn, struct storage_state *state)
{
	spin_lock_irq(&conn->reqs.lock);
	*state = conn->storage.state;
	spin_unlock_irq(&conn->reqs.lock);
}
