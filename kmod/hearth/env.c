// SPDX-License-Identifier: GPL-2.0
#include <keys/user-type.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "env.h"

/* So long an orchestrator may take to take an env down. */
#define ENV_CLOSING_MS	30000
/* So many are looked at before others get the lock. */
#define ENVS_BATCH	64

/* --- time ------------------------------------------------------------------ */

/* In jiffies, which stand still while the system sleeps, and the env with it. */
static unsigned long env_due(const struct env *env)
{
	if (env->state == HEARTH_ENV_STATE_CLOSING)
		return env->part_end;
	if (env->part && time_before(env->part_end, env->life_end))
		return env->part_end;
	return env->life_end;
}

static bool env_less(struct rb_node *a, const struct rb_node *b)
{
	return time_before(rb_entry(a, struct env, due_node)->due,
			   rb_entry(b, struct env, due_node)->due);
}

static struct env *envs_first(struct env_table *table)
{
	struct rb_node *node = rb_first_cached(&table->due);

	return rb_entry_safe(node, struct env, due_node);
}

static void envs_arm(struct env_table *table, const struct env *first)
{
	unsigned long now = jiffies;

	mod_delayed_work(table->wq, &table->work,
			 time_after(first->due, now) ? first->due - now : 0);
}

static void env_unqueue(struct env_table *table, struct env *env)
{
	if (RB_EMPTY_NODE(&env->due_node))
		return;
	rb_erase_cached(&env->due_node, &table->due);
	RB_CLEAR_NODE(&env->due_node);
}

static void env_queue(struct env_table *table, struct env *env)
{
	env_unqueue(table, env);
	env->due = env_due(env);
	if (rb_add_cached(&env->due_node, &table->due, env_less))
		envs_arm(table, env);
}

/* Milliseconds until something ends by itself: this part of its life, or all of it. */
unsigned int env_expires_ms(const struct env *env)
{
	unsigned long now = jiffies;

	return time_after(env->due, now) ? jiffies_to_msecs(env->due - now) : 0;
}

/* --- states ---------------------------------------------------------------- */

static void envs_changed(struct env_table *table, const struct env *env)
{
	lockdep_assert_held(&table->lock);
	table->generation++;
	/* 0 would mean to a dump that nobody counts. */
	if (!table->generation)
		table->generation++;
	table->tell(table, env);
}

static void env_forget_admission(struct env *env)
{
	kvfree_sensitive(env->admission, env->admission_len);
	env->admission = NULL;
	env->admission_len = 0;
}

/*
 * Begins a part of its life. @part: why it ends if that takes longer than @ms; 0: it
 * may take what is left of the whole.
 */
static void env_enter(struct env_table *table, struct env *env, u32 state,
		      u32 part, u32 ms)
{
	env->state = state;
	env->part = part;
	env->part_end = jiffies + msecs_to_jiffies(ms);
	env_queue(table, env);
	envs_changed(table, env);
}

static void env_revoke_keys(struct env *env)
{
	while (env->keys) {
		env->keys--;
		key_revoke(env->key[env->keys]);
		key_put(env->key[env->keys]);
	}
}

static void env_free(struct env *env)
{
	env_revoke_keys(env);
	env_forget_admission(env);
	kfree(env);
}

/*
 * The last of it: its keys are revoked, then its end is told, so who hears of it finds
 * them so. @env is freed.
 */
static void env_finish(struct env_table *table, struct env *env, bool failed,
		       u32 reason)
{
	env_unqueue(table, env);
	xa_erase(&table->ids, env->id);
	table->count--;
	env_revoke_keys(env);
	env->state = failed ? HEARTH_ENV_STATE_FAILED : HEARTH_ENV_STATE_CLOSED;
	if (!env->reason)
		env->reason = reason;
	envs_changed(table, env);
	env_free(env);
}

/* It has been begun, and somebody is there to take it down. */
static bool env_is_claimed(const struct env *env)
{
	return env->orchestrator;
}

/*
 * It is to end. Its orchestrator has some time to take it down, and says when it has;
 * where there is none, nothing was begun. @env may be freed.
 */
static void env_end(struct env_table *table, struct env *env, u32 reason)
{
	if (env->state == HEARTH_ENV_STATE_CLOSING)
		return;
	if (!env_is_claimed(env)) {
		env_finish(table, env,
			   reason == HEARTH_ENV_REASON_BUILDING, reason);
		return;
	}
	env->reason = reason;
	env_forget_admission(env);
	env_enter(table, env, HEARTH_ENV_STATE_CLOSING,
		  HEARTH_ENV_REASON_CLOSING, ENV_CLOSING_MS);
}

