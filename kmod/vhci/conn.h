/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A connection: a socket, the requests that travel over it, and how it ends.
 *
 * Lives inside its port and as long as that. See
 * Documentation/internals/usb.rst for the states and the order of locks.
 */
#ifndef _HEARTH_VHCI_CONN_H
#define _HEARTH_VHCI_CONN_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/uio.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>
#include <linux/workqueue.h>
#include <uapi/linux/hearth_usb.h>

#include "cursor.h"
#include "proto.h"
#include "request.h"
#include "storage.h"

/* Pieces of one sendmsg. */
#define CONN_TX_PIECES	64
/* Bulk data the socket may hold unsent: what an urgent message waits behind. */
#define CONN_TX_WINDOW	(128 * 1024)

struct netlink_ext_ack;
struct socket;

enum conn_lane {
	CONN_LANE_URGENT,	/* unlink, control, interrupt, isochronous */
	CONN_LANE_BULK,
	CONN_LANES,
};

enum conn_rx_stage {
	CONN_RX_HEADER,
	CONN_RX_DATA,
	CONN_RX_ISO,
	CONN_RX_DISCARD,
};

struct conn_limits {
	u32 unlink_ms;
	u32 stall_ms;
	u32 peer_ms;
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
	/*
	 * Protects the request table, the states of requests, @lane,
	 * @unlinks, @zombies, @stats (but for rx_bytes, which is @rx's),
	 * @held, @storage, @dead and @end. Taken with interrupts off, inside the socket's
	 * lock and RCU, outside of the HCD's list and giveback locks.
	 */
	spinlock_t lock;
	bool dead;		/* nothing is queued or sent any more */
	struct conn_end end;
	struct usb_hcd *hcd;
	u32 devid;
	struct conn_limits limits;
	struct conn_stats stats;
	struct req_table reqs;
	struct list_head lane[CONN_LANES];	/* struct vhci_pdu, queued */
	struct list_head unlinks;	/* requests, oldest first */
	struct list_head zombies;	/* requests, oldest first */
	bool held;			/* only unlinks are sent, see storage.c */
	struct vhci_storage storage;

	struct socket *sock;
	bool tls;
	void (*saved_data_ready)(struct sock *sk);
	void (*saved_state_change)(struct sock *sk);
	void (*saved_write_space)(struct sock *sk);

	/*
	 * Held by whoever sends: outside of the socket's lock and @lock.
	 * Owns @tx.
	 */
	struct mutex tx_mutex;
	struct work_struct tx_work;
	struct delayed_work tx_late_work;
	struct work_struct rx_work;
	struct delayed_work watch_work;

	struct {
		struct list_head batch;	/* PDUs being sent, in order */
		u32 off;		/* bytes of the first one sent */
		struct urb_cursor at;	/* its buffer, if off is inside */
		struct kvec piece[CONN_TX_PIECES];
	} tx;
	bool tx_blocked;	/* no room in the socket since tx_since */
	unsigned long tx_since;

	/* Of whoever owns the socket. rx_mid and rx_since: any reader. */
	struct {
		enum conn_rx_stage stage;
		u32 off;		/* bytes of the stage received */
		u32 want;		/* bytes of the stage */
		struct vhci_req *req;	/* NULL: discard */
		struct urb_cursor at;
		struct proto_answer answer;
		struct usbip_header hdr;
	} rx;
	bool rx_mid;		/* in the middle of a message since rx_since */
	unsigned long rx_since;

	/* Runs once in process context after the connection died. */
	void (*died)(struct vhci_conn *conn);
};

extern struct workqueue_struct *vhci_wq;
extern struct workqueue_struct *vhci_tls_wq;

int conn_init(struct vhci_conn *conn, struct usb_hcd *hcd,
	      void (*died)(struct vhci_conn *conn));
int conn_open(struct vhci_conn *conn, struct socket *sock, bool need_tls,
	      struct netlink_ext_ack *extack);
void conn_kill(struct vhci_conn *conn, u32 reason, int error,
	       const char *text);
void conn_close(struct vhci_conn *conn);
void conn_free(struct vhci_conn *conn);

int conn_submit(struct vhci_conn *conn, struct urb *urb, gfp_t gfp);
int conn_dequeue(struct vhci_conn *conn, struct urb *urb, int status);
int conn_reset_device(struct vhci_conn *conn);
void conn_pack_submit(struct vhci_conn *conn, struct vhci_req *req, u32 ep,
		      u32 flags);
void conn_queue(struct vhci_conn *conn, struct vhci_req *req,
		enum conn_lane lane);
void conn_enqueue(struct vhci_conn *conn, struct vhci_req *req,
		  enum conn_lane lane);
void conn_cancel(struct vhci_conn *conn, struct vhci_req *req, int status);
void conn_giveback(struct vhci_conn *conn, struct vhci_req *req, int status);
void conn_finish(struct vhci_conn *conn, struct vhci_req *req, int status);
void conn_retire(struct vhci_conn *conn, struct vhci_req *req);
void conn_zombify(struct vhci_conn *conn, struct vhci_req *req);
void conn_watch(struct vhci_conn *conn);
u32 conn_rtt(struct vhci_conn *conn);
void conn_get_stats(struct vhci_conn *conn, struct conn_stats *stats);
void conn_get_end(struct vhci_conn *conn, struct conn_end *end);
void conn_get_storage(struct vhci_conn *conn, struct storage_state *state);

/* Has it failed, or was it killed? Any context; it never comes back. */
static inline bool conn_is_dead(const struct vhci_conn *conn)
{
	return READ_ONCE(conn->dead);
}

/* Do its bytes go through kTLS? Known since conn_open(). */
static inline bool conn_is_tls(const struct vhci_conn *conn)
{
	return conn->tls;
}

/* tx.c */
void tx_init(struct vhci_conn *conn);
void tx_kick(struct vhci_conn *conn);
void tx_kick_late(struct vhci_conn *conn);
void tx_flush(struct vhci_conn *conn);
void tx_queue_unlink(struct vhci_conn *conn, struct vhci_req *req);

/* rx.c */
void rx_kick(struct vhci_conn *conn);
void rx_init(struct vhci_conn *conn);
void rx_ready(struct vhci_conn *conn);

#endif /* _HEARTH_VHCI_CONN_H */
