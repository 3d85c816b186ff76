// SPDX-License-Identifier: GPL-2.0
/* The socket of a connection: taking it over, who is called when, letting go. */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/init_task.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/poll.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tls.h>
#include <uapi/linux/hearth_usb.h>

#include "../compat/compat.h"
#include "link.h"

/* Keepalive probes that may go unanswered within the peer's time limit. */
#define LINK_PROBES	3

struct workqueue_struct *link_wq;
struct workqueue_struct *link_tls_wq;

/*
 * What is sent is sent as the kernel, whoever's task does it: security modules
 * have been asked for the one who attached, and the one who writes to a disk is
 * nobody to them.
 */
static struct cred *link_cred;

const struct cred *link_creds(void)
{
	return link_cred;
}

/* --- who is called when --------------------------------------------------- */

/*
 * The end of a connection waits for the socket's lock, and a read of kTLS holds
 * that for as long as records without bytes come: take in no more of them. Called
 * with the lock of the socket or of its wait queue, always the same of the two.
 */
static void link_deafen(struct vhci_link *link, struct sock *sk)
{
	if (link->before.rcvbuf)
		return;
	link->before.rcvbuf_locked = sk->sk_userlocks & SOCK_RCVBUF_LOCK;
	link->before.rcvbuf = sk->sk_rcvbuf;
	sk->sk_userlocks |= SOCK_RCVBUF_LOCK;
	WRITE_ONCE(sk->sk_rcvbuf, SOCK_MIN_RCVBUF);
}

/* Whoever calls it owns the socket. */
static void link_data_ready(struct sock *sk)
{
	struct vhci_link *link;

	read_lock_bh(&sk->sk_callback_lock);
	link = sk->sk_user_data;
	if (link && link_is_dead(link))
		link_deafen(link, sk);
	else if (link)
		link->ops->readable(link, !sock_owned_by_user_nocheck(sk));
	read_unlock_bh(&sk->sk_callback_lock);
}

