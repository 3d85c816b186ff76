// SPDX-License-Identifier: GPL-2.0
/*
 * The family hearth. Its names, policy and operations are generated from
 * Documentation/netlink/specs/hearth.yaml; here is what they do.
 *
 * Operations run in parallel. Each namespace has its own table, which it keeps until
 * it ends: a request comes over a socket, and that holds the namespace.
 */
#include <linux/module.h>
#include <linux/netlink.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/sock.h>

#include "name.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "peer.h"

static const struct genl_multicast_group netlink_groups[] = {
	[HEARTH_NLGRP_PEERS] = { .name = HEARTH_MCGRP_PEERS },
};

/* The size of the generated table is in its header. */
static struct genl_family netlink_family __ro_after_init = {
	.name		= HEARTH_FAMILY_NAME,
	.version	= HEARTH_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.netnsok	= true,
	.mcgrps		= netlink_groups,
	.n_mcgrps	= ARRAY_SIZE(netlink_groups),
	.ops		= hearth_nl_ops,
	.n_ops		= ARRAY_SIZE(hearth_nl_ops),
};

/* What a namespace has. */
struct netlink_net {
	struct net *net;
	struct peer_table peers;
};

static unsigned int netlink_net_id __ro_after_init;
static struct workqueue_struct *netlink_wq __ro_after_init;
/* The module is being removed: what still happens by itself is not told. */
static bool netlink_ended;

static struct peer_table *netlink_peers(const struct net *net)
{
	struct netlink_net *its = net_generic(net, netlink_net_id);

	return &its->peers;
}

/* Is @attr there? If not, an extack sentence says which one is missing. */
static bool netlink_need(struct genl_info *info, int attr, const char *sentence)
{
	if (info->attrs[attr])
		return true;
	if (info->extack) {
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, attr);
		info->extack->_msg = sentence;
	}
	return false;
}

static int netlink_refuse(struct genl_info *info, const struct nlattr *attr,
			  const char *sentence)
{
	if (info->extack) {
		NL_SET_BAD_ATTR(info->extack, attr);
		info->extack->_msg = sentence;
	}
	return -EINVAL;
}

/* --- what a peer is shown as ----------------------------------------------- */

