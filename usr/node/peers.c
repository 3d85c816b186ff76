// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "kernel.h"
#include "peers.h"

#define PEERS_MAX	10000u
#define DIALS_MAX	64u	/* at a time */
#define DIAL_LEAST	(1 * NODE_SECOND)
#define DIAL_MOST	(60 * NODE_SECOND)
#define PING_EACH	(20 * NODE_SECOND)
#define SILENCE		(3 * PING_EACH)
#define DOUBT		(3 * NODE_SECOND)	/* to answer who has it */
#define HINT_EACH	(5 * NODE_SECOND)	/* to be heeded, of one peer */
#define FRAMES_MOST	1024u	/* in a second, from one peer */
#define PINGS_MOST	64u	/* answered in a second */
#define SHUT		(60 * NODE_SECOND)	/* for who says more */
#define COPIED		(600 * NODE_SECOND)	/* is shown for so long */
#define KNOW_EACH	(10 * NODE_SECOND)	/* to the kernel, of one peer */
#define LEARN_EACH	(10 * NODE_SECOND)	/* to the disk, of one peer */

struct peers {
	struct node *node;
	struct peers_peer *list;	/* in the order of names */
	unsigned int n;
};

static void dial_later(struct peers_peer *peer);
static void slow_down(struct peers_peer *peer);
static unsigned int place_of(const struct peers_peer *peer, const char *address);

struct peers_peer *peers_first(struct node *node)
{
	return node->peers->list;
}

struct peers_peer *peers_find(struct node *node,
			      const uint8_t id[static PEER_ID])
{
	struct peers_peer *peer;

	for (peer = node->peers->list; peer; peer = peer->next)
		if (identity_same(peer->kept.id, id))
			return peer;
	return NULL;
}

int peers_judge(struct node *node, const uint8_t id[static PEER_ID],
		struct error *err)
{
	const struct peers_peer *peer = peers_find(node, id);
	char text[PEER_ID_TEXT];

	if (peer && peer->shut > node_now(node))
		return error_set(err, EACCES, "peer %s said too much",
				 peer->kept.name);
	if (peer)
		return 0;
	peer_id_text(id, text);
	return error_set(err, EACCES, "node %.16s is no peer", text);
}

/* --- links ------------------------------------------------------------------------- */

static void set_timer(struct peers_peer *peer, uint64_t usec)
{
	sd_event_source_set_time_relative(peer->timer, usec);
	sd_event_source_set_enabled(peer->timer, SD_EVENT_ONESHOT);
}

static void say_hello(struct link *link)
{
	struct wire hello = {
		.type = WIRE_HELLO, .port = link->node->port,
		.run = link->node->run,
	};

	strcpy(hello.name, link->node->name);
	link_send(link, &hello);
}

static void say_bye(struct link *link, enum wire_bye reason)
{
	const struct wire bye = { .type = WIRE_BYE, .reason = reason };

	link_send(link, &bye);
	link_close(link);
}

/* The same of a link in any state. */
static void part(struct link *link, enum wire_bye reason)
{
	link->owner = NULL;
	if (link->state == LINK_OPEN)
		say_bye(link, reason);
	else
		link_close(link);
}

static void let_go(struct peers_peer *peer, const struct error *why)
{
	peer->link = NULL;
	peer->doubted = 0;
	peer->why = *why;
	if (peer->state == PEERS_LINKED)
		peer->state = PEERS_AWAY;
	fprintf(stderr, SD_INFO "peer %s: away: %s\n", peer->kept.name,
		why->text);
	dial_later(peer);
	peer->peers->node->news->away(peer->peers->node, peer);
}

/* Which of two links to the same peer stays: both ends come to the same. */
static bool is_better(const struct peers_peer *peer, const struct link *link)
{
	bool ours = memcmp(link->node->me.id, peer->kept.id, PEER_ID) < 0;

	/* Of two in the same direction the later: the other one is half dead. */
	return link->outgoing == peer->link->outgoing || link->outgoing == ours;
}

