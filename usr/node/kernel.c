// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/hearth.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "../lib/peers.h"
#include "kernel.h"
#include "link.h"

#define MODULE	"/sys/module/hearth"

#define WARN_EACH	(600 * NODE_SECOND)

struct kernel {
	struct channel channel;
	bool open;
	uint64_t warned;
};

/*
 * Something could not be said. With the next thing that is to be said the channel is
 * opened anew, and what is in the table is held against what should be.
 */
static void fail(struct node *node, const struct error *err)
{
	struct kernel *kernel = node->kernel;
	uint64_t now = node_now(node);

	if (kernel->open)
		channel_close(&kernel->channel);
	kernel->open = false;
	if (kernel->warned && now - kernel->warned < WARN_EACH)
		return;
	kernel->warned = now;
	fprintf(stderr, SD_WARNING "the kernel: %s\n", err->text);
}

/* --- messages --------------------------------------------------------------------------- */

/* Returns 0 or a negative errno of libnl's. An address that is no host's is left out. */
static int put_address(struct nl_msg *msg, const char *text)
{
	struct sockaddr_storage ss = { 0 };
	const struct sockaddr_in *in = (const struct sockaddr_in *)&ss;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&ss;
	struct nlattr *nest;
	struct error err;
	socklen_t len;
	int ret;

	if (link_resolve(text, &ss, &len, &err) || !in->sin_port)
		return 0;
	nest = nla_nest_start(msg, HEARTH_A_PEER_ADDRESS);
	if (!nest)
		return -ENOMEM;
	if (ss.ss_family == AF_INET)
		ret = nla_put(msg, HEARTH_A_ADDRESS_IPV4, 4, &in->sin_addr);
	else
		ret = nla_put(msg, HEARTH_A_ADDRESS_IPV6, 16, &in6->sin6_addr);
	ret = ret ?: nla_put_u16(msg, HEARTH_A_ADDRESS_PORT,
				 ntohs(in->sin_port));
	if (ss.ss_family == AF_INET6 && in6->sin6_scope_id)
		ret = ret ?: nla_put_u32(msg, HEARTH_A_ADDRESS_SCOPE,
					 in6->sin6_scope_id);
	nla_nest_end(msg, nest);
	return ret;
}

/* Where it listens, as far as we know. */
static int put_addresses(struct nl_msg *msg, const struct store_peer *peer)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < peer->n_addresses && i < HEARTH_ADDRESSES_MAX;
	     i++)
		ret = put_address(msg, peer->addresses[i]);
	return ret;
}

/* Takes @msg, which is complete where @ret is 0. */
static int run(struct node *node, struct nl_msg *msg, int ret, const char *what,
	       struct error *err)
{
	if (msg && ret) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return channel_run(&node->kernel->channel, msg, NULL, NULL, what, err);
}

/* --- what is said ------------------------------------------------------------------------ */

void kernel_know(struct node *node, const struct store_peer *peer,
		 bool announced)
{
	struct nl_msg *msg;
	struct error err;
	int ret;

	if (!node->kernel->open)
		return;
	msg = channel_request(&node->kernel->channel, HEARTH_CMD_PEER_NEW, 0);
	ret = msg ? nla_put(msg, HEARTH_A_PEER_ID, PEER_ID, peer->id) : 0;
	if (msg) {
		ret = ret ?: nla_put_string(msg, HEARTH_A_PEER_NAME,
					    peer->name);
		ret = ret ?: nla_put_u32(msg, HEARTH_A_PEER_SOURCE, announced ?
					 HEARTH_PEER_SOURCE_MULTICAST :
					 HEARTH_PEER_SOURCE_HAND);
		if (announced)
			ret = ret ?: nla_put_u32(msg, HEARTH_A_PEER_TTL,
						 KERNEL_TTL);
		ret = ret ?: put_addresses(msg, peer);
	}
	if (run(node, msg, ret, "a peer is not made known", &err))
		fail(node, &err);
}

static int forget(struct node *node, const uint8_t *id, struct error *err)
{
	struct nl_msg *msg = channel_request(&node->kernel->channel,
					     HEARTH_CMD_PEER_DEL, 0);
	int ret = 0;

	if (msg) {
		ret = nla_put(msg, HEARTH_A_PEER_ID, PEER_ID, id);
		ret = ret ?: nla_put_u32(msg, HEARTH_A_PEER_REASON,
					 HEARTH_PEER_REASON_REMOVED);
	}
	ret = run(node, msg, ret, "a peer is not forgotten", err);
	return ret == -ENOENT ? 0 : ret;
}

void kernel_forget(struct node *node, const uint8_t id[static PEER_ID])
{
	struct error err;

	if (node->kernel->open && forget(node, id, &err))
		fail(node, &err);
}

/* --- what it has -------------------------------------------------------------------------- */

/* Ids that the kernel has and we do not: removed while it could not be said. */
struct left {
	struct node *node;
	bool (*is_peer)(struct node *node, const uint8_t id[static PEER_ID]);
	size_t n, room;
	uint8_t (*ids)[PEER_ID];
	bool failed;
};

static void begin_left(void *arg)
{
	struct left *left = arg;

	left->n = 0;
}

static void see(struct nl_msg *msg, void *arg)
{
	struct left *left = arg;
	uint8_t (*grown)[PEER_ID];
	struct peer_info peer;

	if (peer_parse(msg, &peer) || left->is_peer(left->node, peer.id))
		return;
	if (left->n == left->room) {
		left->room = left->room ? 2 * left->room : 64;
		grown = realloc(left->ids, left->room * sizeof(*grown));
		if (!grown) {
			left->failed = true;
			left->room = left->n;
			return;
		}
		left->ids = grown;
	}
	memcpy(left->ids[left->n++], peer.id, PEER_ID);
}

static int forget_others(struct node *node, struct left *left, struct error *err)
{
	const struct channel_dump dump = {
		.request = peer_dump_request, .begin = begin_left, .fn = see,
		.arg = left, .what = "its peers are not shown",
	};
	int ret = channel_dump(&node->kernel->channel, &dump, err);

	if (!ret && left->failed)
		ret = error_set(err, ENOMEM, "out of memory");
	while (!ret && left->n)
		ret = forget(node, left->ids[--left->n], err);
	return ret;
}

void kernel_open(struct node *node,
		 bool (*is_peer)(struct node *node,
				 const uint8_t id[static PEER_ID]))
{
	struct left left = { .node = node, .is_peer = is_peer };
	struct kernel *kernel = node->kernel;
	struct error err;

	if (kernel->open || access(MODULE, F_OK))
		return;
	kernel->open = !channel_open(&kernel->channel, &peer_family, &err);
	if (!kernel->open || forget_others(node, &left, &err))
		fail(node, &err);
	free(left.ids);
}

int kernel_start(struct node *node, struct error *err)
{
	node->kernel = calloc(1, sizeof(*node->kernel));
	return node->kernel ? 0 : error_set(err, ENOMEM, "out of memory");
}

void kernel_stop(struct node *node)
{
	if (!node->kernel)
		return;
	if (node->kernel->open)
		channel_close(&node->kernel->channel);
	free(node->kernel);
	node->kernel = NULL;
}