/* --- who may --------------------------------------------------------------- */

/* Both: a portid can be another socket's as soon as the one is closed. */
bool env_is_requester(const struct env *env, const struct env_caller *by)
{
	return env->requester == by->portid && uid_eq(env->uid, by->uid) &&
	       net_eq(env->net, by->net);
}

static bool env_is_orchestrator(const struct env *env,
				const struct env_caller *by)
{
	return by->admin && env->orchestrator == by->portid &&
	       net_eq(env->net, by->net);
}

static bool env_is_seen(const struct env *env, const struct env_caller *by)
{
	return net_eq(env->net, by->net) &&
	       (by->admin || uid_eq(env->uid, by->uid));
}

/**
 * envs_find() - an env that the caller may see
 * @table: the table, locked
 * @by: who asks
 * @id: of the env
 * @extack: for the sentence that tells why not
 *
 * Return: the env, or an ERR_PTR().
 */
struct env *envs_find(struct env_table *table, const struct env_caller *by,
		      u32 id, struct netlink_ext_ack *extack)
{
	struct env *env = xa_load(&table->ids, id);

	lockdep_assert_held(&table->lock);
	if (!env || !net_eq(env->net, by->net)) {
		NL_SET_ERR_MSG(extack, "no such environment");
		return ERR_PTR(-ENOENT);
	}
	if (!env_is_seen(env, by)) {
		NL_SET_ERR_MSG(extack, "the environment is another user's");
		return ERR_PTR(-EACCES);
	}
	return env;
}

/**
 * envs_next() - an env that the caller may see, for walks
 * @table: the table, locked
 * @by: who looks
 * @id: the lowest id of interest; set to the env's
 *
 * Return: the env, or NULL.
 */
struct env *envs_next(struct env_table *table, const struct env_caller *by,
		      unsigned long *id)
{
	struct env *env = xa_find(&table->ids, id, U32_MAX, XA_PRESENT);

	lockdep_assert_held(&table->lock);
	while (env && !env_is_seen(env, by))
		env = xa_find_after(&table->ids, id, U32_MAX, XA_PRESENT);
	return env;
}

/* The env, where the caller has claimed it, or an ERR_PTR(). */
static struct env *envs_find_claimed(struct env_table *table,
				     const struct env_caller *by, u32 id,
				     struct netlink_ext_ack *extack)
{
	struct env *env = envs_find(table, by, id, extack);

	if (IS_ERR(env) || env_is_orchestrator(env, by))
		return env;
	if (!env_is_claimed(env))
		NL_SET_ERR_MSG(extack, "the environment has to be claimed first");
	else
		NL_SET_ERR_MSG(extack, "another socket has claimed the environment");
	return ERR_PTR(-EACCES);
}

static int env_refuse_state(const struct env *env,
			    struct netlink_ext_ack *extack)
{
	switch (env->state) {
	case HEARTH_ENV_STATE_REQUESTED:
	case HEARTH_ENV_STATE_BUILDING:
		NL_SET_ERR_MSG(extack, "the environment is not ready yet");
		break;
	case HEARTH_ENV_STATE_READY:
		NL_SET_ERR_MSG(extack, "the environment is ready already");
		break;
	case HEARTH_ENV_STATE_BUSY:
		NL_SET_ERR_MSG(extack, "the environment is busy");
		break;
	default:
		NL_SET_ERR_MSG(extack, "the environment is being closed");
		break;
	}
	return -EBUSY;
}

/* The env, where the caller has claimed it and it is in this state, or an ERR_PTR(). */
static struct env *envs_find_in(struct env_table *table,
				const struct env_caller *by, u32 id, u32 state,
				struct netlink_ext_ack *extack)
{
	struct env *env = envs_find_claimed(table, by, id, extack);

	if (IS_ERR(env) || env->state == state)
		return env;
	return ERR_PTR(env_refuse_state(env, extack));
}

/* --- requests -------------------------------------------------------------- */

/* Does one more fit into what @by may have? */
static int envs_check_limits(struct env_table *table,
			     const struct env_caller *by, u32 memory_mib,
			     struct netlink_ext_ack *extack)
{
	u64 memory = memory_mib;
	unsigned int n = 0;
	unsigned long id;
	struct env *env;

