/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The chain that tells those who have something bound to a peer, or to an environment. Who
 * they are, or what they bind, nobody here knows.
 */
#ifndef _HEARTH_NOTIFY_H
#define _HEARTH_NOTIFY_H

#include <linux/types.h>

struct net;
struct notifier_block;

enum notify_event {
	/*
	 * The peer's time has come. Who has a connection to it says when something
	 * came over that, if it is later than what is there.
	 */
	NOTIFY_PEER_DUE = 1,
	/* The peer is gone. Who has something that ends with it says so. */
	NOTIFY_PEER_GONE,
	/* An environment has ended. */
	NOTIFY_ENV_ENDED,
};

/* The data of an event of a peer. */
struct notify_peer {
	const struct net *net;
	const u8 *id;		/* HEARTH_ID_LEN bytes */
	u32 reason;		/* of _GONE: enum hearth_peer_reason */
	unsigned long heard;	/* of _DUE: jiffies, to be moved on */
	bool bound;		/* of _GONE: to be set */
};

/* The data of an event of an environment. */
struct notify_env {
	u32 id;
};

/*
 * Callbacks run in process context, with the peers of the namespace, or the
 * environments, locked. They mark and queue work: they call nothing of hearth.ko, and
 * wait for no I/O.
 */
void notify_peer(enum notify_event event, struct notify_peer *peer);
void notify_env_ended(u32 id);
int notify_add(struct notifier_block *nb);
int notify_remove(struct notifier_block *nb);

#endif /* _HEARTH_NOTIFY_H */
