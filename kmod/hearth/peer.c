// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/netlink.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "peer.h"

/* So many are looked at before others get the lock. */
#define PEERS_BATCH	64

static const struct rhashtable_params peers_params = {
	.key_len = HEARTH_ID_LEN,
	.key_offset = offsetof(struct peer, id),
	.head_offset = offsetof(struct peer, node),
	.automatic_shrinking = true,
};

/* --- facts ----------------------------------------------------------------- */

struct peer_facts *peer_facts_alloc(u32 addresses)
{
	struct peer_facts *facts;

	facts = kzalloc(struct_size(facts, address, addresses),
			GFP_KERNEL_ACCOUNT);
	if (facts)
		facts->addresses = addresses;
	return facts;
}

void peer_facts_free(struct peer_facts *facts)
{
	kfree(facts);
}

static bool peer_facts_equal(const struct peer_facts *a,
			     const struct peer_facts *b)
{
	return a->addresses == b->addresses &&
	       !memcmp(a, b, struct_size(a, address, a->addresses));
}

/* --- time ------------------------------------------------------------------ */

/*
 * When it ends if it is not refreshed. In jiffies, which stand still while the system
 * sleeps: nobody can be heard then.
 */
static unsigned long peer_end(const struct peer *peer)
{
	return peer->heard + msecs_to_jiffies(peer->facts->ttl_ms);
}

static bool peer_less(struct rb_node *a, const struct rb_node *b)
{
	return time_before(rb_entry(a, struct peer, due_node)->due,
			   rb_entry(b, struct peer, due_node)->due);
}

static void peers_arm(struct peer_table *table, const struct peer *first)
{
	unsigned long now = jiffies;

	mod_delayed_work(table->wq, &table->work,
			 time_after(first->due, now) ? first->due - now : 0);
}

static void peer_unqueue(struct peer_table *table, struct peer *peer)
{
	if (RB_EMPTY_NODE(&peer->due_node))
		return;
	rb_erase_cached(&peer->due_node, &table->due);
	RB_CLEAR_NODE(&peer->due_node);
}

/* Puts it where its end is now; not at all if it has none. */
static void peer_queue(struct peer_table *table, struct peer *peer)
{
	peer_unqueue(table, peer);
	if (!peer->facts->ttl_ms)
		return;
	peer->due = peer_end(peer);
	if (rb_add_cached(&peer->due_node, &table->due, peer_less))
		peers_arm(table, peer);
}

/* Milliseconds until it ends if it is not refreshed; for one that has a time to live. */
unsigned int peer_expires_ms(const struct peer *peer)
{
	unsigned long end = peer_end(peer), now = jiffies;

	return time_after(end, now) ? jiffies_to_msecs(end - now) : 0;
}

/* --- the table ------------------------------------------------------------- */

static void peers_changed(struct peer_table *table, const struct peer *peer,
			  u32 state, u32 reason)
{
	lockdep_assert_held(&table->lock);
	table->generation++;
	/* 0 would mean to a dump that nobody counts. */
	if (!table->generation)
		table->generation++;
	table->ops->tell(table, peer, state, reason);
}

/* The peer with @id, or NULL. */
struct peer *peers_find(struct peer_table *table, const u8 *id)
{
	lockdep_assert_held(&table->lock);
	return rhashtable_lookup_fast(&table->ids, id, peers_params);
}

/**
 * peers_next() - a peer, for walks
 * @table: the table, locked
 * @number: the lowest number of interest; set to the peer's
 *
 * Numbers grow as peers come: who goes on from the one after the last meets no peer
 * twice, and misses none that is there all the time.
 *
 * Return: the peer, or NULL.
 */
struct peer *peers_next(struct peer_table *table, unsigned long *number)
{
	lockdep_assert_held(&table->lock);
	return xa_find(&table->numbers, number, U32_MAX, XA_PRESENT);
}

static void peer_free(struct peer *peer)
{
	peer_facts_free(peer->facts);
	kfree(peer);
}

static int peer_insert(struct peer_table *table, struct peer *peer)
{
	int ret;

	ret = xa_alloc_cyclic(&table->numbers, &peer->number, peer,
			      xa_limit_32b, &table->next_number,
			      GFP_KERNEL_ACCOUNT);
	if (ret < 0)
		return ret;
	ret = rhashtable_insert_fast(&table->ids, &peer->node, peers_params);
	if (ret) {
		xa_erase(&table->numbers, peer->number);
		return ret;
	}
	table->count++;
	peer_queue(table, peer);
	return 0;
}

/*
 * Out of the table. It is freed at once: nobody looks up without the lock, and the
 * hash table is through with it when it is removed.
 */
static void peer_remove(struct peer_table *table, struct peer *peer)
{
	peer_unqueue(table, peer);
	rhashtable_remove_fast(&table->ids, &peer->node, peers_params);
	xa_erase(&table->numbers, peer->number);
	table->count--;
}

static void peer_end_for(struct peer_table *table, struct peer *peer,
			 u32 reason)
{
	peer_remove(table, peer);
	table->ops->gone(table, peer->id, reason);
	peers_changed(table, peer, HEARTH_PEER_STATE_GONE, reason);
	peer_free(peer);
}

static int peer_add(struct peer_table *table, const u8 *id,
		    struct peer_facts *facts, struct netlink_ext_ack *extack)
{
	struct peer *peer;
	int ret;

