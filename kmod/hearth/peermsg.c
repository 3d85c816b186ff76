// SPDX-License-Identifier: GPL-2.0
/*
 * Messages about peers: facts from messages, messages from facts, each namespace's own.
 *
 * A namespace keeps its table until it ends: a request comes over a socket, and that
 * holds the namespace.
 */
#include <linux/netlink.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include "name.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "notify.h"
#include "peer.h"
#include "peermsg.h"

/* What a namespace has. */
struct peermsg_net {
	struct net *net;
	struct peer_table peers;
};

static unsigned int peermsg_net_id __ro_after_init;
static struct workqueue_struct *peermsg_wq __ro_after_init;

static struct peer_table *peermsg_table(const struct net *net)
{
	struct peermsg_net *its = net_generic(net, peermsg_net_id);

	return &its->peers;
}

/* --- what a peer is shown as ----------------------------------------------- */

static int peermsg_put_address(struct sk_buff *skb,
			       const struct address *address)
{
	struct nlattr *nest = nla_nest_start(skb, HEARTH_A_PEER_ADDRESS);
	int ret;

	if (!nest)
		return -EMSGSIZE;
	if (address->family == AF_INET)
		ret = nla_put(skb, HEARTH_A_ADDRESS_IPV4,
			      sizeof(address->ipv4), &address->ipv4);
	else
		ret = nla_put(skb, HEARTH_A_ADDRESS_IPV6,
			      sizeof(address->ipv6), &address->ipv6);
	if (ret || nla_put_u16(skb, HEARTH_A_ADDRESS_PORT, address->port) ||
	    (address->scope && nla_put_u32(skb, HEARTH_A_ADDRESS_SCOPE,
					   address->scope))) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int peermsg_put_facts(struct sk_buff *skb,
			     const struct peer_facts *facts)
{
	u32 i;

	if (nla_put_string(skb, HEARTH_A_PEER_NAME, facts->name) ||
	    nla_put_u32(skb, HEARTH_A_PEER_CAPABILITIES,
			facts->capabilities) ||
	    nla_put_u32(skb, HEARTH_A_PEER_SOURCE, facts->source) ||
	    (facts->ttl_ms && nla_put_u32(skb, HEARTH_A_PEER_TTL,
					  facts->ttl_ms)))
		return -EMSGSIZE;
	for (i = 0; i < facts->addresses; i++)
		if (peermsg_put_address(skb, &facts->address[i]))
			return -EMSGSIZE;
	return 0;
}

/* @reason: why it is gone, or 0. */
static int peermsg_put(struct sk_buff *skb, const struct peer *peer, u32 state,
		       u32 reason)
{
	if (nla_put(skb, HEARTH_A_PEER_ID, HEARTH_ID_LEN, peer->id) ||
	    peermsg_put_facts(skb, peer->facts) ||
	    nla_put_u32(skb, HEARTH_A_PEER_STATE, state) ||
	    (reason && nla_put_u32(skb, HEARTH_A_PEER_REASON, reason)))
		return -EMSGSIZE;
	return 0;
}

/* A peer that is known, for who asks. */
static int peermsg_fill(struct sk_buff *skb, const struct peer *peer,
			const struct netlink_to *to)
{
	void *hdr = netlink_put_header(skb, to);

	if (!hdr)
		return -EMSGSIZE;
	if (peermsg_put(skb, peer, HEARTH_PEER_STATE_KNOWN, 0) ||
	    (peer->facts->ttl_ms && nla_put_u32(skb, HEARTH_A_PEER_EXPIRES,
						peer_expires_ms(peer)))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* A message that tells of a peer, or NULL. */
static struct sk_buff *peermsg_new(const struct peer *peer, u32 state,
				   u32 reason)
{
	const struct netlink_to to = { .cmd = HEARTH_CMD_PEER_NTF };
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *hdr = skb ? netlink_put_header(skb, &to) : NULL;

	if (hdr && !peermsg_put(skb, peer, state, reason)) {
		genlmsg_end(skb, hdr);
		return skb;
	}
	nlmsg_free(skb);
	return NULL;
}

static struct net *peermsg_net(struct peer_table *table)
{
	return container_of(table, struct peermsg_net, peers)->net;
}

/* To the group "peers" of its namespace. */
static void peermsg_tell(struct peer_table *table, const struct peer *peer,
			 u32 state, u32 reason)
{
	struct net *net = peermsg_net(table);

	if (netlink_is_heard(net, HEARTH_NLGRP_PEERS))
		netlink_tell(net, HEARTH_NLGRP_PEERS,
			     peermsg_new(peer, state, reason));
}

static unsigned long peermsg_heard(struct peer_table *table,
				   const struct peer *peer)
{
	struct notify_peer due = {
		.net = peermsg_net(table),
		.id = peer->id,
		.heard = peer->heard,
	};

	notify_peer(NOTIFY_PEER_DUE, &due);
	return due.heard;
}

static bool peermsg_gone(struct peer_table *table, const u8 *id, u32 reason)
{
	struct notify_peer gone = {
		.net = peermsg_net(table),
		.id = id,
		.reason = reason,
	};

	notify_peer(NOTIFY_PEER_GONE, &gone);
	return gone.bound;
}

static const struct peer_ops peermsg_ops = {
	.tell = peermsg_tell,
	.heard = peermsg_heard,
	.gone = peermsg_gone,
};

/* Is there a peer with this id in @net? */
bool peermsg_knows(const struct net *net, const u8 *id)
{
	struct peer_table *table = peermsg_table(net);
	bool found;

	mutex_lock(&table->lock);
	found = peers_find(table, id);
	mutex_unlock(&table->lock);
	return found;
}

/* --- what peer-new says ---------------------------------------------------- */

static int peermsg_address(struct genl_info *info, struct nlattr *nest,
			   struct address *address)
{
	struct nlattr *a[HEARTH_A_ADDRESS_SCOPE + 1];
	const char *refusal;
	int ret;

	ret = nla_parse_nested(a, HEARTH_A_ADDRESS_SCOPE, nest,
			       hearth_address_nl_policy, info->extack);
	if (ret)
		return ret;
	if (!a[HEARTH_A_ADDRESS_IPV4] == !a[HEARTH_A_ADDRESS_IPV6])
		return netlink_refuse(info, nest,
				      "an address is either IPv4 or IPv6");
	if (a[HEARTH_A_ADDRESS_IPV4]) {
		address->family = AF_INET;
		address->ipv4.s_addr = nla_get_in_addr(a[HEARTH_A_ADDRESS_IPV4]);
	} else {
		address->family = AF_INET6;
		address->ipv6 = nla_get_in6_addr(a[HEARTH_A_ADDRESS_IPV6]);
	}
	if (a[HEARTH_A_ADDRESS_PORT])
		address->port = nla_get_u16(a[HEARTH_A_ADDRESS_PORT]);
	if (a[HEARTH_A_ADDRESS_SCOPE])
		address->scope = nla_get_u32(a[HEARTH_A_ADDRESS_SCOPE]);
	refusal = address_refusal(address);
	return refusal ? netlink_refuse(info, nest, refusal) : 0;
}

static struct nlattr *peermsg_attrs(struct genl_info *info, int *len)
{
	*len = genlmsg_len(info->genlhdr);
	return genlmsg_data(info->genlhdr);
}

/* Room for the addresses that there are, or an ERR_PTR(). */
static struct peer_facts *peermsg_alloc_facts(struct genl_info *info)
{
	struct peer_facts *facts;
	struct nlattr *attr;
	u32 addresses = 0;
	int len, rem;

	attr = peermsg_attrs(info, &len);
	nla_for_each_attr(attr, attr, len, rem) {
		if (nla_type(attr) != HEARTH_A_PEER_ADDRESS)
			continue;
		if (addresses++ == HEARTH_ADDRESSES_MAX)
			return ERR_PTR(netlink_refuse(info, attr,
						      "a peer has at most 8 addresses"));
	}
	facts = peer_facts_alloc(addresses);
	if (facts)
		return facts;
	NL_SET_ERR_MSG(info->extack, "no memory for the peer");
	return ERR_PTR(-ENOMEM);
}

static int peermsg_addresses(struct genl_info *info,
			     struct peer_facts *facts)
{
	struct nlattr *attr;
	u32 n = 0;
	int len, rem, ret;

	attr = peermsg_attrs(info, &len);
	nla_for_each_attr(attr, attr, len, rem) {
		if (nla_type(attr) != HEARTH_A_PEER_ADDRESS)
			continue;
		ret = peermsg_address(info, attr, &facts->address[n++]);
		if (ret)
			return ret;
	}
	return 0;
}

static int peermsg_life(struct genl_info *info, struct peer_facts *facts)
{
	struct nlattr *ttl = info->attrs[HEARTH_A_PEER_TTL];

	facts->source = nla_get_u32(info->attrs[HEARTH_A_PEER_SOURCE]);
	if (facts->source != HEARTH_PEER_SOURCE_HAND) {
		if (!netlink_need(info, HEARTH_A_PEER_TTL,
				  "a time to live is needed"))
			return -EINVAL;
		facts->ttl_ms = min_t(u32, nla_get_u32(ttl), HEARTH_TTL_MAX);
	} else if (ttl) {
		return netlink_refuse(info, ttl,
				      "a peer that was named by hand has no time to live");
	}
	return 0;
}

static int peermsg_name(struct genl_info *info, struct peer_facts *facts)
{
	struct nlattr *name = info->attrs[HEARTH_A_PEER_NAME];

	if (!name_valid(nla_data(name), strlen(nla_data(name))))
		return netlink_refuse(info, name,
				      "the name is not one that can be shown and told from an id");
	strscpy(facts->name, nla_data(name), sizeof(facts->name));
	return 0;
}

/* What the message says, checked, or an ERR_PTR(). */
static struct peer_facts *peermsg_facts(struct genl_info *info)
{
	struct nlattr *capabilities = info->attrs[HEARTH_A_PEER_CAPABILITIES];
	struct peer_facts *facts = peermsg_alloc_facts(info);
	int ret;

	if (IS_ERR(facts))
		return facts;
	ret = peermsg_name(info, facts);
	if (!ret)
		ret = peermsg_life(info, facts);
	if (!ret)
		ret = peermsg_addresses(info, facts);
	if (ret) {
		peer_facts_free(facts);
		return ERR_PTR(ret);
	}
	if (capabilities)
		facts->capabilities = nla_get_u32(capabilities);
	return facts;
}

/* --- operations ------------------------------------------------------------ */

int hearth_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct peer_facts *facts;

	if (!netlink_need(info, HEARTH_A_PEER_ID, "the id of a peer is needed") ||
	    !netlink_need(info, HEARTH_A_PEER_NAME, "a name is needed") ||
	    !netlink_need(info, HEARTH_A_PEER_SOURCE,
			  "where the peer was learnt is needed"))
		return -EINVAL;
	facts = peermsg_facts(info);
	if (IS_ERR(facts))
		return PTR_ERR(facts);
	return peers_new(peermsg_table(genl_info_net(info)),
			 nla_data(info->attrs[HEARTH_A_PEER_ID]), facts,
			 info->extack);
}

int hearth_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *reason = info->attrs[HEARTH_A_PEER_REASON];
	struct nlattr *id = info->attrs[HEARTH_A_PEER_ID];
	int ret;

	if (!netlink_need(info, HEARTH_A_PEER_ID, "the id of a peer is needed") ||
	    !netlink_need(info, HEARTH_A_PEER_REASON, "a reason is needed"))
		return -EINVAL;
	if (nla_get_u32(reason) == HEARTH_PEER_REASON_EXPIRED)
		return netlink_refuse(info, reason, "a peer expires by itself");
	ret = peers_del(peermsg_table(genl_info_net(info)), nla_data(id),
			nla_get_u32(reason));
	if (ret)
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no such peer");
	return ret;
}

static int peermsg_show(struct sk_buff *reply, struct genl_info *info)
{
	struct peer_table *table = peermsg_table(genl_info_net(info));
	struct nlattr *id = info->attrs[HEARTH_A_PEER_ID];
	const struct netlink_to to = {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.cmd = HEARTH_CMD_PEER_GET,
	};
	const struct peer *peer;
	int ret = -ENOENT;

	mutex_lock(&table->lock);
	peer = peers_find(table, nla_data(id));
	if (peer)
		ret = peermsg_fill(reply, peer, &to);
	mutex_unlock(&table->lock);
	if (!peer)
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no such peer");
	return ret;
}

int hearth_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	int ret;

	if (!netlink_need(info, HEARTH_A_PEER_ID, "the id of a peer is needed"))
		return -EINVAL;
	reply = netlink_new_reply(info, GENLMSG_DEFAULT_SIZE);
	if (!reply)
		return -ENOMEM;
	ret = peermsg_show(reply, info);
	if (ret) {
		nlmsg_free(reply);
		return ret;
	}
	return genlmsg_reply(reply, info);
}

