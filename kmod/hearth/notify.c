// SPDX-License-Identifier: GPL-2.0
#include <linux/notifier.h>

#include "notify.h"

static BLOCKING_NOTIFIER_HEAD(notify_chain);

int notify_add(struct notifier_block *nb)
{
	return blocking_notifier_chain_register(&notify_chain, nb);
}

/* When it returns, the callback does not run and will not. */
int notify_remove(struct notifier_block *nb)
{
	return blocking_notifier_chain_unregister(&notify_chain, nb);
}

/* Tells who has something bound to a peer, who may answer in @peer. */
void notify_peer(enum notify_event event, struct notify_peer *peer)
{
	blocking_notifier_call_chain(&notify_chain, event, peer);
}

/* Tells who has something bound to an environment. */
void notify_env_ended(u32 id)
{
	struct notify_env env = { .id = id };

	blocking_notifier_call_chain(&notify_chain, NOTIFY_ENV_ENDED, &env);
}
