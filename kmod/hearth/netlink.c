// SPDX-License-Identifier: GPL-2.0
/*
 * The family hearth. Its names, policy and operations are generated from
 * Documentation/netlink/specs/hearth.yaml. Operations run in parallel.
 */
#include <linux/module.h>
#include <linux/netlink.h>
#include <net/genetlink.h>

#include "../compat/compat.h"
#include "netlink-gen.h"
#include "netlink.h"

static const struct genl_multicast_group netlink_groups[] = {
	[HEARTH_NLGRP_PEERS] = { .name = HEARTH_MCGRP_PEERS },
	/* Who has what built is nobody else's business. */
	[HEARTH_NLGRP_ENVS] = {
		.name = HEARTH_MCGRP_ENVS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
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

/* The module is being removed: what still happens by itself is not told. */
static bool netlink_muted;

/* --- messages that leave --------------------------------------------------- */

/* Returns what genlmsg_end() takes, or NULL where there is no room. */
void *netlink_put_header(struct sk_buff *skb, const struct netlink_to *to)
{
	void *hdr = genlmsg_put(skb, to->portid, to->seq, &netlink_family,
				to->flags, to->cmd);

	if (hdr && to->cb)
		genl_dump_check_consistent(to->cb, hdr);
	return hdr;
}

/* Is it worth while to make a message for @group in @net? */
bool netlink_is_heard(struct net *net, unsigned int group)
{
	return !READ_ONCE(netlink_muted) &&
	       genl_has_listeners(&netlink_family, net, group);
}

/**
 * netlink_tell() - send a message to a group
 * @net: the namespace
 * @group: HEARTH_NLGRP_*
 * @skb: the message, which is consumed; NULL if there was no memory for it
 */
void netlink_tell(struct net *net, unsigned int group, struct sk_buff *skb)
{
	if (skb)
		genlmsg_multicast_netns(&netlink_family, net, skb, 0, group,
					GFP_KERNEL);
	else
		/* As if there had been no room in the socket: who listens dumps. */
		genl_set_err(&netlink_family, net, 0, group, -ENOBUFS);
}

/**
 * netlink_tell_one() - send a message to one socket
 * @net: the namespace
 * @portid: the socket's address there
 * @skb: the message, which is consumed; may be NULL
 *
 * A socket that has no room for it is told so; one that was closed misses nothing.
 */
void netlink_tell_one(struct net *net, u32 portid, struct sk_buff *skb)
{
	if (READ_ONCE(netlink_muted))
		nlmsg_free(skb);
	else if (skb)
		genlmsg_unicast(net, skb, portid);
}

/* Room for @size bytes of attributes, or NULL, and an extack sentence. */
struct sk_buff *netlink_new_reply(struct genl_info *info, size_t size)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb)
		NL_SET_ERR_MSG(info->extack, "no memory for the reply");
	return skb;
}

/* --- refusals -------------------------------------------------------------- */

/* Is @attr there? If not, an extack sentence says which one is missing. */
bool netlink_need(struct genl_info *info, int attr, const char *sentence)
{
	if (info->attrs[attr])
		return true;
	if (info->extack) {
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, attr);
		info->extack->_msg = sentence;
	}
	return false;
}

/* -EINVAL, for what @attr says. */
int netlink_refuse(struct genl_info *info, const struct nlattr *attr,
		   const char *sentence)
{
	if (info->extack) {
		NL_SET_BAD_ATTR(info->extack, attr);
		info->extack->_msg = sentence;
	}
	return -EINVAL;
}

/* --- life ------------------------------------------------------------------ */

int __init netlink_init(void)
{
	return genl_register_family(&netlink_family);
}

/* Whoever tells from here on is not heard; who does already may go on. */
void netlink_mute(void)
{
	WRITE_ONCE(netlink_muted, true);
}

/* When it returns, no request is under way. */
void netlink_exit(void)
{
	genl_unregister_family(&netlink_family);
}
