/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/hearth.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_HEARTH_GEN_H
#define _LINUX_HEARTH_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/hearth.h>

/* Common nested types */
extern const struct nla_policy hearth_address_nl_policy[HEARTH_A_ADDRESS_SCOPE + 1];

extern const struct nla_policy hearth_peer_new_nl_policy[HEARTH_A_PEER_TTL + 1];

extern const struct nla_policy hearth_peer_del_nl_policy[HEARTH_A_PEER_REASON + 1];

extern const struct nla_policy hearth_peer_get_nl_policy[HEARTH_A_PEER_ID + 1];

extern const struct nla_policy hearth_env_new_nl_policy[HEARTH_A_ENV_IDLE_TIMEOUT + 1];

extern const struct nla_policy hearth_env_claim_nl_policy[HEARTH_A_ENV_ID + 1];

extern const struct nla_policy hearth_env_ready_nl_policy[HEARTH_A_ENV_ADMISSION + 1];

extern const struct nla_policy hearth_env_busy_nl_policy[HEARTH_A_ENV_ID + 1];

extern const struct nla_policy hearth_env_idle_nl_policy[HEARTH_A_ENV_ID + 1];

extern const struct nla_policy hearth_env_close_nl_policy[HEARTH_A_ENV_FAILED + 1];

extern const struct nla_policy hearth_env_bind_key_nl_policy[HEARTH_A_ENV_KEY + 1];

extern const struct nla_policy hearth_env_get_nl_policy[HEARTH_A_ENV_ID + 1];

/* Ops table for hearth */
extern const struct genl_ops hearth_nl_ops[11];

int hearth_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int hearth_nl_env_new_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_env_claim_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_env_ready_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_env_busy_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_env_idle_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_env_close_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_env_bind_key_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_env_get_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_nl_env_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

enum {
	HEARTH_NLGRP_PEERS,
	HEARTH_NLGRP_ENVS,
};

#endif /* _LINUX_HEARTH_GEN_H */