/* Where it came from is where it is, if it listens. */
static void learn_address(struct peers_peer *peer, const struct link *link,
			  uint16_t port)
{
	struct store_peer kept = peer->kept;
	char address[WIRE_ADDRESS];
	struct error err;
	unsigned int i, n = 1;

	if (link->outgoing)
		snprintf(address, sizeof(address), "%s", link->address);
	else if (port)
		link_address_text(&link->from, port, address);
	else
		return;
	if (kept.n_addresses && !strcmp(kept.addresses[0], address))
		return;
	strcpy(kept.addresses[0], address);
	for (i = 0; i < peer->kept.n_addresses && n < WIRE_ADDRESSES; i++)
		if (strcmp(peer->kept.addresses[i], address))
			strcpy(kept.addresses[n++], peer->kept.addresses[i]);
	kept.n_addresses = n;
	peer->kept = kept;
	/* A peer must not keep the disk busy by ever another port. */
	if (peer->learnt && node_now(link->node) - peer->learnt < LEARN_EACH)
		return;
	peer->learnt = node_now(link->node);
	if (store_put_peer(&link->node->store, &kept, &err))
		fprintf(stderr, SD_WARNING "peer %s: its address is not kept: %s\n",
			kept.name, err.text);
}

/* --- a key that two machines have ---------------------------------------------------- */

enum peers_copied peers_copied(const struct peers_peer *peer)
{
	return peer->copied && node_now(peer->peers->node) -
	       peer->copied_at < COPIED ? peer->copied : 0;
}

static void note_copied(struct peers_peer *peer, enum peers_copied copied,
			const char *address)
{
	bool told = peers_copied(peer) == copied;

	peer->copied = copied;
	peer->copied_at = node_now(peer->peers->node);
	if (told)
		return;
	if (copied == PEERS_COPIED_ITS)
		fprintf(stderr, SD_WARNING "peer %s: two machines have its key; another one is at %s\n",
			peer->kept.name, address);
	else
		fprintf(stderr, SD_WARNING "peer %s: another machine has this node's key, and is linked there\n",
			peer->kept.name);
}

/*
 * The run of hearthd that says HELLO becomes the one that is known. A run that was
 * followed by another one does not come back, for a restart makes a new number: one that
 * does lives beside that other, with the same key. Returns whether it is so.
 */
static bool is_back(struct peers_peer *peer, uint64_t run)
{
	unsigned int i;

	if (!run || run == peer->run)
		return false;
	for (i = 0; i < PEERS_RUNS; i++)
		if (peer->former[i] == run)
			return true;
	return false;
}

static void put_run(struct peers_peer *peer, uint64_t run)
{
	unsigned int i;

	if (!run || run == peer->run)
		return;
	for (i = 0; i < PEERS_RUNS - 1 && peer->former[i] != run; i++)
		;
	memmove(&peer->former[1], &peer->former[0],
		i * sizeof(*peer->former));
	peer->former[0] = peer->run;
	peer->run = run;
}

/* --- who is linked -------------------------------------------------------------------- */

static bool is_peer(struct node *node, const uint8_t id[static PEER_ID])
{
	return peers_find(node, id);
}

/* It was heard over its link: the kernel knows it for a while again. */
static void make_known(struct peers_peer *peer)
{
	struct node *node = peer->peers->node;

	kernel_open(node, is_peer);
	kernel_know(node, &peer->kept,
		    peer->how == PEERS_ANNOUNCED || peer->n_hints);
	peer->known = node_now(node);
}