	if (table->count == HEARTH_ENVS_MAX) {
		NL_SET_ERR_MSG(extack, "there are too many environments");
		return -ENOSPC;
	}
	xa_for_each(&table->ids, id, env) {
		if (!uid_eq(env->uid, by->uid))
			continue;
		n++;
		memory += env->policy.memory_mib;
	}
	if (n >= HEARTH_ENVS_MAX_USER) {
		NL_SET_ERR_MSG(extack, "the user has too many environments");
		return -EDQUOT;
	}
	if (memory > HEARTH_ENV_MEMORY_MAX) {
		NL_SET_ERR_MSG(extack, "the user's environments would have too much memory");
		return -EDQUOT;
	}
	return 0;
}

static struct env *env_alloc(const struct env_caller *by,
			     const struct env_policy *policy)
{
	struct env *env = kzalloc(sizeof(*env), GFP_KERNEL_ACCOUNT);

	if (!env)
		return NULL;
	RB_CLEAR_NODE(&env->due_node);
	env->net = by->net;
	env->uid = by->uid;
	env->requester = by->portid;
	env->policy = *policy;
	env->life_end = jiffies + msecs_to_jiffies(policy->ttl_ms);
	return env;
}

/* An env is asked for; it lives as long as the caller's socket at most. Sets @id. */
int envs_new(struct env_table *table, const struct env_caller *by,
	     const struct env_policy *policy, u32 *id,
	     struct netlink_ext_ack *extack)
{
	struct env *env = env_alloc(by, policy);
	int ret;

	if (!env) {
		NL_SET_ERR_MSG(extack, "no memory for the environment");
		return -ENOMEM;
	}
	mutex_lock(&table->lock);
	ret = envs_check_limits(table, by, policy->memory_mib, extack);
	if (ret)
		goto out;
	ret = xa_alloc_cyclic(&table->ids, &env->id, env, xa_limit_32b,
			      &table->next_id, GFP_KERNEL_ACCOUNT);
	if (ret < 0) {
		NL_SET_ERR_MSG(extack, "no memory for the environment");
		goto out;
	}
	ret = 0;
	table->count++;
	*id = env->id;
	env_enter(table, env, HEARTH_ENV_STATE_REQUESTED,
		  HEARTH_ENV_REASON_BUILDING, policy->building_ms);
	env = NULL;
out:
	mutex_unlock(&table->lock);
	kfree(env);
	return ret;
}

/* The first who claims it builds it; it fails when his socket is closed. */
int envs_claim(struct env_table *table, const struct env_caller *by, u32 id,
	       struct netlink_ext_ack *extack)
{
	struct env *env;
	int ret = 0;

	mutex_lock(&table->lock);
	env = envs_find(table, by, id, extack);
	if (IS_ERR(env)) {
		ret = PTR_ERR(env);
	} else if (env_is_claimed(env)) {
		NL_SET_ERR_MSG(extack, "the environment has been claimed already");
		ret = -EBUSY;
	} else {
		env->orchestrator = by->portid;
		/* Its time runs since it was asked for. */
		env->state = HEARTH_ENV_STATE_BUILDING;
		envs_changed(table, env);
	}
	mutex_unlock(&table->lock);
	return ret;
}

static int env_admit(struct env_table *table, struct env *env, u32 given,
		     void **admission, u32 len, struct netlink_ext_ack *extack)
{
	if (given < env->policy.assurance) {
		NL_SET_ERR_MSG(extack, "that is less assurance than was asked for");
		return -EINVAL;
	}
	env->given = given;
	env->admission = *admission;
	env->admission_len = len;
	*admission = NULL;
	env_enter(table, env, HEARTH_ENV_STATE_READY,
		  HEARTH_ENV_REASON_ADMISSION, env->policy.admission_ms);
	return 0;
}

/**
 * envs_ready() - an env is built
 * @table: the table, not locked
 * @by: who claimed it
 * @id: of the env
 * @given: enum hearth_assurance; not less than was asked for
 * @admission: what the requester is let in by; copied
 * @len: bytes of it
 * @extack: for the sentence that tells why not
 *
 * Return: 0 or a negative errno.
 */
int envs_ready(struct env_table *table, const struct env_caller *by, u32 id,
	       u32 given, const void *admission, u32 len,
	       struct netlink_ext_ack *extack)
{
	void *copy = kvmalloc(len, GFP_KERNEL_ACCOUNT);
	struct env *env;
	int ret;

