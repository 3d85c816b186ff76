/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket of a connection: taking it over, who is called when, letting go.
 *
 * Three ways to hear of a socket: plain TCP by its own callbacks, so that what
 * comes can be read where it comes, in softirq; TCP with kTLS, AF_UNIX and
 * AF_VSOCK by an entry in its wait queue, as poll() does.
 */
#ifndef _HEARTH_VHCI_LINK_H
#define _HEARTH_VHCI_LINK_H

#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct netlink_ext_ack;
struct sock;
struct socket;
struct vhci_link;

/* Bulk data the socket may hold unsent: what an urgent message waits behind. */
#define LINK_WINDOW	(128 * 1024)

enum link_how {
	LINK_TCP,	/* plain: read by tcp_read_sock() */
	LINK_TLS,	/* read by recvmsg, which tells record types */
	LINK_LOCAL,	/* AF_UNIX or AF_VSOCK: read by recvmsg */
};

/* What a link calls. None may sleep. */
struct link_ops {
	/*
	 * There is something to be read, or the end of it. With @owned the
	 * caller has the socket, and it may be read here.
	 */
	void (*readable)(struct vhci_link *link, bool owned);
	/* There is room to send. */
	void (*writable)(struct vhci_link *link);
	/*
	 * Something was begun that has a limit in time. From here or from tx and
	 * rx, which know of the link only; with or without the table's lock.
	 */
	void (*pending)(struct vhci_link *link);
	/* It is of no more use; see conn_kill(). Without the table's lock. */
	void (*failed)(struct vhci_link *link, u32 reason, int error,
		       const char *text);
};

/* What the socket had before it was tuned: one who has a file of it gets it back. */
struct link_before {
	gfp_t allocation;
	int rcvbuf;			/* 0: not changed, see link_deafen() */
	bool rcvbuf_locked;
	bool task_frag;
	/* TCP's, in its units */
	bool keepalive;
	u8 keepalive_probes;
	u8 nonagle;
	u32 keepalive_time;
	u32 keepalive_intvl;
	u32 user_timeout;
	u32 notsent_lowat;
};

struct vhci_link {
	const struct link_ops *ops;
	struct socket *sock;		/* set by link_open() */
	enum link_how how;
	bool dead;			/* nothing is to be sent or read */
	struct wait_queue_entry wait;	/* unless LINK_TCP */
	void (*saved_data_ready)(struct sock *sk);
	void (*saved_state_change)(struct sock *sk);
	void (*saved_write_space)(struct sock *sk);
	struct link_before before;
};

/* Sending, receiving and time limits of all connections. */
extern struct workqueue_struct *link_wq;
/*
 * Receiving over kTLS. One read decrypts for as long as records come, and is not
 * to hold up the work of other connections.
 */
extern struct workqueue_struct *link_tls_wq;

int links_init(void);
void links_exit(void);

int link_open(struct vhci_link *link, struct socket *sock, bool need_tls,
	      u32 peer_ms, struct netlink_ext_ack *extack);
void link_shut(struct vhci_link *link);
void link_restore(struct vhci_link *link);
void link_put(struct vhci_link *link);
const struct cred *link_creds(void);
u32 link_why_lost(const struct vhci_link *link, int error);
u64 link_acked(const struct vhci_link *link);
u32 link_rtt(const struct vhci_link *link);

/* Any context. A dead link stays so. */
static inline bool link_is_dead(const struct vhci_link *link)
{
	return READ_ONCE(link->dead);
}

#endif /* _HEARTH_VHCI_LINK_H */
