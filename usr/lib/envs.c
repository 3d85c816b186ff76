// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <string.h>

#include "attr.h"
#include "envs.h"

const struct channel_family env_family = {
	.name = HEARTH_FAMILY_NAME,
	.version = HEARTH_FAMILY_VERSION,
	.group = HEARTH_MCGRP_ENVS,
	.event = HEARTH_CMD_ENV_NTF,
	.module = "hearth",
	.things = "the envs",
};

static const struct nla_policy env_policy[HEARTH_A_ENV_MAX + 1] = {
	[HEARTH_A_ENV_ID] = { .type = NLA_U32 },
	[HEARTH_A_ENV_STATE] = { .type = NLA_U32 },
	[HEARTH_A_ENV_REASON] = { .type = NLA_U32 },
	[HEARTH_A_ENV_UID] = { .type = NLA_U32 },
	[HEARTH_A_ENV_ASSURANCE] = { .type = NLA_U32 },
	[HEARTH_A_ENV_GIVEN] = { .type = NLA_U32 },
	[HEARTH_A_ENV_MEMORY] = { .type = NLA_U32 },
};

struct nl_msg *env_dump_request(struct channel *chan, void *arg)
{
	(void)arg;
	return channel_request(chan, HEARTH_CMD_ENV_GET, NLM_F_DUMP);
}

int env_parse(struct nl_msg *msg, struct env_info *env)
{
	struct nlattr *a[HEARTH_A_ENV_MAX + 1];

	memset(env, 0, sizeof(*env));
	if (genlmsg_parse(nlmsg_hdr(msg), 0, a, HEARTH_A_ENV_MAX, env_policy) ||
	    !a[HEARTH_A_ENV_ID])
		return -EBADMSG;
	env->id = attr_u32(a[HEARTH_A_ENV_ID]);
	env->state = attr_u32(a[HEARTH_A_ENV_STATE]);
	env->reason = attr_u32(a[HEARTH_A_ENV_REASON]);
	env->uid = attr_u32(a[HEARTH_A_ENV_UID]);
	env->assurance = attr_u32(a[HEARTH_A_ENV_ASSURANCE]);
	env->given = attr_u32(a[HEARTH_A_ENV_GIVEN]);
	env->memory = attr_u32(a[HEARTH_A_ENV_MEMORY]);
	return 0;
}

const char *env_assurance_name(uint32_t assurance)
{
	switch (assurance) {
	case HEARTH_ASSURANCE_PROCESS: return "process";
	case HEARTH_ASSURANCE_VM: return "vm";
	case HEARTH_ASSURANCE_MEASURED: return "measured";
	case HEARTH_ASSURANCE_TEE: return "tee";
	default: return "unknown";
	}
}

const char *env_state_name(uint32_t state)
{
	switch (state) {
	case HEARTH_ENV_STATE_REQUESTED: return "requested";
	case HEARTH_ENV_STATE_BUILDING: return "building";
	case HEARTH_ENV_STATE_READY: return "ready";
	case HEARTH_ENV_STATE_BUSY: return "busy";
	case HEARTH_ENV_STATE_CLOSING: return "closing";
	case HEARTH_ENV_STATE_CLOSED: return "closed";
	case HEARTH_ENV_STATE_FAILED: return "failed";
	default: return "unknown";
	}
}

const char *env_reason_name(uint32_t reason)
{
	switch (reason) {
	case HEARTH_ENV_REASON_BUILDING: return "building";
	case HEARTH_ENV_REASON_ADMISSION: return "admission";
	case HEARTH_ENV_REASON_IDLE: return "idle";
	case HEARTH_ENV_REASON_LIFE: return "life";
	case HEARTH_ENV_REASON_CLOSING: return "closing";
	case HEARTH_ENV_REASON_REQUESTER_GONE: return "requester-gone";
	case HEARTH_ENV_REASON_ORCHESTRATOR_GONE: return "orchestrator-gone";
	case HEARTH_ENV_REASON_REQUESTER: return "requester";
	case HEARTH_ENV_REASON_ORCHESTRATOR: return "orchestrator";
	case HEARTH_ENV_REASON_FAILED: return "failed";
	default: return "unknown";
	}
}