/* Goes on from the number after the last one sent, which is in cb->args[0]. */
int hearth_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct peer_table *table = peermsg_table(sock_net(cb->skb->sk));
	const struct netlink_to to = {
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.cmd = HEARTH_CMD_PEER_GET,
		.cb = cb,
	};
	unsigned long number = cb->args[0];
	const struct peer *peer;
	int ret = 0;

	mutex_lock(&table->lock);
	cb->seq = table->generation;
	while (number <= U32_MAX && (peer = peers_next(table, &number))) {
		ret = peermsg_fill(skb, peer, &to);
		if (ret)
			break;
		number++;
	}
	mutex_unlock(&table->lock);
	cb->args[0] = number;
	return skb->len ?: ret;
}

/* --- namespaces ------------------------------------------------------------ */

static int __net_init peermsg_net_init(struct net *net)
{
	struct peermsg_net *its = net_generic(net, peermsg_net_id);

	its->net = net;
	return peers_init(&its->peers, peermsg_wq, &peermsg_ops);
}

static void __net_exit peermsg_net_exit(struct net *net)
{
	peers_exit(peermsg_table(net));
}

static struct pernet_operations peermsg_net_ops = {
	.init = peermsg_net_init,
	.exit = peermsg_net_exit,
	.id = &peermsg_net_id,
	.size = sizeof(struct peermsg_net),
};

/* @wq: on which peers end */
int __init peermsg_init(struct workqueue_struct *wq)
{
	peermsg_wq = wq;
	return register_pernet_subsys(&peermsg_net_ops);
}

void peermsg_exit(void)
{
	unregister_pernet_subsys(&peermsg_net_ops);
}