static int netlink_put_address(struct sk_buff *skb,
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

static int netlink_put_facts(struct sk_buff *skb,
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
		if (netlink_put_address(skb, &facts->address[i]))
			return -EMSGSIZE;
	return 0;
}

/* What a message is to show. */
struct show {
	u32 portid;
	u32 seq;
	int flags;
	u8 cmd;
	u32 state;			/* enum hearth_peer_state */
	u32 reason;			/* why it is gone, or 0 */
	struct netlink_callback *cb;	/* of a dump, else NULL */
};

static int netlink_put_peer(struct sk_buff *skb, const struct peer *peer,
			    const struct show *show)
{
	bool expires = peer->facts->ttl_ms && show->cmd == HEARTH_CMD_PEER_GET;

	if (nla_put(skb, HEARTH_A_PEER_ID, HEARTH_ID_LEN, peer->id) ||
	    netlink_put_facts(skb, peer->facts) ||
	    (expires && nla_put_u32(skb, HEARTH_A_PEER_EXPIRES,
				    peer_expires_ms(peer))) ||
	    nla_put_u32(skb, HEARTH_A_PEER_STATE, show->state) ||
	    (show->reason && nla_put_u32(skb, HEARTH_A_PEER_REASON,
					 show->reason)))
		return -EMSGSIZE;
	return 0;
}

static int netlink_fill_peer(struct sk_buff *skb, const struct peer *peer,
			     const struct show *show)
{
	void *hdr = genlmsg_put(skb, show->portid, show->seq, &netlink_family,
				show->flags, show->cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (show->cb)
		genl_dump_check_consistent(show->cb, hdr);
	if (netlink_put_peer(skb, peer, show)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* A peer_tell_fn: to the group "peers" of its namespace. */
static void netlink_tell_peer(struct peer_table *table,
			      const struct peer *peer, u32 state, u32 reason)
{
	struct net *net = container_of(table, struct netlink_net, peers)->net;
	const struct show show = {
		.cmd = HEARTH_CMD_PEER_NTF,
		.state = state,
		.reason = reason,
	};
	struct sk_buff *skb;

	if (READ_ONCE(netlink_ended) ||
	    !genl_has_listeners(&netlink_family, net, HEARTH_NLGRP_PEERS))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		goto lost;
	if (netlink_fill_peer(skb, peer, &show)) {
		nlmsg_free(skb);
		goto lost;
	}
	genlmsg_multicast_netns(&netlink_family, net, skb, 0,
				HEARTH_NLGRP_PEERS, GFP_KERNEL);
	return;
lost:
	/* As if there had been no room in the socket: the listener dumps. */
	genl_set_err(&netlink_family, net, 0, HEARTH_NLGRP_PEERS, -ENOBUFS);
}

/* --- what peer-new says ---------------------------------------------------- */

static int netlink_get_address(struct genl_info *info, struct nlattr *nest,
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

static struct nlattr *netlink_attrs(struct genl_info *info, int *len)
{
	*len = genlmsg_len(info->genlhdr);
	return genlmsg_data(info->genlhdr);
}

/* Room for the addresses that there are, or an ERR_PTR(). */
static struct peer_facts *netlink_alloc_facts(struct genl_info *info)
{
	struct peer_facts *facts;
	struct nlattr *attr;
	u32 addresses = 0;
	int len, rem;

	attr = netlink_attrs(info, &len);
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

static int netlink_get_addresses(struct genl_info *info,
				 struct peer_facts *facts)
{
	struct nlattr *attr;
	u32 n = 0;
	int len, rem, ret;

	attr = netlink_attrs(info, &len);
	nla_for_each_attr(attr, attr, len, rem) {
		if (nla_type(attr) != HEARTH_A_PEER_ADDRESS)
			continue;
		ret = netlink_get_address(info, attr, &facts->address[n++]);
		if (ret)
			return ret;
	}
	return 0;
}

static int netlink_get_life(struct genl_info *info, struct peer_facts *facts)
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

static int netlink_get_name(struct genl_info *info, struct peer_facts *facts)
{
	struct nlattr *name = info->attrs[HEARTH_A_PEER_NAME];

	if (!name_valid(nla_data(name), strlen(nla_data(name))))
		return netlink_refuse(info, name,
				      "the name is not one that can be shown and told from an id");
	strscpy(facts->name, nla_data(name), sizeof(facts->name));
	return 0;
}

/* What the message says, checked, or an ERR_PTR(). */
static struct peer_facts *netlink_get_facts(struct genl_info *info)
{
	struct nlattr *capabilities = info->attrs[HEARTH_A_PEER_CAPABILITIES];
	struct peer_facts *facts = netlink_alloc_facts(info);
	int ret;

	if (IS_ERR(facts))
		return facts;
	ret = netlink_get_name(info, facts);
	if (!ret)
		ret = netlink_get_life(info, facts);
	if (!ret)
		ret = netlink_get_addresses(info, facts);
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
	facts = netlink_get_facts(info);
	if (IS_ERR(facts))
		return PTR_ERR(facts);
	return peers_new(netlink_peers(genl_info_net(info)),
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
	ret = peers_del(netlink_peers(genl_info_net(info)), nla_data(id),
			nla_get_u32(reason));
	if (ret)
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no such peer");
	return ret;
}

static int netlink_show_peer(struct sk_buff *reply, struct genl_info *info)
{
	struct peer_table *table = netlink_peers(genl_info_net(info));
	struct nlattr *id = info->attrs[HEARTH_A_PEER_ID];
	const struct show show = {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.cmd = HEARTH_CMD_PEER_GET,
		.state = HEARTH_PEER_STATE_KNOWN,
	};
	const struct peer *peer;
	int ret = -ENOENT;

	mutex_lock(&table->lock);
	peer = peers_find(table, nla_data(id));
	if (peer)
		ret = netlink_fill_peer(reply, peer, &show);
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
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply) {
		NL_SET_ERR_MSG(info->extack, "no memory for the reply");
		return -ENOMEM;
	}
	ret = netlink_show_peer(reply, info);
	if (ret) {
		nlmsg_free(reply);
		return ret;
	}
	return genlmsg_reply(reply, info);
}

/* Goes on from the number after the last one sent, which is in cb->args[0]. */
int hearth_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct peer_table *table = netlink_peers(sock_net(cb->skb->sk));
	const struct show show = {
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.cmd = HEARTH_CMD_PEER_GET,
		.state = HEARTH_PEER_STATE_KNOWN,
		.cb = cb,
	};
	unsigned long number = cb->args[0];
	const struct peer *peer;
	int ret = 0;

	mutex_lock(&table->lock);
	cb->seq = table->generation;
	while (number <= U32_MAX && (peer = peers_next(table, &number))) {
		ret = netlink_fill_peer(skb, peer, &show);
		if (ret)
			break;
		number++;
	}
	mutex_unlock(&table->lock);
	cb->args[0] = number;
	return skb->len ?: ret;
}

/* --- namespaces ------------------------------------------------------------ */

static int __net_init netlink_net_init(struct net *net)
{
	struct netlink_net *its = net_generic(net, netlink_net_id);

	its->net = net;
	return peers_init(&its->peers, netlink_wq, netlink_tell_peer);
}

static void __net_exit netlink_net_exit(struct net *net)
{
	peers_exit(netlink_peers(net));
}

static struct pernet_operations netlink_net_ops = {
	.init = netlink_net_init,
	.exit = netlink_net_exit,
	.id = &netlink_net_id,
	.size = sizeof(struct netlink_net),
};

int __init netlink_init(void)
{
	int ret;

	netlink_wq = alloc_workqueue("hearth", WQ_UNBOUND, 0);
	if (!netlink_wq)
		return -ENOMEM;
	ret = register_pernet_subsys(&netlink_net_ops);
	if (ret)
		goto err_wq;
	ret = genl_register_family(&netlink_family);
	if (ret)
		goto err_net;
	return 0;

err_net:
	unregister_pernet_subsys(&netlink_net_ops);
err_wq:
	destroy_workqueue(netlink_wq);
	return ret;
}

/*
 * Requests first: what they use goes after them. Peers go on expiring until their
 * namespace lets go of the table, when the family is not there any more.
 */
void netlink_exit(void)
{
	WRITE_ONCE(netlink_ended, true);
	flush_workqueue(netlink_wq);
	genl_unregister_family(&netlink_family);
	unregister_pernet_subsys(&netlink_net_ops);
	destroy_workqueue(netlink_wq);
}
