// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the parts that have a socket: who sends, how much is sent and
 * read at a time, and what becomes of the socket.
 */
#include <kunit/test.h>
#include <linux/module.h>

/* They have no state outside of what they are given, so test a copy. */
#include "link.c"
#include "proto.c"
#include "request.c"
#include "rx.c"
#include "tx.c"
#include "urb.c"

/* A connection whose socket does what a test wants of it. */
struct wire {
	struct task_struct *tester;
	struct socket *sock;
	const struct proto_ops *ops;	/* what the socket had */
	struct req_table reqs;
	struct vhci_link link;
	struct vhci_tx tx;
	struct vhci_rx rx;
	const struct cred *cred;	/* of who sent last */
	bool reclaims;			/* may it take the reserves of memory? */
	u32 sends;			/* by the tester */
	u32 received;			/* bytes; by the tester */
	u32 turns;			/* reads by the work */
};

/* KUnit runs one case at a time. */
static struct wire *wire;

static int wire_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	wire->cred = current_cred();
	wire->reclaims = current->flags & PF_MEMALLOC;
	if (current == wire->tester)
		wire->sends++;
	/* A byte at a time, so that there is always more. */
	return 1;
}

static int wire_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
			int flags)
{
	if (current != wire->tester) {
		wire->turns++;
		return -EAGAIN;
	}
	wire->received += len;
	return len;
}

static const struct proto_ops wire_ops = {
	.family		= PF_UNIX,
	.owner		= THIS_MODULE,
	.sendmsg	= wire_sendmsg,
	.recvmsg	= wire_recvmsg,
};

static void wire_readable(struct vhci_link *link, bool owned)
{
}

static void wire_quiet(struct vhci_link *link)
{
}

static void wire_failed(struct vhci_link *link, u32 reason, int error,
			const char *text)
{
	WRITE_ONCE(link->dead, true);
}

static const struct link_ops wire_link_ops = {
	.readable	= wire_readable,
	.writable	= wire_quiet,
	.pending	= wire_quiet,
	.failed		= wire_failed,
};

static int wire_init(struct kunit *test)
{
	wire = kunit_kzalloc(test, sizeof(*wire), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, wire);
	KUNIT_ASSERT_EQ(test, links_init(), 0);
	KUNIT_ASSERT_EQ(test, req_table_init(&wire->reqs, NULL), 0);
	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_UNIX, SOCK_STREAM,
					       0, &wire->sock), 0);
	wire->tester = current;
	wire->ops = wire->sock->ops;
	wire->sock->ops = &wire_ops;
	wire->link.ops = &wire_link_ops;
	wire->link.sock = wire->sock;
	wire->link.how = LINK_LOCAL;
	tx_init(&wire->tx, &wire->link, &wire->reqs);
	rx_init(&wire->rx, &wire->link, &wire->reqs);
	return 0;
}

static void wire_exit(struct kunit *test)
{
	WRITE_ONCE(wire->link.dead, true);
	tx_stop(&wire->tx);
	rx_stop(&wire->rx);
	wire->sock->ops = wire->ops;
	sock_release(wire->sock);
	req_table_free(&wire->reqs);
	links_exit();
}

/* A message of nothing but a header waits to be sent. */
static void wire_queue(struct kunit *test)
{
	struct vhci_req *req;

	spin_lock_irq(&wire->reqs.lock);
	req = req_get(&wire->reqs, 0);
	if (req) {
		req->kind = REQ_RESET;
		tx_queue(&wire->tx, req, TX_LANE_URGENT);
	}
	spin_unlock_irq(&wire->reqs.lock);
	KUNIT_ASSERT_NOT_NULL(test, req);
}

/* Whoever sends: it is the kernel's doing, and has its reserves of memory. */
static void link_sends_as_the_kernel(struct kunit *test)
{
	const struct cred *own = current_cred();

	wire_queue(test);
	tx_flush(&wire->tx);
	KUNIT_EXPECT_GT(test, wire->sends, 0U);
	KUNIT_EXPECT_PTR_EQ(test, wire->cred, link_creds());
	KUNIT_EXPECT_PTR_NE(test, wire->cred, own);
	KUNIT_EXPECT_TRUE(test, wire->reclaims);
	KUNIT_EXPECT_PTR_EQ(test, current_cred(), own);
	KUNIT_EXPECT_FALSE(test, current->flags & PF_MEMALLOC);
}

