// SPDX-License-Identifier: GPL-2.0
#include "../../lib/envs.h"
#include "watch.h"

static int parse_env(struct nl_msg *msg, void *thing)
{
	return env_parse(msg, thing);
}

static bool is_same_env(const void *a, const void *b)
{
	const struct env_info *x = a, *y = b;

	return x->id == y->id;
}

static bool has_env_changed(const void *before, const void *now)
{
	const struct env_info *x = before, *y = now;

	return x->state != y->state;
}

static bool is_env_gone(const void *thing)
{
	const struct env_info *env = thing;

	return env->state == HEARTH_ENV_STATE_CLOSED ||
	       env->state == HEARTH_ENV_STATE_FAILED;
}

static void set_env_gone(void *thing)
{
	struct env_info *env = thing;

	env->state = HEARTH_ENV_STATE_CLOSED;
}

static void show_env(struct out *out, const void *thing)
{
	const struct env_info *env = thing;

	out_uint(out, "env", "env %llu", env->id);
	out_uint(out, "uid", " of user %llu", env->uid);
	out_uint(out, "memory", ", %llu MiB", env->memory);
	out_string(out, "assurance", ", %s asked for",
		   env_assurance_name(env->assurance));
	if (env->given)
		out_string(out, "given", ", %s given",
			   env_assurance_name(env->given));
	out_string(out, "state", ": %s", env_state_name(env->state));
	if (env->reason)
		out_string(out, "reason", " (%s)",
			   env_reason_name(env->reason));
}

const struct monitor_kind env_watch = {
	.object = "env",
	.name = "env",
	.family = &env_family,
	.size = sizeof(struct env_info),
	.parse = parse_env,
	.dump = env_dump_request,
	.refused = "the kernel does not show its envs",
	.is_same = is_same_env,
	.has_changed = has_env_changed,
	.is_gone = is_env_gone,
	.set_gone = set_env_gone,
	.show = show_env,
};
