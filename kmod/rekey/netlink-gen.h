/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/hearth-volume.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_HEARTH_VOLUME_GEN_H
#define _LINUX_HEARTH_VOLUME_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/hearth_volume.h>

extern const struct nla_policy hearth_volume_volume_get_nl_policy[HEARTH_VOLUME_A_VOLUME_NAME + 1];

extern const struct nla_policy hearth_volume_region_get_nl_policy[HEARTH_VOLUME_A_RUN_FIRST + 1];

/* Ops table for hearth_volume */
extern const struct genl_ops hearth_volume_nl_ops[2];

int hearth_volume_nl_volume_get_doit(struct sk_buff *skb,
				     struct genl_info *info);
int hearth_volume_nl_volume_get_dumpit(struct sk_buff *skb,
				       struct netlink_callback *cb);
int hearth_volume_nl_region_get_doit(struct sk_buff *skb,
				     struct genl_info *info);
int hearth_volume_nl_region_get_dumpit(struct sk_buff *skb,
				       struct netlink_callback *cb);

enum {
	HEARTH_VOLUME_NLGRP_VOLUMES,
};

#endif /* _LINUX_HEARTH_VOLUME_GEN_H */
