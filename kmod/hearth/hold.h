/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How another module holds hearth.ko while something of its own is bound: it is there,
 * stays, and tells. For its sources alone; nothing of it is in hearth.ko.
 */
#ifndef _HEARTH_HOLD_H
#define _HEARTH_HOLD_H

#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>

#include "bind.h"

struct hearth_hold {
	/*
	 * Protects the next two: taken where something is bound, and where that has
	 * gone. What is taken inside: the chain's own. Callbacks do not take it.
	 */
	struct mutex lock;
	const struct hearth_bind *core;	/* held while not NULL */
	unsigned int count;
	struct notifier_block nb;
};

/*
 * One more is bound; hearth_put() is due. Returns what may be called till then, or
 * NULL: the module is not there. Context: process.
 */
static inline const struct hearth_bind *hearth_get(struct hearth_hold *hold)
{
	const struct hearth_bind *core;

	mutex_lock(&hold->lock);
	if (!hold->core) {
		core = symbol_get(hearth_bind);
		if (core && core->add(&hold->nb)) {
			symbol_put(hearth_bind);
			core = NULL;
		}
		hold->core = core;
	}
	core = hold->core;
	if (core)
		hold->count++;
	mutex_unlock(&hold->lock);
	return core;
}

/* One that was bound has gone. Context: process. */
static inline void hearth_put(struct hearth_hold *hold)
{
	mutex_lock(&hold->lock);
	if (!--hold->count) {
		hold->core->remove(&hold->nb);
		hold->core = NULL;
		symbol_put(hearth_bind);
	}
	mutex_unlock(&hold->lock);
}

#endif /* _HEARTH_HOLD_H */
