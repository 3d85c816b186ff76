/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The family hearth, and what all of its messages need: headers, groups, refusals. What
 * they say is in peermsg.c and envmsg.c.
 */
#ifndef _HEARTH_NETLINK_H
#define _HEARTH_NETLINK_H

#include <linux/types.h>

struct genl_info;
struct net;
struct netlink_callback;
struct nlattr;
struct sk_buff;

/* What goes into the header of a message. */
struct netlink_to {
	u32 portid;
	u32 seq;
	int flags;
	u8 cmd;
	struct netlink_callback *cb;	/* of a dump, else NULL */
};

void *netlink_put_header(struct sk_buff *skb, const struct netlink_to *to);
bool netlink_is_heard(struct net *net, unsigned int group);
void netlink_tell(struct net *net, unsigned int group, struct sk_buff *skb);
void netlink_tell_one(struct net *net, u32 portid, struct sk_buff *skb);
struct sk_buff *netlink_new_reply(struct genl_info *info, size_t size);

bool netlink_need(struct genl_info *info, int attr, const char *sentence);
int netlink_refuse(struct genl_info *info, const struct nlattr *attr,
		   const char *sentence);

int netlink_init(void);
void netlink_mute(void);
void netlink_exit(void);

#endif /* _HEARTH_NETLINK_H */