static void adopt(struct peers_peer *peer, struct link *link,
		  const struct wire *hello)
{
	bool same = hello->run == peer->run;

	if (peer->dialled == link)
		peer->dialled = NULL;
	if (is_back(peer, hello->run)) {
		note_copied(peer, PEERS_COPIED_ITS, link->address);
		/* One of the two stays, or they would throw each other out for ever. */
		if (peer->link) {
			link->owner = NULL;
			say_bye(link, WIRE_BYE_TWIN);
			return;
		}
	}
	put_run(peer, hello->run);
	/* of another run the later: the one before has ended */
	if (peer->link && same && !is_better(peer, link)) {
		link->owner = NULL;
		say_bye(link, WIRE_BYE_DUPLICATE);
		return;
	}
	if (peer->link) {
		peer->link->owner = NULL;
		say_bye(peer->link, WIRE_BYE_DUPLICATE);
	} else {
		fprintf(stderr, SD_INFO "peer %s: linked, %s\n",
			peer->kept.name, link->address);
	}
	peer->link = link;
	peer->state = PEERS_LINKED;
	peer->how = !link->outgoing ? PEERS_INCOMING :
		    place_of(peer, link->address) < peer->n_hints ?
		    PEERS_ANNOUNCED : PEERS_KNOWN;
	peer->tried = 0;
	peer->doubted = 0;
	link_know(link);
	set_timer(peer, PING_EACH);
	learn_address(peer, link, hello->port);
	make_known(peer);
	link->node->news->linked(link->node, peer);
}

/* --- what it says ------------------------------------------------------------------ */

static void on_bye(struct peers_peer *peer, struct link *link,
		   enum wire_bye reason)
{
	struct error why;

	link->owner = NULL;
	link_close(link);
	if (peer->dialled == link)
		peer->dialled = NULL;
	if (reason == WIRE_BYE_REMOVED) {
		peer->state = PEERS_REFUSED;
		error_set(&why, EACCES, "it has removed this node from its peers");
	} else if (reason == WIRE_BYE_TWIN) {
		note_copied(peer, PEERS_COPIED_OURS, NULL);
		error_set(&why, ENOTUNIQ,
			  "another machine has this node's key, and is linked in its place");
		slow_down(peer);
	} else {
		error_set(&why, ECONNRESET, "it said goodbye (%s)",
			  wire_bye_name(reason));
	}
	if (peer->link == link) {
		let_go(peer, &why);
		return;
	}
	peer->why = why;
	if (!peer->link)
		dial_later(peer);
}

/* A peer, too, has no more of us than a node needs. */
static void on_flood(struct peers_peer *peer, struct link *link)
{
	struct error why;

	error_set(&why, EPROTO, "it sent more than %u messages in a second",
		  FRAMES_MOST);
	fprintf(stderr, SD_WARNING "peer %s: %s; it is not let in for %llu s\n",
		peer->kept.name, why.text, SHUT / NODE_SECOND);
	peer->shut = node_now(link->node) + SHUT;
	say_bye(link, WIRE_BYE_FLOOD);
	peers_ops.ended(link, &why);
}

static void on_frame(struct link *link, const struct frame *frame)
{
	struct peers_peer *peer = link->owner;
	struct error err;
	struct wire wire;

	if (link->frames > FRAMES_MOST) {
		on_flood(peer, link);
		return;
	}
	if (link == peer->link &&
	    node_now(link->node) - peer->known >= KNOW_EACH)
		make_known(peer);
	if (wire_parse(frame, &wire, &err)) {
		/* what is not known is a newer node's, and no reason to end */
		if (err.code == EOPNOTSUPP)
			return;
		say_bye(link, WIRE_BYE_PROTOCOL);
		peers_ops.ended(link, &err);
		return;
	}
	switch (wire.type) {
	case WIRE_HELLO:
		if (link != peer->link)
			adopt(peer, link, &wire);
		break;
	case WIRE_PING:
		if (link->frames > PINGS_MOST)
			break;
		wire.type = WIRE_PONG;
		link_send(link, &wire);
		break;
	case WIRE_BYE:
		on_bye(peer, link, wire.reason);
		break;
	default:
		if (link == peer->link)
			link->node->news->said(link->node, peer, &wire);
		break;
	}
}

static int on_judge(struct link *link, const char *alpn,
		    const uint8_t id[static PEER_ID], struct error *err)
{
	const struct peers_peer *peer = link->owner;

	(void)alpn;
	if (link->outgoing && !identity_same(peer->kept.id, id))
		return error_set(err, EACCES,
				 "another node answers at %s", link->address);
	return peers_judge(link->node, id, err);
}