static void link_write_space(struct sock *sk)
{
	struct vhci_link *link;

	read_lock_bh(&sk->sk_callback_lock);
	link = sk->sk_user_data;
	if (link) {
		/* TCP calls only when a sendmsg of ours found no room. */
		link->saved_write_space(sk);
		link->ops->writable(link);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void link_state_change(struct sock *sk)
{
	struct vhci_link *link;

	read_lock_bh(&sk->sk_callback_lock);
	link = sk->sk_user_data;
	if (link) {
		link->saved_state_change(sk);
		/* Data before the FIN is still to be read; the work sees both. */
		link->ops->readable(link, false);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

/*
 * The socket wakes those who wait for it. It does so for kTLS too when a record
 * is put together late, for want of memory: that passes its callbacks by.
 */
static int link_wake(struct wait_queue_entry *wait, unsigned int mode, int sync,
		     void *key)
{
	struct vhci_link *link = container_of(wait, struct vhci_link, wait);
	__poll_t events = key_to_poll(key);

	if (link_is_dead(link)) {
		if (link->how == LINK_TLS)
			link_deafen(link, link->sock->sk);
		return 0;
	}
	if (!events || events & ~(EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND))
		link->ops->readable(link, false);
	if (!events || events & EPOLLOUT)
		link->ops->writable(link);
	return 0;
}

/* --- taking over ---------------------------------------------------------- */

/*
 * An upper layer that does nothing keeps others off: one who still has a file
 * of the socket could put TLS between it and us.
 */
static const struct tcp_ulp_ops link_ulp = {
	.name = "hearth",
};

/* Does every byte go through kTLS, in both directions? */
static bool link_has_tls(struct sock *sk)
{
	struct tls_context *ctx;

	if (strcmp(inet_csk(sk)->icsk_ulp_ops->name, "tls"))
		return false;
	ctx = tls_get_ctx(sk);
	return ctx && ctx->tx_conf != TLS_BASE && ctx->rx_conf != TLS_BASE;
}

static int link_check_kind(struct vhci_link *link, struct socket *sock,
			   struct netlink_ext_ack *extack)
{
	struct sock *sk = sock->sk;

	if (sock->type != SOCK_STREAM) {
		NL_SET_ERR_MSG(extack, "the socket is not a stream socket");
		return -EPROTOTYPE;
	}
	switch (sk->sk_family) {
	case AF_INET:
	case AF_INET6:
		link->how = LINK_TCP;
		if (sk->sk_protocol == IPPROTO_TCP)
			return 0;
		break;
	case AF_UNIX:
	case AF_VSOCK:
		link->how = LINK_LOCAL;
		return 0;
	}
	NL_SET_ERR_MSG(extack, "the socket is not one of TCP, AF_UNIX or AF_VSOCK");
	return -EPROTOTYPE;
}

static int link_check(struct vhci_link *link, struct sock *sk, bool need_tls,
		      struct netlink_ext_ack *extack)
{
	/* AF_UNIX and AF_VSOCK use TCP's states. */
	if (sk->sk_state == TCP_LISTEN) {
		NL_SET_ERR_MSG(extack, "the socket is listening, not connected");
		return -EINVAL;
	}
	if (sk->sk_state != TCP_ESTABLISHED || sk->sk_shutdown) {
		NL_SET_ERR_MSG(extack, "the socket is not connected");
		return -ENOTCONN;
	}
	if (link->how == LINK_TCP && inet_csk_has_ulp(sk))
		link->how = LINK_TLS;
	if (need_tls && link->how != LINK_TLS) {
		NL_SET_ERR_MSG(extack, "the socket has no kTLS");
		return -EINVAL;
	}
	if (link->how == LINK_TLS && !link_has_tls(sk)) {
		NL_SET_ERR_MSG(extack, "the socket's upper layer is not kTLS in both directions");
		return -EINVAL;
	}
	return 0;
}

/* Make the socket ours, or nobody's. */
static bool link_claim(struct vhci_link *link, struct sock *sk)
{
	bool claimed;

	write_lock_bh(&sk->sk_callback_lock);
	claimed = !sk->sk_user_data;
	if (claimed)
		sk->sk_user_data = link;
	write_unlock_bh(&sk->sk_callback_lock);
	return claimed;
}

static void link_unclaim(struct sock *sk)
{
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = NULL;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* We are told of what comes, from here on. The caller owns the socket. */
static void link_listen(struct vhci_link *link, struct sock *sk)
{
	if (link->how != LINK_TCP) {
		init_waitqueue_func_entry(&link->wait, link_wake);
		add_wait_queue(sk_sleep(sk), &link->wait);
		return;
	}
	inet_csk(sk)->icsk_ulp_ops = &link_ulp;
	write_lock_bh(&sk->sk_callback_lock);
	link->saved_data_ready = sk->sk_data_ready;
	link->saved_state_change = sk->sk_state_change;
	link->saved_write_space = sk->sk_write_space;
	sk->sk_data_ready = link_data_ready;
	sk->sk_state_change = link_state_change;
	sk->sk_write_space = link_write_space;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* A callback that runs ends first; none begins after this. */
static void link_unlisten(struct vhci_link *link, struct sock *sk)
{
	if (link->how != LINK_TCP) {
		remove_wait_queue(sk_sleep(sk), &link->wait);
		return;
	}
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = link->saved_data_ready;
	sk->sk_state_change = link->saved_state_change;
	sk->sk_write_space = link->saved_write_space;
	write_unlock_bh(&sk->sk_callback_lock);
	inet_csk(sk)->icsk_ulp_ops = NULL;
}

static void link_tune_tcp(struct vhci_link *link, struct sock *sk, u32 peer_ms)
{
	u32 probe = max(peer_ms / MSEC_PER_SEC / LINK_PROBES, 1U);
	struct link_before *before = &link->before;
	struct tcp_sock *tp = tcp_sk(sk);

	lock_sock(sk);
	before->nonagle = tp->nonagle;
	before->user_timeout = inet_csk(sk)->icsk_user_timeout;
	before->keepalive_time = tp->keepalive_time;
	before->keepalive_intvl = tp->keepalive_intvl;
	before->keepalive_probes = tp->keepalive_probes;
	before->keepalive = sock_flag(sk, SOCK_KEEPOPEN);
	before->notsent_lowat = tp->notsent_lowat;
	WRITE_ONCE(tp->notsent_lowat, LINK_WINDOW);
	release_sock(sk);
	tcp_sock_set_nodelay(sk);
	tcp_sock_set_user_timeout(sk, peer_ms);
	tcp_sock_set_keepidle(sk, probe);
	tcp_sock_set_keepintvl(sk, probe);
	tcp_sock_set_keepcnt(sk, LINK_PROBES);
	sock_set_keepalive(sk);
}

/* The caller owns the socket. A probe that is due looks at the flag. */
static void link_untune_tcp(const struct link_before *before, struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);

	tp->nonagle = before->nonagle;
	WRITE_ONCE(inet_csk(sk)->icsk_user_timeout, before->user_timeout);
	WRITE_ONCE(tp->keepalive_time, before->keepalive_time);
	WRITE_ONCE(tp->keepalive_intvl, before->keepalive_intvl);
	WRITE_ONCE(tp->keepalive_probes, before->keepalive_probes);
	WRITE_ONCE(tp->notsent_lowat, before->notsent_lowat);
	if (!before->keepalive)
		sock_reset_flag(sk, SOCK_KEEPOPEN);
}

/* A disk behind this socket may be what memory is written out to. */
static void link_tune(struct vhci_link *link, struct sock *sk, u32 peer_ms)
{
	lock_sock(sk);
	link->before.allocation = sk->sk_allocation;
	link->before.task_frag = sk->sk_use_task_frag;
	sk->sk_allocation = GFP_NOIO;
	/* The task's own fragment may be in use where reclaim sends for it. */
	sk->sk_use_task_frag = false;
	sk_set_memalloc(sk);
	release_sock(sk);
	if (link->how != LINK_LOCAL)
		link_tune_tcp(link, sk, peer_ms);
}

/* The caller owns the socket. */
static void link_untune(struct vhci_link *link, struct sock *sk)
{
	const struct link_before *before = &link->before;

	if (link->how != LINK_LOCAL)
		link_untune_tcp(before, sk);
	sk_clear_memalloc(sk);
	sk->sk_use_task_frag = before->task_frag;
	sk->sk_allocation = before->allocation;
	if (!before->rcvbuf)
		return;
	WRITE_ONCE(sk->sk_rcvbuf, before->rcvbuf);
	if (!before->rcvbuf_locked)
		sk->sk_userlocks &= ~SOCK_RCVBUF_LOCK;
}

/**
 * link_open() - take over a socket
 * @link: with its ops
 * @sock: with a reference, which the link takes on success
 * @need_tls: refuse a socket without kTLS in both directions
 * @peer_ms: milliseconds after which a silent TCP peer is dead
 * @extack: for the sentence that tells why not
 *
 * May call readable() before it returns. May sleep.
 *
 * Return: 0 or a negative errno, and the socket is as it was.
 */
int link_open(struct vhci_link *link, struct socket *sock, bool need_tls,
	      u32 peer_ms, struct netlink_ext_ack *extack)
{
	struct sock *sk = sock->sk;
	int ret;

	ret = link_check_kind(link, sock, extack);
	if (ret)
		return ret;
	if (!link_claim(link, sk)) {
		NL_SET_ERR_MSG(extack, "the socket is already in use by the kernel");
		return -EBUSY;
	}
	lock_sock(sk);
	ret = link_check(link, sk, need_tls, extack);
	if (ret) {
		release_sock(sk);
		link_unclaim(sk);
		return ret;
	}
	link->sock = sock;
	link_listen(link, sk);
	release_sock(sk);
	link_tune(link, sk, peer_ms);
	/* What came before we were told. */
	link->ops->readable(link, false);
	return 0;
}

/* --- the end -------------------------------------------------------------- */

/**
 * link_shut() - nothing goes through the socket any more
 * @link: dead
 *
 * Sends and reads that are under way end. When this returns, no more of @ops is
 * called from the socket. The peer is not waited for, nor is another user of the
 * socket who sleeps in it for room or data: that one is woken and has let go of
 * its lock. One who holds the lock while it copies from memory that is never
 * served (userfaultfd, FUSE) is: it got the socket from who attached it, and to
 * kill it ends the wait.
 */
void link_shut(struct vhci_link *link)
{
	struct sock *sk = link->sock->sk;

	/* While we are still told: see link_deafen(). */
	kernel_sock_shutdown(link->sock, SHUT_RDWR);
	lock_sock(sk);
	link_unlisten(link, sk);
	release_sock(sk);
}

/**
 * link_restore() - the socket is as it was, but shut
 * @link: after link_shut(), when nobody of ours sends or reads any more
 *
 * One who still has a file of it may connect it anew, and attach it.
 */
void link_restore(struct vhci_link *link)
{
	struct sock *sk = link->sock->sk;

	lock_sock(sk);
	link_untune(link, sk);
	release_sock(sk);
	link_unclaim(sk);
}

/* Let go of the socket, after link_restore(). */
void link_put(struct vhci_link *link)
{
	struct socket *sock = link->sock;

	WRITE_ONCE(link->sock, NULL);
	sockfd_put(sock);
}

/* --- what it tells -------------------------------------------------------- */

/* What the loss of a link comes from, as a read or a send has seen it. */
u32 link_why_lost(const struct vhci_link *link, int error)
{
	switch (error) {
	case -EPIPE:		/* a send, behind the end that the server has sent */
		return HEARTH_USB_PORT_REASON_CLOSED;
	case -EKEYREJECTED:
	case -EBADMSG:
	case -EINVAL:
	case -EMSGSIZE:
	case -EIO:		/* kTLS, for a record */
		if (link->how == LINK_TLS)
			return HEARTH_USB_PORT_REASON_TLS;
	}
	return HEARTH_USB_PORT_REASON_LOST;
}

/* Bytes that the peer's TCP has acknowledged; 0 where there is no TCP. */
u64 link_acked(const struct vhci_link *link)
{
	if (link->how == LINK_LOCAL)
		return 0;
	return READ_ONCE(tcp_sk(link->sock->sk)->bytes_acked);
}

/* Smoothed round trip time in microseconds; 0 when it is not known. */
u32 link_rtt(const struct vhci_link *link)
{
	if (link->how == LINK_LOCAL)
		return 0;
	return READ_ONCE(tcp_sk(link->sock->sk)->srtt_us) >> 3;
}

/* --- the module ----------------------------------------------------------- */

int links_init(void)
{
	link_cred = prepare_kernel_cred(&init_task);
	link_wq = alloc_workqueue("hearth_vhci", WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	link_tls_wq = alloc_workqueue("hearth_vhci_tls",
				      WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (link_cred && link_wq && link_tls_wq)
		return 0;
	links_exit();
	return -ENOMEM;
}

void links_exit(void)
{
	if (link_tls_wq)
		destroy_workqueue(link_tls_wq);
	if (link_wq)
		destroy_workqueue(link_wq);
	if (link_cred)
		put_cred(link_cred);
}