	if (!copy) {
		NL_SET_ERR_MSG(extack, "no memory for the admission");
		return -ENOMEM;
	}
	memcpy(copy, admission, len);
	mutex_lock(&table->lock);
	env = envs_find_in(table, by, id, HEARTH_ENV_STATE_BUILDING, extack);
	ret = IS_ERR(env) ? PTR_ERR(env) :
			    env_admit(table, env, given, &copy, len, extack);
	mutex_unlock(&table->lock);
	kvfree_sensitive(copy, len);
	return ret;
}

/* The requester was let in: no one else will be by the same admission. */
int envs_busy(struct env_table *table, const struct env_caller *by, u32 id,
	      struct netlink_ext_ack *extack)
{
	struct env *env;

	mutex_lock(&table->lock);
	env = envs_find_in(table, by, id, HEARTH_ENV_STATE_READY, extack);
	if (!IS_ERR(env)) {
		env_forget_admission(env);
		env_enter(table, env, HEARTH_ENV_STATE_BUSY, 0, 0);
	}
	mutex_unlock(&table->lock);
	return PTR_ERR_OR_ZERO(env);
}

/* Nobody uses it: for a while it stays ready. */
int envs_idle(struct env_table *table, const struct env_caller *by, u32 id,
	      struct netlink_ext_ack *extack)
{
	struct env *env;

	mutex_lock(&table->lock);
	env = envs_find_in(table, by, id, HEARTH_ENV_STATE_BUSY, extack);
	if (!IS_ERR(env))
		env_enter(table, env, HEARTH_ENV_STATE_READY,
			  HEARTH_ENV_REASON_IDLE, env->policy.idle_ms);
	mutex_unlock(&table->lock);
	return PTR_ERR_OR_ZERO(env);
}

/**
 * envs_close() - end an env
 * @table: the table, not locked
 * @by: its user, whatever the socket; or who claimed it, for whom that is the last
 *	word: it is taken down
 * @id: of the env
 * @failed: it could not be built, or broke; for who claimed it
 * @extack: for the sentence that tells why not
 *
 * Return: 0 or a negative errno.
 */
int envs_close(struct env_table *table, const struct env_caller *by, u32 id,
	       bool failed, struct netlink_ext_ack *extack)
{
	struct env *env;
	int ret = 0;

	mutex_lock(&table->lock);
	env = envs_find(table, by, id, extack);
	if (IS_ERR(env)) {
		ret = PTR_ERR(env);
	} else if (env_is_orchestrator(env, by)) {
		failed |= env->reason == HEARTH_ENV_REASON_BUILDING;
		env_finish(table, env, failed,
			   failed ? HEARTH_ENV_REASON_FAILED :
				    HEARTH_ENV_REASON_ORCHESTRATOR);
	} else if (failed) {
		NL_SET_ERR_MSG(extack, "only who claimed the environment says that it failed");
		ret = -EACCES;
	} else {
		env_end(table, env, HEARTH_ENV_REASON_REQUESTER);
	}
	mutex_unlock(&table->lock);
	return ret;
}

/* --- keys ------------------------------------------------------------------ */

/* A logon key that the caller may change, or an ERR_PTR(). */
static struct key *env_get_key(key_serial_t serial,
			       struct netlink_ext_ack *extack)
{
	key_ref_t ref = lookup_user_key(serial, 0, KEY_NEED_WRITE);
	struct key *key;

	if (IS_ERR(ref)) {
		if (PTR_ERR(ref) == -EACCES)
			NL_SET_ERR_MSG(extack, "the key may not be written");
		else
			NL_SET_ERR_MSG(extack, "no such key");
		return ERR_CAST(ref);
	}
	key = key_ref_to_ptr(ref);
	if (key->type == &key_type_logon)
		return key;
	key_put(key);
	NL_SET_ERR_MSG(extack, "only a logon key can be bound");
	return ERR_PTR(-EINVAL);
}

static int env_bind_key(struct env *env, const struct env_caller *by,
			struct key *key, struct netlink_ext_ack *extack)
{
	u32 i;

	if (!uid_eq(env->uid, by->uid) && !env_is_orchestrator(env, by)) {
		NL_SET_ERR_MSG(extack, "another socket has claimed the environment");
		return -EACCES;
	}
	if (env->state == HEARTH_ENV_STATE_CLOSING)
		return env_refuse_state(env, extack);
	for (i = 0; i < env->keys; i++) {
		if (env->key[i] != key)
			continue;
		NL_SET_ERR_MSG(extack, "the key is bound to the environment already");
		return -EEXIST;
	}
	if (env->keys == HEARTH_ENV_KEYS_MAX) {
		NL_SET_ERR_MSG(extack, "the environment has too many keys");
		return -ENOSPC;
	}
	env->key[env->keys++] = key_get(key);
	return 0;
}

