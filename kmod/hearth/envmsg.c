// SPDX-License-Identifier: GPL-2.0
/*
 * Messages about sealed environments. There is one table for all namespaces; each sees
 * its own.
 */
#include <linux/cred.h>
#include <linux/netlink.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "env.h"
#include "envmsg.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "notify.h"

#define ENVMSG_BUILDING_MS	120000
#define ENVMSG_ADMISSION_MS	60000
#define ENVMSG_IDLE_MS		300000

/* Bytes of a message's attributes, but for the admission. */
#define ENVMSG_SIZE		(12 * nla_total_size(sizeof(u32)))

static struct env_table envmsg_table;

/* --- who asks -------------------------------------------------------------- */

/*
 * The user is the one behind the message, not the one who opened the socket: what a
 * program with more rights was made to write is not what its user asked for.
 */
static struct env_caller envmsg_by(struct sk_buff *skb)
{
	return (struct env_caller) {
		.net = sock_net(skb->sk),
		.portid = NETLINK_CB(skb).portid,
		.uid = NETLINK_CREDS(skb)->uid,
		.admin = netlink_capable(skb, CAP_NET_ADMIN),
	};
}

static bool envmsg_need_id(struct genl_info *info, u32 *id)
{
	if (!netlink_need(info, HEARTH_A_ENV_ID, "an environment is needed"))
		return false;
	*id = nla_get_u32(info->attrs[HEARTH_A_ENV_ID]);
	return true;
}

/* --- what an env is shown as ----------------------------------------------- */

static int envmsg_put(struct sk_buff *skb, const struct env *env,
		      struct user_namespace *reader)
{
	const struct env_policy *policy = &env->policy;

	if (nla_put_u32(skb, HEARTH_A_ENV_ID, env->id) ||
	    nla_put_u32(skb, HEARTH_A_ENV_STATE, env->state) ||
	    (env->reason && nla_put_u32(skb, HEARTH_A_ENV_REASON,
					env->reason)) ||
	    nla_put_u32(skb, HEARTH_A_ENV_UID,
			from_kuid_munged(reader, env->uid)) ||
	    nla_put_u32(skb, HEARTH_A_ENV_ASSURANCE, policy->assurance) ||
	    (env->given && nla_put_u32(skb, HEARTH_A_ENV_GIVEN, env->given)) ||
	    nla_put_u32(skb, HEARTH_A_ENV_MEMORY, policy->memory_mib) ||
	    nla_put_u32(skb, HEARTH_A_ENV_TTL, policy->ttl_ms) ||
	    nla_put_u32(skb, HEARTH_A_ENV_BUILDING_TIMEOUT,
			policy->building_ms) ||
	    nla_put_u32(skb, HEARTH_A_ENV_ADMISSION_TIMEOUT,
			policy->admission_ms) ||
	    nla_put_u32(skb, HEARTH_A_ENV_IDLE_TIMEOUT, policy->idle_ms))
		return -EMSGSIZE;
	return 0;
}