static void on_ready(struct link *link)
{
	/* It may have been removed since it was judged: then it is no peer's. */
	if (!link->outgoing)
		link->owner = peers_find(link->node, link->tls.peer);
	if (link->owner)
		say_hello(link);
	else
		link_refuse(link);
}

static void on_ended(struct link *link, const struct error *why)
{
	struct peers_peer *peer = link->owner;

	if (!peer)
		return;
	if (peer->link == link) {
		let_go(peer, why);
		return;
	}
	if (peer->dialled != link)
		return;
	peer->dialled = NULL;
	peer->why = *why;
	if (why->code == EACCES)
		peer->state = identity_same(link->tls.peer, peer->kept.id) ?
			      PEERS_REFUSED : PEERS_AWAY;
	if (!peer->link)
		dial_later(peer);
}

const struct link_ops peers_ops = {
	.judge = on_judge,
	.ready = on_ready,
	.frame = on_frame,
	.ended = on_ended,
};

/* --- dialling ----------------------------------------------------------------------- */

/* Are as many on their way as there may be? The latest links are the first in the list. */
static bool is_busy(const struct node *node)
{
	const struct link *link;
	unsigned int n = 0;

	for (link = node->links; link && n < DIALS_MAX; link = link->next)
		n += link->outgoing && link->state < LINK_OPEN;
	return n == DIALS_MAX;
}

/* Addresses to be tried: those that were announced, then those that are kept. */
static unsigned int n_places(const struct peers_peer *peer)
{
	return peer->n_hints + peer->kept.n_addresses;
}

static const char *place(const struct peers_peer *peer, unsigned int i)
{
	return i < peer->n_hints ? peer->hints[i] :
				   peer->kept.addresses[i - peer->n_hints];
}

/* Which of them it is, or how many there are. */
static unsigned int place_of(const struct peers_peer *peer, const char *address)
{
	unsigned int i;

	for (i = 0; i < n_places(peer); i++)
		if (!strcmp(place(peer, i), address))
			break;
	return i;
}

static void dial(struct peers_peer *peer)
{
	struct node *node = peer->peers->node;

	if (!node->ready || peer->link || peer->dialled || !n_places(peer))
		return;
	if (peer->shut > node_now(node)) {
		set_timer(peer, peer->shut - node_now(node));
		return;
	}
	if (is_busy(node)) {
		set_timer(peer, DIAL_LEAST);
		return;
	}
	peer->early = peer->fresh && peer->n_hints;
	peer->fresh = false;
	peer->dialled = link_dial(node, peer->early ? peer->hints[0] :
				  place(peer, peer->tried++ % n_places(peer)),
				  WIRE_CONTROL, &peers_ops, peer, &peer->why);
	if (!peer->dialled)
		dial_later(peer);
}

/* As if it had been in vain often. */
static void slow_down(struct peers_peer *peer)
{
	peer->tried = 7 * (n_places(peer) ? n_places(peer) : 1);
}

/* The more often it was in vain, the later. */
static void dial_later(struct peers_peer *peer)
{
	unsigned int rounds = n_places(peer) ?
			      peer->tried / n_places(peer) : 0;
	uint64_t usec = rounds > 6 ? DIAL_MOST : DIAL_LEAST << rounds;

	if (peer->early)
		usec = DIAL_LEAST;
	peer->early = false;
	set_timer(peer, usec < DIAL_MOST ? usec : DIAL_MOST);
}

/* Its link is dead, as far as we can see. */
static void cut(struct peers_peer *peer, const struct error *why)
{
	struct link *link = peer->link;

	link->owner = NULL;
	link_close(link);
	let_go(peer, why);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *arg)
{
	struct peers_peer *peer = arg;
	struct link *link = peer->link;
	const struct wire ping = { .type = WIRE_PING, .time = usec };
	struct error why;

	(void)s;
	if (!link) {
		dial(peer);
	} else if (peer->doubted && link->heard <= peer->doubted) {
		error_set(&why, ETIMEDOUT,
			  "it is said to have gone, and gave no answer in %llu s",
			  DOUBT / NODE_SECOND);
		cut(peer, &why);
		dial(peer);
	} else if (node_now(link->node) - link->heard > SILENCE) {
		error_set(&why, ETIMEDOUT, "it is silent for %llu s",
			  SILENCE / NODE_SECOND);
		cut(peer, &why);
	} else {
		peer->doubted = 0;
		link_send(link, &ping);
		set_timer(peer, PING_EACH);
	}
	return 0;
}