/* One who sends much lets others have their turn, and all of it leaves. */
static void link_sends_in_runs(struct kunit *test)
{
	wire_queue(test);
	mutex_lock(&wire->tx.mutex);
	tx_run(&wire->tx);
	KUNIT_EXPECT_EQ(test, wire->sends, (u32)TX_RUN);
	KUNIT_EXPECT_EQ(test, wire->tx.bytes, (u64)TX_RUN);
	KUNIT_EXPECT_NE(test, work_busy(&wire->tx.work), 0U);
	mutex_unlock(&wire->tx.mutex);
	/* The work queues itself for what a run has left. */
	while (work_busy(&wire->tx.work))
		flush_work(&wire->tx.work);
	KUNIT_EXPECT_EQ(test, wire->sends, (u32)TX_RUN);
	KUNIT_EXPECT_EQ(test, wire->tx.bytes, (u64)sizeof(struct usbip_header));
}

/* The same of one to whom much comes, without end. */
static void link_reads_in_runs(struct kunit *test)
{
	rx_stage(&wire->rx, RX_DISCARD, U32_MAX);
	rx_read_msg(&wire->rx);
	KUNIT_EXPECT_GE(test, wire->received, (u32)RX_RUN);
	KUNIT_EXPECT_LT(test, wire->received, (u32)RX_RUN + 128);
	flush_work(&wire->rx.work);
	KUNIT_EXPECT_EQ(test, wire->turns, 1U);
}

/* What was tuned of a socket is as it was, when it is let go. */
static void link_restores_a_socket(struct kunit *test)
{
	struct vhci_link link = { .ops = &wire_link_ops };
	struct socket *sock, *other;
	struct sock *sk;
	gfp_t allocation;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_UNIX, SOCK_STREAM,
					       0, &sock), 0);
	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, AF_UNIX, SOCK_STREAM,
					       0, &other), 0);
	KUNIT_ASSERT_EQ(test, sock->ops->socketpair(sock, other), 0);
	sk = sock->sk;
	allocation = sk->sk_allocation;
	KUNIT_ASSERT_TRUE(test, sk->sk_use_task_frag);

	KUNIT_ASSERT_EQ(test, link_open(&link, sock, false, 1000, NULL), 0);
	KUNIT_EXPECT_TRUE(test, (sk->sk_allocation & GFP_KERNEL) == GFP_NOIO);
	KUNIT_EXPECT_FALSE(test, sk->sk_use_task_frag);
	KUNIT_EXPECT_TRUE(test, sock_flag(sk, SOCK_MEMALLOC));
	KUNIT_EXPECT_PTR_EQ(test, sk->sk_user_data, (void *)&link);

	WRITE_ONCE(link.dead, true);
	link_shut(&link);
	link_restore(&link);
	KUNIT_EXPECT_TRUE(test, sk->sk_allocation == allocation);
	KUNIT_EXPECT_TRUE(test, sk->sk_use_task_frag);
	KUNIT_EXPECT_FALSE(test, sock_flag(sk, SOCK_MEMALLOC));
	KUNIT_EXPECT_NULL(test, sk->sk_user_data);
	sock_release(sock);
	sock_release(other);
}

static struct kunit_case link_cases[] = {
	KUNIT_CASE(link_sends_as_the_kernel),
	KUNIT_CASE(link_sends_in_runs),
	KUNIT_CASE(link_reads_in_runs),
	KUNIT_CASE(link_restores_a_socket),
	{}
};

static struct kunit_suite link_suite = {
	.name = "hearth_vhci_link",
	.init = wire_init,
	.exit = wire_exit,
	.test_cases = link_cases,
};

kunit_test_suites(&link_suite);

MODULE_DESCRIPTION("KUnit tests of hearth_vhci's side of the socket");
MODULE_LICENSE("GPL");