/* For who asked by @asked; to the one who asked for the env, with the admission. */
static int envmsg_fill(struct sk_buff *skb, const struct env *env,
		       struct sk_buff *asked, u32 admission_len,
		       const struct netlink_to *to)
{
	void *hdr = netlink_put_header(skb, to);

	if (!hdr)
		return -EMSGSIZE;
	if (envmsg_put(skb, env, sk_user_ns(NETLINK_CB(asked).sk)) ||
	    nla_put_u32(skb, HEARTH_A_ENV_EXPIRES, env_expires_ms(env)) ||
	    (admission_len && nla_put(skb, HEARTH_A_ENV_ADMISSION,
				      admission_len, env->admission))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* A message that tells of an env, or NULL. @admitted: with the admission */
static struct sk_buff *envmsg_new(const struct env *env, bool admitted)
{
	u32 len = admitted ? env->admission_len : 0;
	const struct netlink_to to = { .cmd = HEARTH_CMD_ENV_NTF };
	struct sk_buff *skb = genlmsg_new(ENVMSG_SIZE + nla_total_size(len),
					  GFP_KERNEL);
	void *hdr = skb ? netlink_put_header(skb, &to) : NULL;

	if (hdr && !envmsg_put(skb, env, &init_user_ns) &&
	    (!len || !nla_put(skb, HEARTH_A_ENV_ADMISSION, len,
			      env->admission))) {
		genlmsg_end(skb, hdr);
		return skb;
	}
	nlmsg_free(skb);
	return NULL;
}

/*
 * An env_tell_fn: to the group "envs" of its namespace, and to who asked for it, whose
 * env-new tells him of the first state. He who gets no message asks: his socket has no
 * room, and says so, or is closed.
 */
static void envmsg_tell(struct env_table *table, const struct env *env)
{
	/* before anybody hears of it */
	if (env->state == HEARTH_ENV_STATE_CLOSED ||
	    env->state == HEARTH_ENV_STATE_FAILED)
		notify_env_ended(env->id);
	if (netlink_is_heard(env->net, HEARTH_NLGRP_ENVS))
		netlink_tell(env->net, HEARTH_NLGRP_ENVS,
			     envmsg_new(env, false));
	if (env->requester && env->state != HEARTH_ENV_STATE_REQUESTED)
		netlink_tell_one(env->net, env->requester,
				 envmsg_new(env, true));
}

/* --- operations ------------------------------------------------------------ */

static u32 envmsg_limit(struct genl_info *info, int attr, u32 otherwise)
{
	return info->attrs[attr] ? min_t(u32, nla_get_u32(info->attrs[attr]),
					 HEARTH_TTL_MAX) : otherwise;
}

static int envmsg_policy(struct genl_info *info, struct env_policy *policy)
{
	struct nlattr **attrs = info->attrs;

	if (!netlink_need(info, HEARTH_A_ENV_ASSURANCE,
			  "an assurance is needed") ||
	    !netlink_need(info, HEARTH_A_ENV_MEMORY,
			  "an amount of memory is needed") ||
	    !netlink_need(info, HEARTH_A_ENV_TTL, "a time to live is needed"))
		return -EINVAL;
	policy->assurance = nla_get_u32(attrs[HEARTH_A_ENV_ASSURANCE]);
	policy->memory_mib = nla_get_u32(attrs[HEARTH_A_ENV_MEMORY]);
	policy->ttl_ms = envmsg_limit(info, HEARTH_A_ENV_TTL, 0);
	policy->building_ms = envmsg_limit(info, HEARTH_A_ENV_BUILDING_TIMEOUT,
					   ENVMSG_BUILDING_MS);
	policy->admission_ms = envmsg_limit(info, HEARTH_A_ENV_ADMISSION_TIMEOUT,
					    ENVMSG_ADMISSION_MS);
	policy->idle_ms = envmsg_limit(info, HEARTH_A_ENV_IDLE_TIMEOUT,
				       ENVMSG_IDLE_MS);
	return 0;
}

int hearth_nl_env_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct env_caller by = envmsg_by(skb);
	struct env_policy policy;
	struct sk_buff *reply;
	void *hdr;
	u32 id;
	int ret;

	ret = envmsg_policy(info, &policy);
	if (ret)
		return ret;
	reply = netlink_new_reply(info, nla_total_size(sizeof(u32)));
	if (!reply)
		return -ENOMEM;
	ret = envs_new(&envmsg_table, &by, &policy, &id, info->extack);
	if (ret) {
		nlmsg_free(reply);
		return ret;
	}
	/* There is room for the header, too. */
	hdr = netlink_put_header(reply, &(struct netlink_to) {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.cmd = HEARTH_CMD_ENV_NEW,
	});
	nla_put_u32(reply, HEARTH_A_ENV_ID, id);
	genlmsg_end(reply, hdr);
	ret = genlmsg_reply(reply, info);
	/* An env whose number nobody was told is of no use. */
	if (ret)
		envs_close(&envmsg_table, &by, id, false, NULL);
	return ret;
}

int hearth_nl_env_claim_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct env_caller by = envmsg_by(skb);
	u32 id;

	if (!envmsg_need_id(info, &id))
		return -EINVAL;
	return envs_claim(&envmsg_table, &by, id, info->extack);
}

int hearth_nl_env_ready_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *admission = info->attrs[HEARTH_A_ENV_ADMISSION];
	const struct env_caller by = envmsg_by(skb);
	u32 id;

	if (!envmsg_need_id(info, &id) ||
	    !netlink_need(info, HEARTH_A_ENV_GIVEN,
			  "what assurance it has is needed") ||
	    !netlink_need(info, HEARTH_A_ENV_ADMISSION,
			  "an admission is needed"))
		return -EINVAL;
	if (!nla_len(admission))
		return netlink_refuse(info, admission, "the admission is empty");
	if (nla_len(admission) > HEARTH_ADMISSION_MAX_LEN)
		return netlink_refuse(info, admission, "the admission is too long");
	return envs_ready(&envmsg_table, &by, id,
			  nla_get_u32(info->attrs[HEARTH_A_ENV_GIVEN]),
			  nla_data(admission), nla_len(admission),
			  info->extack);
}

int hearth_nl_env_busy_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct env_caller by = envmsg_by(skb);
	u32 id;

	if (!envmsg_need_id(info, &id))
		return -EINVAL;
	return envs_busy(&envmsg_table, &by, id, info->extack);
}

int hearth_nl_env_idle_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct env_caller by = envmsg_by(skb);
	u32 id;

	if (!envmsg_need_id(info, &id))
		return -EINVAL;
	return envs_idle(&envmsg_table, &by, id, info->extack);
}