void peers_dial(struct node *node)
{
	struct peers_peer *peer;

	for (peer = node->peers->list; peer; peer = peer->next)
		dial(peer);
}

/* --- what anybody says -------------------------------------------------------------- */

/* Does it live? Asked once in a while at most; the timer sees whether it answered. */
static void doubt(struct peers_peer *peer)
{
	uint64_t now = node_now(peer->peers->node);
	const struct wire ping = { .type = WIRE_PING, .time = now };

	if (!peer->link || peer->doubted ||
	    (peer->doubts && now - peer->doubts < HINT_EACH))
		return;
	peer->doubted = peer->doubts = now;
	link_send(peer->link, &ping);
	set_timer(peer, DOUBT);
}

bool peers_doubt(struct node *node, const uint8_t id[static PEER_ID])
{
	struct peers_peer *peer = peers_find(node, id);

	if (peer)
		doubt(peer);
	return peer;
}

static void put_hint(struct peers_peer *peer, const char *address)
{
	unsigned int i;

	for (i = 0; i < peer->n_hints; i++)
		if (!strcmp(peer->hints[i], address))
			break;
	if (i == PEERS_HINTS)
		i--;
	else if (i == peer->n_hints)
		peer->n_hints++;
	memmove(peer->hints[1], peer->hints[0], i * sizeof(*peer->hints));
	snprintf(peer->hints[0], WIRE_ADDRESS, "%s", address);
}

/*
 * Dials soon. That what was announced goes first must not keep what is known from its
 * turn: the two alternate (early), however much is announced.
 */
static void heed(struct peers_peer *peer)
{
	uint64_t now = node_now(peer->peers->node), due = now, next;

	if (peer->hinted > now)
		due = peer->hinted;
	else if (peer->hinted && peer->hinted + HINT_EACH > now)
		due = peer->hinted + HINT_EACH;
	peer->hinted = due;
	if (sd_event_source_get_enabled(peer->timer, NULL) <= 0 ||
	    sd_event_source_get_time(peer->timer, &next) < 0 || next > due)
		set_timer(peer, due - now);
}

bool peers_hint(struct node *node, const uint8_t id[static PEER_ID],
		const char *address)
{
	struct peers_peer *peer = peers_find(node, id);

	if (!peer)
		return false;
	if (peer->link && !strcmp(peer->link->address, address))
		return true;
	put_hint(peer, address);
	peer->fresh = true;
	if (peer->link)
		doubt(peer);
	else if (!peer->dialled)
		heed(peer);
	return true;
}

/* --- the table ----------------------------------------------------------------------- */

/* In the order of names. */
static void sort_in(struct peers *peers, struct peers_peer *peer)
{
	struct peers_peer **at = &peers->list;

	while (*at && strcmp((*at)->kept.name, peer->kept.name) < 0)
		at = &(*at)->next;
	peer->next = *at;
	*at = peer;
}

static void take_out(struct peers *peers, struct peers_peer *peer)
{
	struct peers_peer **at;

	for (at = &peers->list; *at != peer; at = &(*at)->next)
		;
	*at = peer->next;
}

