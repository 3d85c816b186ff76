// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/notifier.h>

#include "../hearth/bind.h"
#include "bind.h"

/*
 * Protects the next two: taken where a port is bound, and where a bound one has gone.
 * What is taken inside: hearth's own. Callbacks do not take it.
 */
static DEFINE_MUTEX(bind_lock);
static const struct hearth_bind *bind_core;	/* held while not NULL */
static unsigned int bind_ports;
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

static struct notifier_block bind_notifier = {
	.notifier_call = bind_event,
};

/* hearth.ko is there, stays, and tells. */
static bool bind_take(void)
{
	const struct hearth_bind *core = symbol_get(hearth_bind);

	if (!core)
		return false;
	if (core->add(&bind_notifier)) {
		symbol_put(hearth_bind);
		return false;
	}
	bind_core = core;
	return true;
}

static void bind_let_go(void)
{
	bind_core->remove(&bind_notifier);
	bind_core = NULL;
	symbol_put(hearth_bind);
}

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
	int ret = 0;

	mutex_lock(&bind_lock);
	if (!bind_core && !bind_take()) {
		NL_SET_ERR_MSG(extack, "the module hearth, which knows peers, is not loaded");
		ret = -EOPNOTSUPP;
		goto out;
	}
	bind_ports++;
	if (bind_core->knows_peer(net, id))
		goto out;
	NL_SET_ERR_MSG(extack, "no such peer");
	ret = -ENOENT;
	if (!--bind_ports)
		bind_let_go();
out:
	mutex_unlock(&bind_lock);
	return ret;
}

/* A bound port has gone. Context: process. */
void bind_put(void)
{
	mutex_lock(&bind_lock);
	if (!--bind_ports)
		bind_let_go();
	mutex_unlock(&bind_lock);
}

void bind_init(const struct bind_ops *ops)
{
	bind_ops = ops;
}
