/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The nodes that are known, and a link to each: who is not linked is dialled, at the
 * addresses where it was last, one after the other, at ever longer intervals up to a
 * minute. Where both ends dial, the link of the one with the smaller id stays.
 *
 * What a peer says of itself changes neither its name nor its role here: those are this
 * node's owner's.
 */
#ifndef HEARTH_NODE_PEERS_H
#define HEARTH_NODE_PEERS_H

#include "link.h"
#include "node.h"

enum peers_state {
	PEERS_AWAY,		/* it cannot be reached, or has no address */
	PEERS_LINKED,
	PEERS_REFUSED,		/* it does not know this node any more */
};

/* How the link's address was found. */
enum peers_learnt {
	PEERS_KNOWN,		/* by hand, at the pairing, or from a link before */
	PEERS_ANNOUNCED,	/* on the network */
	PEERS_INCOMING,		/* it dialled */
};

/* Who has a key that two machines have; 0: nobody, as far as is known. */
enum peers_copied {
	PEERS_COPIED_ITS = 1,	/* the peer's */
	PEERS_COPIED_OURS,	/* this node's */
};

#define PEERS_HINTS	4u
#define PEERS_RUNS	4u

struct peers_peer {
	struct store_peer kept;
	enum peers_state state;
	struct link *link;	/* over which it said HELLO */
	struct link *dialled;	/* on its way to that */
	sd_event_source *timer;	/* to dial again; to ask whether it still lives */
	enum peers_learnt how;	/* of the link */
	unsigned int tried;	/* since it was linked last */
	unsigned int n_hints;	/* addresses that anybody may have announced, */
	char hints[PEERS_HINTS][WIRE_ADDRESS];	/* the latest first */
	uint64_t hinted;	/* when one was heeded last */
	bool fresh;		/* the first is to be tried next, out of turn, */
	bool early;		/* and then the one whose turn it is, soon */
	uint64_t doubted;	/* when it was asked whether it lives; 0: it answered */
	uint64_t doubts;	/* when that was done last */
	uint64_t learnt;	/* when its address was kept last */
	uint64_t known;		/* when the kernel was told of it last */
	uint64_t run;		/* of its hearthd; 0: none was told */
	uint64_t former[PEERS_RUNS];	/* those before, the latest first */
	enum peers_copied copied;
	uint64_t copied_at;	/* when that was seen last */
	uint64_t shut;		/* it is not let in until then */
	struct error why;	/* it is not linked; code 0: nothing was tried */
	struct peers *peers;
	struct peers_peer *next;
};

/* What the parts above are told of a peer; main sees to it that they are. */
struct peers_news {
	void (*linked)(struct node *node, struct peers_peer *peer);
	void (*away)(struct node *node, struct peers_peer *peer);
	/* what is no affair of the link itself */
	void (*said)(struct node *node, struct peers_peer *peer,
		     const struct wire *wire);
};

extern const struct link_ops peers_ops;	/* of a link for WIRE_CONTROL that came in */

/* Reads them from the store; peers_dial() begins to dial. */
int peers_start(struct node *node, struct error *err);
void peers_dial(struct node *node);
void peers_stop(struct node *node);

struct peers_peer *peers_first(struct node *node);
struct peers_peer *peers_find(struct node *node,
			      const uint8_t id[static PEER_ID]);

/*
 * Adds one, or changes the one with its id; its name gets a number where another has
 * it. Returns 0 and the peer as it is then, or a negative errno and nothing is changed.
 */
int peers_put(struct node *node, const struct store_peer *kept,
	      struct peers_peer **peer, struct error *err);

/*
 * It is no peer any more: from the moment that this is on the disk nothing of it is
 * served, and what was open is closed. Returns 0 or a negative errno.
 */
int peers_remove(struct node *node, const uint8_t id[static PEER_ID],
		 struct error *err);

/*
 * Somebody says that the peer @id is at @address, or that it has gone. At most once in
 * five seconds a peer that is away is dialled at once for it, there and where it was
 * before, and one that is linked elsewhere is asked whether it lives. Only a link, of
 * one who has the key, changes more. Returns false where there is no such peer.
 */
bool peers_hint(struct node *node, const uint8_t id[static PEER_ID],
		const char *address);
bool peers_doubt(struct node *node, const uint8_t id[static PEER_ID]);

/* Do two machines have one key, this peer's or ours? */
enum peers_copied peers_copied(const struct peers_peer *peer);

/* May the node @id talk to us as a peer? */
int peers_judge(struct node *node, const uint8_t id[static PEER_ID],
		struct error *err);

#endif
