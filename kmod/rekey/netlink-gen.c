// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/hearth-volume.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/hearth_volume.h>

/* HEARTH_VOLUME_CMD_VOLUME_GET - do */
const struct nla_policy hearth_volume_volume_get_nl_policy[HEARTH_VOLUME_A_VOLUME_NAME + 1] = {
	[HEARTH_VOLUME_A_VOLUME_NAME] = { .type = NLA_NUL_STRING, .len = HEARTH_VOLUME_NAME_MAX_LEN, },
};

/* HEARTH_VOLUME_CMD_REGION_GET - do */
const struct nla_policy hearth_volume_region_get_nl_policy[HEARTH_VOLUME_A_RUN_FIRST + 1] = {
	[HEARTH_VOLUME_A_RUN_NAME] = { .type = NLA_NUL_STRING, .len = HEARTH_VOLUME_NAME_MAX_LEN, },
	[HEARTH_VOLUME_A_RUN_FIRST] = { .type = NLA_U64, },
};

/* Ops table for hearth_volume */
const struct genl_ops hearth_volume_nl_ops[2] = {
	{
		.cmd		= HEARTH_VOLUME_CMD_VOLUME_GET,
		.doit		= hearth_volume_nl_volume_get_doit,
		.dumpit		= hearth_volume_nl_volume_get_dumpit,
		.policy		= hearth_volume_volume_get_nl_policy,
		.maxattr	= HEARTH_VOLUME_A_VOLUME_NAME,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= HEARTH_VOLUME_CMD_REGION_GET,
		.doit		= hearth_volume_nl_region_get_doit,
		.dumpit		= hearth_volume_nl_region_get_dumpit,
		.policy		= hearth_volume_region_get_nl_policy,
		.maxattr	= HEARTH_VOLUME_A_RUN_FIRST,
		.flags		= GENL_ADMIN_PERM,
	},
};

static const struct genl_multicast_group hearth_volume_nl_mcgrps[] = {
	[HEARTH_VOLUME_NLGRP_VOLUMES] = { "volumes", },
};
