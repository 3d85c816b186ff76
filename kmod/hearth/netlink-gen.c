// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/hearth.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/hearth.h>

/* Common nested types */
const struct nla_policy hearth_address_nl_policy[HEARTH_A_ADDRESS_SCOPE + 1] = {
	[HEARTH_A_ADDRESS_IPV4] = NLA_POLICY_EXACT_LEN(4),
	[HEARTH_A_ADDRESS_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[HEARTH_A_ADDRESS_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[HEARTH_A_ADDRESS_SCOPE] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* HEARTH_CMD_PEER_NEW - do */
const struct nla_policy hearth_peer_new_nl_policy[HEARTH_A_PEER_TTL + 1] = {
	[HEARTH_A_PEER_ID] = NLA_POLICY_EXACT_LEN(HEARTH_ID_LEN),
	[HEARTH_A_PEER_NAME] = { .type = NLA_NUL_STRING, .len = HEARTH_NAME_MAX_LEN, },
	[HEARTH_A_PEER_ADDRESS] = NLA_POLICY_NESTED(hearth_address_nl_policy),
	[HEARTH_A_PEER_CAPABILITIES] = NLA_POLICY_MASK(NLA_U32, 0xf),
	[HEARTH_A_PEER_SOURCE] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
	[HEARTH_A_PEER_TTL] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* HEARTH_CMD_PEER_DEL - do */
const struct nla_policy hearth_peer_del_nl_policy[HEARTH_A_PEER_REASON + 1] = {
	[HEARTH_A_PEER_ID] = NLA_POLICY_EXACT_LEN(HEARTH_ID_LEN),
	[HEARTH_A_PEER_REASON] = NLA_POLICY_RANGE(NLA_U32, 1, 3),
};

/* HEARTH_CMD_PEER_GET - do */
const struct nla_policy hearth_peer_get_nl_policy[HEARTH_A_PEER_ID + 1] = {
	[HEARTH_A_PEER_ID] = NLA_POLICY_EXACT_LEN(HEARTH_ID_LEN),
};

/* HEARTH_CMD_ENV_NEW - do */
const struct nla_policy hearth_env_new_nl_policy[HEARTH_A_ENV_IDLE_TIMEOUT + 1] = {
	[HEARTH_A_ENV_ASSURANCE] = NLA_POLICY_RANGE(NLA_U32, 1, 4),
	[HEARTH_A_ENV_MEMORY] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_A_ENV_TTL] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_A_ENV_BUILDING_TIMEOUT] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_A_ENV_ADMISSION_TIMEOUT] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_A_ENV_IDLE_TIMEOUT] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* HEARTH_CMD_ENV_CLAIM - do */
const struct nla_policy hearth_env_claim_nl_policy[HEARTH_A_ENV_ID + 1] = {
	[HEARTH_A_ENV_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* HEARTH_CMD_ENV_READY - do */
const struct nla_policy hearth_env_ready_nl_policy[HEARTH_A_ENV_ADMISSION + 1] = {
	[HEARTH_A_ENV_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_A_ENV_GIVEN] = NLA_POLICY_RANGE(NLA_U32, 1, 4),
	[HEARTH_A_ENV_ADMISSION] = { .type = NLA_BINARY, },
};

/* HEARTH_CMD_ENV_BUSY - do */
const struct nla_policy hearth_env_busy_nl_policy[HEARTH_A_ENV_ID + 1] = {
	[HEARTH_A_ENV_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* HEARTH_CMD_ENV_IDLE - do */
const struct nla_policy hearth_env_idle_nl_policy[HEARTH_A_ENV_ID + 1] = {
	[HEARTH_A_ENV_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* HEARTH_CMD_ENV_CLOSE - do */
const struct nla_policy hearth_env_close_nl_policy[HEARTH_A_ENV_FAILED + 1] = {
	[HEARTH_A_ENV_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_A_ENV_FAILED] = { .type = NLA_FLAG, },
};

/* HEARTH_CMD_ENV_BIND_KEY - do */
const struct nla_policy hearth_env_bind_key_nl_policy[HEARTH_A_ENV_KEY + 1] = {
	[HEARTH_A_ENV_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_A_ENV_KEY] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* HEARTH_CMD_ENV_GET - do */
const struct nla_policy hearth_env_get_nl_policy[HEARTH_A_ENV_ID + 1] = {
	[HEARTH_A_ENV_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* Ops table for hearth */
const struct genl_ops hearth_nl_ops[11] = {
	{
		.cmd		= HEARTH_CMD_PEER_NEW,
		.doit		= hearth_nl_peer_new_doit,
		.policy		= hearth_peer_new_nl_policy,
		.maxattr	= HEARTH_A_PEER_TTL,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= HEARTH_CMD_PEER_DEL,
		.doit		= hearth_nl_peer_del_doit,
		.policy		= hearth_peer_del_nl_policy,
		.maxattr	= HEARTH_A_PEER_REASON,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= HEARTH_CMD_PEER_GET,
		.doit		= hearth_nl_peer_get_doit,
		.dumpit		= hearth_nl_peer_get_dumpit,
		.policy		= hearth_peer_get_nl_policy,
		.maxattr	= HEARTH_A_PEER_ID,
	},
	{
		.cmd		= HEARTH_CMD_ENV_NEW,
		.doit		= hearth_nl_env_new_doit,
		.policy		= hearth_env_new_nl_policy,
		.maxattr	= HEARTH_A_ENV_IDLE_TIMEOUT,
	},
	{
		.cmd		= HEARTH_CMD_ENV_CLAIM,
		.doit		= hearth_nl_env_claim_doit,
		.policy		= hearth_env_claim_nl_policy,
		.maxattr	= HEARTH_A_ENV_ID,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= HEARTH_CMD_ENV_READY,
		.doit		= hearth_nl_env_ready_doit,
		.policy		= hearth_env_ready_nl_policy,
		.maxattr	= HEARTH_A_ENV_ADMISSION,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= HEARTH_CMD_ENV_BUSY,
		.doit		= hearth_nl_env_busy_doit,
		.policy		= hearth_env_busy_nl_policy,
		.maxattr	= HEARTH_A_ENV_ID,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= HEARTH_CMD_ENV_IDLE,
		.doit		= hearth_nl_env_idle_doit,
		.policy		= hearth_env_idle_nl_policy,
		.maxattr	= HEARTH_A_ENV_ID,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= HEARTH_CMD_ENV_CLOSE,
		.doit		= hearth_nl_env_close_doit,
		.policy		= hearth_env_close_nl_policy,
		.maxattr	= HEARTH_A_ENV_FAILED,
	},
	{
		.cmd		= HEARTH_CMD_ENV_BIND_KEY,
		.doit		= hearth_nl_env_bind_key_doit,
		.policy		= hearth_env_bind_key_nl_policy,
		.maxattr	= HEARTH_A_ENV_KEY,
	},
	{
		.cmd		= HEARTH_CMD_ENV_GET,
		.doit		= hearth_nl_env_get_doit,
		.dumpit		= hearth_nl_env_get_dumpit,
		.policy		= hearth_env_get_nl_policy,
		.maxattr	= HEARTH_A_ENV_ID,
	},
};

static const struct genl_multicast_group hearth_nl_mcgrps[] = {
	[HEARTH_NLGRP_PEERS] = { "peers", },
	[HEARTH_NLGRP_ENVS] = { "envs", },
};
