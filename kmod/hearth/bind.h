/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What another module calls, to bind something of its own to a peer or an environment.
 *
 * It takes hearth.ko by symbol_get(hearth_bind) when it has something bound, and puts it
 * when it has nothing any more (hold.h): so each module loads alone, and this one stays as
 * long as it is needed.
 */
#ifndef _HEARTH_BIND_H
#define _HEARTH_BIND_H

#include <linux/types.h>

#include "notify.h"

struct notifier_block;

struct hearth_bind {
	/* For the events of notify.h. They sleep; not from a callback. */
	int (*add)(struct notifier_block *nb);
	int (*remove)(struct notifier_block *nb);
	/* Is a peer with this id known in @net? Sleeps; not from a callback. */
	bool (*knows_peer)(const struct net *net, const u8 *id);
	/* Is there such an environment, which is not to end? The same. */
	bool (*knows_env)(u32 id);
};

extern const struct hearth_bind hearth_bind;

#endif /* _HEARTH_BIND_H */