static struct peers_peer *new(struct peers *peers,
			      const struct store_peer *kept, struct error *err)
{
	struct peers_peer *peer = calloc(1, sizeof(*peer));

	if (!peer || sd_event_add_time_relative(peers->node->event,
						&peer->timer, CLOCK_MONOTONIC,
						0, 0, on_timer, peer) < 0) {
		free(peer);
		error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	sd_event_source_set_enabled(peer->timer, SD_EVENT_OFF);
	peer->peers = peers;
	peer->kept = *kept;
	return peer;
}

static void destroy(struct peers_peer *peer)
{
	sd_event_source_disable_unref(peer->timer);
	free(peer);
}

static int load(const struct store_peer *kept, void *arg, struct error *err)
{
	struct peers *peers = arg;
	struct peers_peer *peer = new(peers, kept, err);

	if (!peer)
		return -err->code;
	sort_in(peers, peer);
	peers->n++;
	return 0;
}

int peers_start(struct node *node, struct error *err)
{
	node->peers = calloc(1, sizeof(*node->peers));
	if (!node->peers)
		return error_set(err, ENOMEM, "out of memory");
	node->peers->node = node;
	if (store_peers(&node->store, load, node->peers, err))
		return -err->code;
	kernel_open(node, is_peer);
	return 0;
}

void peers_stop(struct node *node)
{
	struct peers *peers = node->peers;
	struct peers_peer *peer;
	struct link *link, *next;

	if (!peers)
		return;
	for (link = node->links; link; link = next) {
		next = link->next;
		if (link->ops == &peers_ops)
			part(link, WIRE_BYE_SHUTDOWN);
	}
	while ((peer = peers->list)) {
		peers->list = peer->next;
		destroy(peer);
	}
	free(peers);
	node->peers = NULL;
}

static bool is_taken(struct peers *peers, const struct store_peer *kept)
{
	const struct peers_peer *peer;

	for (peer = peers->list; peer; peer = peer->next)
		if (!strcmp(peer->kept.name, kept->name) &&
		    !identity_same(peer->kept.id, kept->id))
			return true;
	return false;
}

/* "desk" is "desk-2" where there is another "desk". */
static void own_name(struct peers *peers, struct store_peer *kept)
{
	char name[PEER_NAME];
	unsigned int n = 2;
	size_t len;

	strcpy(name, kept->name);
	while (is_taken(peers, kept)) {
		len = strlen(name);
		if (len > PEER_NAME - 7)
			len = PEER_NAME - 7;
		/* not in the middle of a character */
		while (len && ((unsigned char)name[len] & 0xc0) == 0x80)
			len--;
		snprintf(kept->name, PEER_NAME, "%.*s-%u", (int)len, name, n++);
	}
}

int peers_put(struct node *node, const struct store_peer *kept,
	      struct peers_peer **peer, struct error *err)
{
	struct peers *peers = node->peers;
	struct peers_peer *old = peers_find(node, kept->id), *added = NULL;
	struct store_peer own = *kept;

	if (identity_same(kept->id, node->me.id))
		return error_set(err, EINVAL, "that is this node itself");
	if (!old && peers->n >= PEERS_MAX)
		return error_set(err, ENOSPC, "there are %u peers already",
				 PEERS_MAX);
	own_name(peers, &own);
	if (!old) {
		added = new(peers, &own, err);
		if (!added)
			return -err->code;
	}
	if (store_put_peer(&node->store, &own, err)) {
		if (added)
			destroy(added);
		return -err->code;
	}
	if (old) {
		take_out(peers, old);
		old->kept = own;
		if (old->state == PEERS_REFUSED)
			old->state = PEERS_AWAY;
	} else {
		peers->n++;
	}
	*peer = old ? old : added;
	sort_in(peers, *peer);
	(*peer)->tried = 0;
	dial(*peer);
	return 0;
}

int peers_remove(struct node *node, const uint8_t id[static PEER_ID],
		 struct error *err)
{
	struct peers_peer *peer = peers_find(node, id);
	struct link *link, *next;

	if (!peer)
		return error_set(err, ENOENT, "there is no such peer");
	if (store_drop_peer(&node->store, id, err))
		return -err->code;
	kernel_open(node, is_peer);
	kernel_forget(node, id);
	take_out(node->peers, peer);
	node->peers->n--;
	fprintf(stderr, SD_NOTICE "peer %s: removed\n", peer->kept.name);
	/* All that it has here, in whatever state. */
	for (link = node->links; link; link = next) {
		next = link->next;
		if (link->ops != &peers_ops ||
		    (link->owner != peer &&
		     !identity_same(link->tls.peer, id)))
			continue;
		part(link, WIRE_BYE_REMOVED);
	}
	destroy(peer);
	return 0;
}