	if (table->count == HEARTH_PEERS_MAX) {
		NL_SET_ERR_MSG(extack, "there are too many peers in this namespace");
		return -ENOSPC;
	}
	peer = kzalloc(sizeof(*peer), GFP_KERNEL_ACCOUNT);
	if (!peer)
		goto no_memory;
	memcpy(peer->id, id, HEARTH_ID_LEN);
	peer->heard = jiffies;
	peer->facts = facts;
	RB_CLEAR_NODE(&peer->due_node);
	ret = peer_insert(table, peer);
	if (!ret) {
		peers_changed(table, peer, HEARTH_PEER_STATE_KNOWN, 0);
		return 0;
	}
	kfree(peer);
	if (ret != -ENOMEM) {
		NL_SET_ERR_MSG(extack, "the table of peers takes no more now");
		return ret;
	}
no_memory:
	NL_SET_ERR_MSG(extack, "no memory for the peer");
	return -ENOMEM;
}

static void peer_refresh(struct peer_table *table, struct peer *peer,
			 struct peer_facts *facts)
{
	bool moves = facts->ttl_ms != peer->facts->ttl_ms;

	peer->heard = jiffies;
	if (peer_facts_equal(facts, peer->facts)) {
		peer_facts_free(facts);
		return;
	}
	swap(peer->facts, facts);
	peer_facts_free(facts);
	if (moves)
		peer_queue(table, peer);
	peers_changed(table, peer, HEARTH_PEER_STATE_KNOWN, 0);
}

/**
 * peers_new() - make a peer known, or refresh one
 * @table: the table, not locked
 * @id: of the peer
 * @facts: checked; all that is known of it from here on. They are the table's, or
 *	freed
 * @extack: for the sentence that tells why not
 *
 * Return: 0 or a negative errno.
 */
int peers_new(struct peer_table *table, const u8 *id, struct peer_facts *facts,
	      struct netlink_ext_ack *extack)
{
	struct peer *peer;
	int ret = 0;

	mutex_lock(&table->lock);
	peer = peers_find(table, id);
	if (peer)
		peer_refresh(table, peer, facts);
	else
		ret = peer_add(table, id, facts, extack);
	mutex_unlock(&table->lock);
	if (ret)
		peer_facts_free(facts);
	return ret;
}

/**
 * peers_del() - forget a peer
 * @table: the table, not locked
 * @id: of the peer
 * @reason: enum hearth_peer_reason
 *
 * What has a connection to a peer outlives its silence, but not this: so it may be about
 * a peer that has expired.
 *
 * Return: 0, or -ENOENT if there is none, and nothing that is bound to it.
 */
int peers_del(struct peer_table *table, const u8 *id, u32 reason)
{
	struct peer *peer;
	bool found = true;

	mutex_lock(&table->lock);
	peer = peers_find(table, id);
	if (peer)
		peer_end_for(table, peer, reason);
	else
		found = table->ops->gone(table, id, reason);
	mutex_unlock(&table->lock);
	return found ? 0 : -ENOENT;
}

/* --- the end of those that are silent -------------------------------------- */

static struct peer *peers_first(struct peer_table *table)
{
	struct rb_node *node = rb_first_cached(&table->due);

	return rb_entry_safe(node, struct peer, due_node);
}

/* One whose time has come: it was heard of since, or it ends. */
static void peer_look(struct peer_table *table, struct peer *peer)
{
	peer->heard = table->ops->heard(table, peer);
	if (time_after(peer_end(peer), jiffies))
		peer_queue(table, peer);
	else
		peer_end_for(table, peer, HEARTH_PEER_REASON_EXPIRED);
}

/* A batch of those that are due. Returns whether there are more. */
static bool peers_expire(struct peer_table *table)
{
	unsigned long now = jiffies;
	struct peer *peer;
	int n = 0;

	while ((peer = peers_first(table)) && time_after_eq(now, peer->due)) {
		if (n++ == PEERS_BATCH)
			return true;
		peer_look(table, peer);
	}
	if (peer)
		peers_arm(table, peer);
	return false;
}

static void peers_work(struct work_struct *work)
{
	struct peer_table *table = container_of(to_delayed_work(work),
						struct peer_table, work);
	bool more;

	do {
		mutex_lock(&table->lock);
		more = peers_expire(table);
		mutex_unlock(&table->lock);
		cond_resched();
	} while (more);
}

/* --- life ------------------------------------------------------------------ */

/**
 * peers_init() - an empty table
 * @table: the table
 * @wq: on which peers end; outlives the table
 * @ops: what happens is told to
 *
 * Return: 0 or a negative errno.
 */
int peers_init(struct peer_table *table, struct workqueue_struct *wq,
	       const struct peer_ops *ops)
{
	int ret = rhashtable_init(&table->ids, &peers_params);

	if (ret)
		return ret;
	mutex_init(&table->lock);
	xa_init_flags(&table->numbers, XA_FLAGS_ALLOC1);
	table->next_number = 0;
	table->count = 0;
	table->generation = 1;
	table->due = RB_ROOT_CACHED;
	INIT_DELAYED_WORK(&table->work, peers_work);
	table->wq = wq;
	table->ops = ops;
	return 0;
}

/* Frees all that is in the table, and tells nobody. No one else has it any more. */
void peers_exit(struct peer_table *table)
{
	unsigned long number;
	struct peer *peer;

	cancel_delayed_work_sync(&table->work);
	xa_for_each(&table->numbers, number, peer) {
		rhashtable_remove_fast(&table->ids, &peer->node, peers_params);
		peer_free(peer);
		cond_resched();
	}
	xa_destroy(&table->numbers);
	rhashtable_destroy(&table->ids);
	mutex_destroy(&table->lock);
}