int hearth_nl_env_close_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct env_caller by = envmsg_by(skb);
	u32 id;

	if (!envmsg_need_id(info, &id))
		return -EINVAL;
	return envs_close(&envmsg_table, &by, id,
			  nla_get_flag(info->attrs[HEARTH_A_ENV_FAILED]),
			  info->extack);
}

int hearth_nl_env_bind_key_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *key = info->attrs[HEARTH_A_ENV_KEY];
	const struct env_caller by = envmsg_by(skb);
	u32 id;

	if (!envmsg_need_id(info, &id) ||
	    !netlink_need(info, HEARTH_A_ENV_KEY, "a key is needed"))
		return -EINVAL;
	/* Below 0 are names, such as of the session's keyring. */
	if (nla_get_u32(key) > S32_MAX)
		return netlink_refuse(info, key, "that is no key's number");
	return envs_bind_key(&envmsg_table, &by, id, nla_get_u32(key),
			     info->extack);
}

/* With the table locked. The reply, or an ERR_PTR(). */
static struct sk_buff *envmsg_show(struct sk_buff *skb, struct genl_info *info,
				   const struct env_caller *by,
				   const struct env *env)
{
	u32 len = env_is_requester(env, by) ? env->admission_len : 0;
	const struct netlink_to to = {
		.portid = info->snd_portid,
		.seq = info->snd_seq,
		.cmd = HEARTH_CMD_ENV_GET,
	};
	struct sk_buff *reply;

	reply = netlink_new_reply(info, ENVMSG_SIZE + nla_total_size(len));
	if (!reply)
		return ERR_PTR(-ENOMEM);
	if (!envmsg_fill(reply, env, skb, len, &to))
		return reply;
	nlmsg_free(reply);
	return ERR_PTR(-EMSGSIZE);
}

int hearth_nl_env_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct env_caller by = envmsg_by(skb);
	struct sk_buff *reply;
	struct env *env;
	u32 id;

	if (!envmsg_need_id(info, &id))
		return -EINVAL;
	mutex_lock(&envmsg_table.lock);
	env = envs_find(&envmsg_table, &by, id, info->extack);
	reply = IS_ERR(env) ? ERR_CAST(env) :
			      envmsg_show(skb, info, &by, env);
	mutex_unlock(&envmsg_table.lock);
	return IS_ERR(reply) ? PTR_ERR(reply) : genlmsg_reply(reply, info);
}

/*
 * Goes on from the id after the last one sent, which is in cb->args[0]. A dump goes on
 * when its socket is read, by whomever: who asked for it is in the request.
 */
int hearth_nl_env_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct env_caller by = envmsg_by(cb->skb);
	const struct netlink_to to = {
		.portid = NETLINK_CB(cb->skb).portid,
		.seq = cb->nlh->nlmsg_seq,
		.flags = NLM_F_MULTI,
		.cmd = HEARTH_CMD_ENV_GET,
		.cb = cb,
	};
	unsigned long id = cb->args[0];
	struct env *env;
	int ret = 0;

	mutex_lock(&envmsg_table.lock);
	cb->seq = envmsg_table.generation;
	while (id <= U32_MAX && (env = envs_next(&envmsg_table, &by, &id))) {
		ret = envmsg_fill(skb, env, cb->skb, 0, &to);
		if (ret)
			break;
		id++;
	}
	mutex_unlock(&envmsg_table.lock);
	cb->args[0] = id;
	return skb->len ?: ret;
}

/* --- life ------------------------------------------------------------------ */

static int envmsg_netlink_event(struct notifier_block *nb, unsigned long event,
				void *data)
{
	const struct netlink_notify *n = data;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC &&
	    READ_ONCE(envmsg_table.count))
		envs_socket_gone(&envmsg_table, n->net, n->portid);
	return NOTIFY_DONE;
}

static struct notifier_block envmsg_notifier = {
	.notifier_call = envmsg_netlink_event,
};

/* @wq: on which envs end */
int __init envmsg_init(struct workqueue_struct *wq)
{
	envs_init(&envmsg_table, wq, envmsg_tell);
	return netlink_register_notifier(&envmsg_notifier);
}

/* When no request is under way any more: all envs end, and nobody is told. */
void envmsg_exit(void)
{
	netlink_unregister_notifier(&envmsg_notifier);
	envs_exit(&envmsg_table);
}

/* Is there such an env, which is not to end? Sleeps; not from a callback of the chain. */
bool envmsg_knows(u32 id)
{
	struct env *env;
	bool lives;

	mutex_lock(&envmsg_table.lock);
	env = xa_load(&envmsg_table.ids, id);
	lives = env && env->state != HEARTH_ENV_STATE_CLOSING;
	mutex_unlock(&envmsg_table.lock);
	return lives;
}
