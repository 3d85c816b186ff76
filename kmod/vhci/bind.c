// SPDX-License-Identifier: GPL-2.0
#include <linux/netlink.h>

#include "../hearth/hold.h"
#include "bind.h"

static const struct bind_ops *bind_ops;

static int bind_event(struct notifier_block *nb, unsigned long event,
		      void *data)
{
	struct notify_peer *peer = data;

	if (event == NOTIFY_PEER_GONE &&
	    bind_ops->gone(peer->net, peer->id, peer->reason))
		peer->bound = true;
	else if (event == NOTIFY_PEER_DUE)
		peer->heard = bind_ops->heard(peer->net, peer->id, peer->heard);
	return NOTIFY_DONE;
}

static struct hearth_hold bind_hold = {
	.lock = __MUTEX_INITIALIZER(bind_hold.lock),
	.nb.notifier_call = bind_event,
};

/**
 * bind_get() - one more port is bound
 * @net: the namespace
 * @id: of a peer there
 * @extack: for the sentence that tells why not
 *
 * Return: 0, and bind_put() is due; or a negative errno.
 */
int bind_get(const struct net *net, const u8 *id,
	     struct netlink_ext_ack *extack)
{
	const struct hearth_bind *core = hearth_get(&bind_hold);

	if (!core) {
		NL_SET_ERR_MSG(extack, "the module hearth, which knows peers, is not loaded");
		return -EOPNOTSUPP;
	}
	if (core->knows_peer(net, id))
		return 0;
	NL_SET_ERR_MSG(extack, "no such peer");
	hearth_put(&bind_hold);
	return -ENOENT;
}

/* A bound port has gone. Context: process. */
void bind_put(void)
{
	hearth_put(&bind_hold);
}

void bind_init(const struct bind_ops *ops)
{
	bind_ops = ops;
}
