/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two nodes become peers by a code that is used once. Both ends know K, which the code
 * and the inviter's id became, and X, which their TLS session alone has (RFC 5705):
 *
 *	proof(role) = HMAC-SHA256(K, role padded to 16 | X | joiner's id | inviter's id)
 *
 *	joiner				inviter
 *	JOIN{proof("joiner"), name}  ->	checks, stores
 *	checks, stores		     <-	WELCOME{proof("inviter"), name}
 *
 * Who sits between has two sessions with two X, and a key of his own: neither proof
 * fits. The inviter checks proofs of one source once a second after a wrong one, shows
 * the wrong ones, and goes on: a stranger cannot end an invitation. A joiner who did not
 * hear the answer may repeat until the invitation's time is over.
 */
#ifndef HEARTH_NODE_PAIR_H
#define HEARTH_NODE_PAIR_H

#include "link.h"
#include "peers.h"

enum pair_state {
	PAIR_NONE,
	PAIR_OPEN,
	PAIR_USED,
	PAIR_EXPIRED,
};

/* How the invitation stands. */
struct pair_status {
	uint64_t serial;	/* grows with each change; from 1 */
	enum pair_state state;
	uint64_t left;		/* seconds until it expires */
	enum peer_role role;	/* of who joins */
	unsigned int wrong;	/* proofs */
	char from[WIRE_ADDRESS];	/* the last of them */
	uint8_t id[PEER_ID];	/* who joined, where it is used */
};

extern const struct link_ops pair_ops;	/* of a link for WIRE_PAIRING that came in */

int pair_start(struct node *node, struct error *err);
void pair_stop(struct node *node);

/* Opens an invitation for @ttl seconds, in place of the one before. */
void pair_invite(struct node *node, const uint8_t key[static WIRE_KEY],
		 enum peer_role role, uint32_t ttl);

/* @serial: of the status that is known already. */
void pair_status(struct node *node, struct pair_status *status);

/*
 * Calls @changed once, when the status is not the one of @serial any more, unless
 * pair_unwatch() comes before; it may be now.
 */
void pair_watch(struct node *node, uint64_t serial,
		void (*changed)(struct node *node, void *arg), void *arg);
void pair_unwatch(struct node *node, void *arg);

/* May the node @id try to pair? */
int pair_judge(struct node *node, const uint8_t id[static PEER_ID],
	       struct error *err);

/* Calls @changed at each change of the status from now on; one may listen so. */
void pair_listen(struct node *node, void (*changed)(struct node *node));

struct pair_join;

/* What joins, and how it ends. */
struct pair_joining {
	const struct request *request;	/* addresses, key, id, role, name */
	bool look;			/* only who is there: no key, no id */
	/* @err is NULL where it went well. @peer: NULL of a look. */
	void (*done)(void *arg, const uint8_t id[static PEER_ID],
		     const struct peers_peer *peer, const struct error *err);
	void *arg;
};

/*
 * Begins to join, or to look who is there; done() is called within ten seconds, perhaps
 * before this returns, and NULL is returned then. pair_forget() ends it without.
 */
struct pair_join *pair_join(struct node *node,
			    const struct pair_joining *joining);
void pair_forget(struct pair_join *join);

/* "none", "open", "used", "expired" */
const char *pair_state_name(enum pair_state state);

#endif
