// SPDX-License-Identifier: GPL-2.0
/* Keys bound to an environment: see bind.h. */
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "../hearth/hold.h"
#include "bind.h"
#include "keys.h"

/* Protects the list. Taken in the callback, inside hearth.ko's table of envs. */
static DEFINE_SPINLOCK(bind_lock);
static LIST_HEAD(bind_keys);

/*
 * From now on nobody new computes with them. To wait for those who do is for each
 * volume's own work: one that hangs holds no other one up.
 */
static int bind_event(struct notifier_block *nb, unsigned long event,
		      void *data)
{
	const struct notify_env *env = data;
	struct rekey_key *key;

	if (event != NOTIFY_ENV_ENDED)
		return NOTIFY_DONE;
	spin_lock(&bind_lock);
	list_for_each_entry(key, &bind_keys, bound) {
		if (key->env != env->id)
			continue;
		keys_end(key);
		queue_work(system_unbound_wq, key->evict);
	}
	spin_unlock(&bind_lock);
	return NOTIFY_DONE;
}

static struct hearth_hold bind_hold = {
	.lock = __MUTEX_INITIALIZER(bind_hold.lock),
	.nb.notifier_call = bind_event,
};

/**
 * bind_key() - a key ends with its environment
 * @key: as read; with none it has nothing to end with
 * @evict: queued when the environment has ended; it is to take the key away
 * @error: set to a sentence on failure
 *
 * Where the environment ends meanwhile @evict may be queued already. On success
 * bind_release() is due.
 *
 * Return: 0 or a negative errno.
 */
int bind_key(struct rekey_key *key, struct work_struct *evict, char **error)
{
	const struct hearth_bind *core;

	if (!key->env)
		return 0;
	*error = "The module hearth, which knows environments, is not loaded";
	core = hearth_get(&bind_hold);
	if (!core)
		return -EOPNOTSUPP;
	key->evict = evict;
	spin_lock(&bind_lock);
	list_add_tail(&key->bound, &bind_keys);
	spin_unlock(&bind_lock);
	/* one that ends behind this is told of */
	if (core->knows_env(key->env))
		return 0;
	bind_release(key);
	*error = "There is no such environment, or it ends";
	return -ENOENT;
}

/**
 * bind_release() - a key that was bound ends by itself
 * @key: that is not used any more
 *
 * Context: process.
 */
void bind_release(struct rekey_key *key)
{
	if (!key->evict)
		return;
	spin_lock(&bind_lock);
	list_del(&key->bound);
	spin_unlock(&bind_lock);
	key->evict = NULL;
	hearth_put(&bind_hold);
}
