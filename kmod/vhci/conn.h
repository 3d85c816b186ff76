/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A connection: the requests of one device that travel over one socket, and how
 * it ends. What the parts below do in common is decided here.
 *
 * Lives inside its port and as long as that. Layers, from the top:
 *
 *	conn		limits in time, submit, cancel, reset, the end
 *	storage		a filter on bulk URBs
 *	tx, rx		lanes; a parser
 *	urb, link	URBs on the wire; the socket
 *	request		the table, and what may happen to one
 *	proto, cursor	pure
 *
 * Calls go down; up go struct link_ops, req_ops, storage_ops and died(). See
 * Documentation/internals/usb.rst for the states and the order of locks.
 */
#ifndef _HEARTH_VHCI_CONN_H
#define _HEARTH_VHCI_CONN_H

#include <linux/usb.h>
#include <linux/workqueue.h>
#include <uapi/linux/hearth_usb.h>

#include "link.h"
#include "request.h"
#include "rx.h"
#include "storage.h"
#include "tx.h"

struct netlink_ext_ack;
struct usb_hcd;

/* In milliseconds. */
struct conn_limits {
	u32 unlink_ms;		/* silence behind a cancellation */
	u32 stall_ms;		/* standstill in the middle of a message */
	u32 peer_ms;		/* silence of the peer's TCP */
};

struct conn_stats {
	u64 submitted;
	u64 completed;
	u64 errors;
	u64 unlinked;
	u64 tx_bytes;
	u64 rx_bytes;
	u32 in_flight;		/* URBs that are not given back */
	u32 waiting;		/* given back, but RET_UNLINK is to come */
};

/* How a connection ended. */
struct conn_end {
	u32 reason;		/* enum hearth_usb_port_reason; 0: it is up */
	int error;		/* negative errno that goes with it, or 0 */
	const char *text;	/* what was wrong, for the log; NULL: the reason
				 * says it all. Lives as long as the module.
				 */
};

struct vhci_conn {
	struct usb_hcd *hcd;
	u32 devid;			/* of the device at the server */
	struct conn_limits limits;
	struct vhci_link link;
	struct req_table reqs;		/* its lock protects all that follows, but
					 * for what tx.h and rx.h say
					 */
	struct vhci_tx tx;
	struct vhci_rx rx;
	struct vhci_storage storage;
	struct conn_stats stats;	/* what is counted here */
	struct conn_end end;
	u32 largest;			/* bytes of any URB so far */
	bool closing;			/* no side runs any more */
	struct delayed_work watch_work;
	/* Of the watch: bytes that had moved at moved_at, in jiffies. */
	u64 moved;
	u32 moved_at;

	/* Runs once in process context after the connection died. */
	void (*died)(struct vhci_conn *conn);
};

/*
 * Once, in this order: conn_init(), conn_open(), conn_kill(), conn_close(),
 * conn_free(). All but conn_kill() may sleep. Without conn_open() there is
 * nothing to kill or close.
 */
int conn_init(struct vhci_conn *conn, struct usb_hcd *hcd,
	      void (*died)(struct vhci_conn *conn));
int conn_open(struct vhci_conn *conn, struct socket *sock, bool need_tls,
	      struct netlink_ext_ack *extack);
void conn_kill(struct vhci_conn *conn, u32 reason, int error,
	       const char *text);
void conn_close(struct vhci_conn *conn);
void conn_free(struct vhci_conn *conn);

/* Between conn_init() and conn_free(), on a dead connection too. */
int conn_submit(struct vhci_conn *conn, struct urb *urb, gfp_t gfp);
int conn_dequeue(struct vhci_conn *conn, struct urb *urb, int status);
int conn_reset_device(struct vhci_conn *conn);
u32 conn_rtt(struct vhci_conn *conn);
unsigned long conn_heard(struct vhci_conn *conn);
void conn_get_stats(struct vhci_conn *conn, struct conn_stats *stats);
void conn_get_end(struct vhci_conn *conn, struct conn_end *end);
void conn_get_storage(struct vhci_conn *conn, struct storage_state *state);

/* Has it failed, or was it killed? Any context; it never comes back. */
static inline bool conn_is_dead(const struct vhci_conn *conn)
{
	return link_is_dead(&conn->link);
}

/* Do its bytes go through kTLS? Known since conn_open(). */
static inline bool conn_is_tls(const struct vhci_conn *conn)
{
	return conn->link.how == LINK_TLS;
}

#endif /* _HEARTH_VHCI_CONN_H */
