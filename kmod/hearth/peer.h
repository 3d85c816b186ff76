/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The peers of a namespace: found by id, walked in the order in which they came,
 * forgotten when their time has come.
 */
#ifndef _HEARTH_PEER_H
#define _HEARTH_PEER_H

#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <uapi/linux/hearth.h>

#include "address.h"

struct netlink_ext_ack;

/* What is known of a peer. Zeroed when made: two are compared as bytes. */
struct peer_facts {
	u32 source;		/* enum hearth_peer_source */
	u32 capabilities;	/* enum hearth_capability */
	u32 ttl_ms;		/* 0: does not expire */
	u32 addresses;
	char name[HEARTH_NAME_MAX_LEN + 1];
	struct address address[];
};

struct peer {
	struct rhash_head node;		/* of peer_table.ids */
	struct rb_node due_node;	/* of peer_table.due; empty: not in it */
	unsigned long due;		/* jiffies: when to look at it */
	unsigned long heard;		/* jiffies: the last of it */
	u32 number;			/* by which walks go on */
	u8 id[HEARTH_ID_LEN];
	struct peer_facts *facts;
};

struct peer_table;

/* Called with the table locked, so in the order of what happens. */
struct peer_ops {
	/*
	 * Tells of a change. @reason: enum hearth_peer_reason where @state is
	 * HEARTH_PEER_STATE_GONE, else 0.
	 */
	void (*tell)(struct peer_table *table, const struct peer *peer,
		     u32 state, u32 reason);
	/* Its time has come: when (jiffies) was it heard of last, by whomever? */
	unsigned long (*heard)(struct peer_table *table,
			       const struct peer *peer);
	/* The peer @id is gone. Did something end with it? */
	bool (*gone)(struct peer_table *table, const u8 *id, u32 reason);
};

struct peer_table {
	/*
	 * Protects the table and its peers, but for what says otherwise. Taken by
	 * who changes something, by who looks, for one message at a time, and by
	 * the work; nests in the locks of netlink that a request or a dump holds.
	 * What is taken inside: netlink's own, to tell.
	 */
	struct mutex lock;
	struct rhashtable ids;
	struct xarray numbers;
	u32 next_number;
	unsigned int count;
	unsigned int generation;	/* changes with each change; never 0 */
	/*
	 * By the time at which each is to be looked at, which is not after its
	 * end. To refresh a peer is a store to peer.heard: it is moved only when
	 * its old time has come, and only then those who have a connection to it
	 * are asked what they heard. One work item for all: that thousands end at
	 * once costs one wake-up, and no interrupt is long.
	 */
	struct rb_root_cached due;
	struct delayed_work work;
	struct workqueue_struct *wq;
	const struct peer_ops *ops;
};

/* Room for @addresses addresses, zeroed, or NULL. */
struct peer_facts *peer_facts_alloc(u32 addresses);
void peer_facts_free(struct peer_facts *facts);

int peers_init(struct peer_table *table, struct workqueue_struct *wq,
	       const struct peer_ops *ops);
void peers_exit(struct peer_table *table);

int peers_new(struct peer_table *table, const u8 *id, struct peer_facts *facts,
	      struct netlink_ext_ack *extack);
int peers_del(struct peer_table *table, const u8 *id, u32 reason);

/* These three with the table locked; what they return is valid for so long. */
struct peer *peers_find(struct peer_table *table, const u8 *id);
struct peer *peers_next(struct peer_table *table, unsigned long *number);
unsigned int peer_expires_ms(const struct peer *peer);

#endif /* _HEARTH_PEER_H */