/**
 * envs_bind_key() - have a key end with an env
 * @table: the table, not locked
 * @by: the env's user, or who claimed it
 * @id: of the env
 * @serial: of a logon key which the caller may write, as the keyrings decide it for
 *	the calling task
 * @extack: for the sentence that tells why not
 *
 * Return: 0 or a negative errno.
 */
int envs_bind_key(struct env_table *table, const struct env_caller *by, u32 id,
		  key_serial_t serial, struct netlink_ext_ack *extack)
{
	struct key *key = env_get_key(serial, extack);
	struct env *env;
	int ret;

	if (IS_ERR(key))
		return PTR_ERR(key);
	mutex_lock(&table->lock);
	env = envs_find(table, by, id, extack);
	ret = IS_ERR(env) ? PTR_ERR(env) : env_bind_key(env, by, key, extack);
	mutex_unlock(&table->lock);
	key_put(key);
	return ret;
}

/* --- ends that nobody asked for -------------------------------------------- */

/* One walk for both: who asked for an env may have claimed it, too. */
static void env_socket_gone(struct env_table *table, struct env *env,
			    u32 portid)
{
	bool asked = env->requester == portid;

	if (asked)
		env->requester = 0;
	if (env->orchestrator == portid)
		env_finish(table, env, true,
			   HEARTH_ENV_REASON_ORCHESTRATOR_GONE);
	else if (asked)
		env_end(table, env, HEARTH_ENV_REASON_REQUESTER_GONE);
}

/**
 * envs_socket_gone() - a socket of generic netlink was closed
 * @table: the table, not locked
 * @net: its namespace
 * @portid: its address there
 */
void envs_socket_gone(struct env_table *table, const struct net *net,
		      u32 portid)
{
	unsigned long id;
	struct env *env;

	mutex_lock(&table->lock);
	xa_for_each(&table->ids, id, env)
		if (net_eq(env->net, net))
			env_socket_gone(table, env, portid);
	mutex_unlock(&table->lock);
}

/* Its time is over: of what it does now, or of all. */
static void env_look(struct env_table *table, struct env *env)
{
	bool part = env->part && !time_after(env->part_end, jiffies);

	if (env->state == HEARTH_ENV_STATE_CLOSING)
		env_finish(table, env, true, HEARTH_ENV_REASON_CLOSING);
	else
		env_end(table, env, part ? env->part : HEARTH_ENV_REASON_LIFE);
}

/* A batch of those that are due. Returns whether there are more. */
static bool envs_expire(struct env_table *table)
{
	unsigned long now = jiffies;
	struct env *env;
	int n = 0;

	while ((env = envs_first(table)) && time_after_eq(now, env->due)) {
		if (n++ == ENVS_BATCH)
			return true;
		env_look(table, env);
	}
	if (env)
		envs_arm(table, env);
	return false;
}

static void envs_work(struct work_struct *work)
{
	struct env_table *table = container_of(to_delayed_work(work),
					       struct env_table, work);
	bool more;

	do {
		mutex_lock(&table->lock);
		more = envs_expire(table);
		mutex_unlock(&table->lock);
		cond_resched();
	} while (more);
}

/* --- life ------------------------------------------------------------------ */

/**
 * envs_init() - an empty table
 * @table: the table
 * @wq: on which envs end; outlives the table
 * @tell: of each change
 */
void envs_init(struct env_table *table, struct workqueue_struct *wq,
	       env_tell_fn tell)
{
	mutex_init(&table->lock);
	xa_init_flags(&table->ids, XA_FLAGS_ALLOC1);
	table->next_id = 0;
	table->count = 0;
	table->generation = 1;
	table->due = RB_ROOT_CACHED;
	INIT_DELAYED_WORK(&table->work, envs_work);
	table->wq = wq;
	table->tell = tell;
}

/* The end of all envs, and of their keys. No one else has the table any more. */
void envs_exit(struct env_table *table)
{
	unsigned long id;
	struct env *env;

	cancel_delayed_work_sync(&table->work);
	xa_for_each(&table->ids, id, env)
		env_free(env);
	xa_destroy(&table->ids);
	mutex_destroy(&table->lock);
}
