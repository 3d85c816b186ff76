// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "../format/request.h"
#include "pair.h"

#define SOURCES		64u
#define WATCHERS	16u
#define WAIT		(1 * NODE_SECOND)	/* behind a wrong proof */
#define JOIN_LIMIT	(10 * NODE_SECOND)

/* When a source was wrong last. */
struct source {
	struct sockaddr_storage from;
	uint64_t when;
};

/* A JOIN that is not checked yet. */
struct waiting {
	struct waiting *next;
	struct link *link;
	struct wire join;
};

struct pair {
	struct node *node;
	struct pair_status status;
	uint8_t key[WIRE_KEY];
	uint64_t until;
	sd_event_source *expiry;	/* of the invitation */
	sd_event_source *turn;		/* of a JOIN that waits */
	struct waiting *waiting;	/* in the order in which they came */
	struct source sources[SOURCES];
	struct {
		void (*changed)(struct node *node, void *arg);
		void *arg;
	} watchers[WATCHERS];
	void (*listener)(struct node *node);
};

/* --- proofs --------------------------------------------------------------------------- */

/* What @role proves over @link. Returns 0 or a negative errno. */
static int prove(struct link *link, const uint8_t key[static WIRE_KEY],
		 const char *role, const uint8_t *joiner, const uint8_t *inviter,
		 uint8_t proof[static WIRE_PROOF], struct error *err)
{
	struct {
		char role[16];
		uint8_t exported[WIRE_EXPORTED];
		uint8_t joiner[PEER_ID];
		uint8_t inviter[PEER_ID];
	} text = { 0 };
	int ret = tls_export(&link->tls, WIRE_EXPORTER, text.exported,
			     sizeof(text.exported), err);

	if (ret)
		return ret;
	memcpy(text.role, role, strlen(role));
	memcpy(text.joiner, joiner, PEER_ID);
	memcpy(text.inviter, inviter, PEER_ID);
	ret = gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, WIRE_KEY, &text,
			       sizeof(text), proof);
	return ret ? error_set(err, EIO, "HMAC: %s", gnutls_strerror(ret)) : 0;
}

/* --- the invitation ------------------------------------------------------------------- */

static void changed(struct pair *pair)
{
	unsigned int i;

	pair->status.serial++;
	if (pair->listener)
		pair->listener(pair->node);
	for (i = 0; i < WATCHERS; i++) {
		void (*call)(struct node *node, void *arg) =
			pair->watchers[i].changed;

		pair->watchers[i].changed = NULL;
		if (call)
			call(pair->node, pair->watchers[i].arg);
	}
}

static int on_expiry(sd_event_source *s, uint64_t usec, void *arg)
{
	struct pair *pair = arg;

	(void)s;
	(void)usec;
	explicit_bzero(pair->key, sizeof(pair->key));
	if (pair->status.state == PAIR_OPEN)
		pair->status.state = PAIR_EXPIRED;
	pair->until = 0;
	changed(pair);
	return 0;
}

void pair_invite(struct node *node, const uint8_t key[static WIRE_KEY],
		 enum peer_role role, uint32_t ttl)
{
	struct pair *pair = node->pair;
	uint64_t serial = pair->status.serial;

	memset(&pair->status, 0, sizeof(pair->status));
	pair->status.serial = serial;
	pair->status.state = PAIR_OPEN;
	pair->status.role = role;
	memcpy(pair->key, key, WIRE_KEY);
	pair->until = node_now(node) + ttl * NODE_SECOND;
	sd_event_source_set_time(pair->expiry, pair->until);
	sd_event_source_set_enabled(pair->expiry, SD_EVENT_ONESHOT);
	changed(pair);
}

void pair_status(struct node *node, struct pair_status *status)
{
	const struct pair *pair = node->pair;
	uint64_t now = node_now(node);

	*status = pair->status;
	status->left = pair->until > now ?
		       (pair->until - now + NODE_SECOND - 1) / NODE_SECOND : 0;
}

void pair_watch(struct node *node, uint64_t serial,
		void (*call)(struct node *node, void *arg), void *arg)
{
	struct pair *pair = node->pair;
	unsigned int i;

	for (i = 0; i < WATCHERS && pair->watchers[i].changed; i++)
		;
	/* Where too many watch, one is told at once, and asks again. */
	if (pair->status.serial != serial || i == WATCHERS) {
		call(node, arg);
		return;
	}
	pair->watchers[i].changed = call;
	pair->watchers[i].arg = arg;
}

void pair_unwatch(struct node *node, void *arg)
{
	unsigned int i;

	for (i = 0; i < WATCHERS; i++)
		if (node->pair->watchers[i].arg == arg)
			node->pair->watchers[i].changed = NULL;
}

void pair_listen(struct node *node, void (*call)(struct node *node))
{
	node->pair->listener = call;
}

int pair_judge(struct node *node, const uint8_t id[static PEER_ID],
	       struct error *err)
{
	const struct pair_status *status = &node->pair->status;

	if (status->state == PAIR_OPEN)
		return 0;
	/* one that did not hear its answer */
	if (status->state == PAIR_USED && node->pair->until &&
	    identity_same(status->id, id))
		return 0;
	return error_set(err, EACCES, "no invitation is open");
}

/* --- who wants to join ----------------------------------------------------------------- */

static struct source *find_source(struct pair *pair, const struct link *link)
{
	unsigned int i;

	for (i = 0; i < SOURCES; i++)
		if (pair->sources[i].when &&
		    link_same_source(&pair->sources[i].from, &link->from))
			return &pair->sources[i];
	return NULL;
}

/* It gave a wrong proof: the next one of its source waits. */
static void note_wrong(struct pair *pair, const struct link *link)
{
	struct source *source = find_source(pair, link), *oldest;
	unsigned int i;

	if (!source) {
		oldest = &pair->sources[0];
		for (i = 1; i < SOURCES; i++)
			if (pair->sources[i].when < oldest->when)
				oldest = &pair->sources[i];
		source = oldest;
		source->from = link->from;
	}
	source->when = node_now(pair->node);
	pair->status.wrong++;
	strcpy(pair->status.from, link->address);
	fprintf(stderr, SD_WARNING "pairing: a wrong code from %s\n",
		link->address);
}

static uint64_t due(struct pair *pair, const struct link *link)
{
	const struct source *source = find_source(pair, link);

	return source ? source->when + WAIT : 0;
}

/* As it calls itself; one that was a peer already stays what it is called here. */
static void name_peer(struct node *node, struct store_peer *kept,
		      const char *name)
{
	const struct peers_peer *known = peers_find(node, kept->id);

	strcpy(kept->name, known ? known->kept.name : name);
}

static void welcome(struct pair *pair, struct link *link,
		    const struct wire *join)
{
	struct node *node = pair->node;
	struct store_peer kept = {
		.role = pair->status.role, .paired = time(NULL),
	};
	struct wire answer = { .type = WIRE_WELCOME, .port = node->port };
	struct peers_peer *peer;
	struct error err;

	memcpy(kept.id, link->tls.peer, PEER_ID);
	name_peer(node, &kept, join->name);
	if (join->port) {
		kept.n_addresses = 1;
		link_address_text(&link->from, join->port, kept.addresses[0]);
	}
	strcpy(answer.name, node->name);
	if (prove(link, pair->key, "inviter", kept.id, node->me.id,
		  answer.proof, &err) ||
	    peers_put(node, &kept, &peer, &err)) {
		fprintf(stderr, SD_ERR "pairing: %s\n", err.text);
		link_refuse(link);
		return;
	}
	/* It is on the disk: the joiner may know. */
	link_send(link, &answer);
	link_close(link);
	memcpy(pair->status.id, kept.id, PEER_ID);
	pair->status.state = PAIR_USED;
	fprintf(stderr, SD_NOTICE "pairing: %s joined as %s, from %s\n",
		peer->kept.name, peer_role_name(kept.role), link->address);
	changed(pair);
}

static void check(struct pair *pair, struct link *link, const struct wire *join)
{
	uint8_t proof[WIRE_PROOF];
	struct error err;

	/* It was let in while the invitation was open. Is it still? */
	if (pair_judge(pair->node, link->tls.peer, &err) ||
	    prove(link, pair->key, "joiner", link->tls.peer,
		  pair->node->me.id, proof, &err)) {
		link_refuse(link);
		return;
	}
	if (!gnutls_memcmp(proof, join->proof, sizeof(proof))) {
		welcome(pair, link, join);
		return;
	}
	note_wrong(pair, link);
	link_refuse(link);
	changed(pair);
}

/* Checks those whose turn it is, and waits for the next one's. */
static void take_turns(struct pair *pair)
{
	struct waiting **at = &pair->waiting, *one;
	uint64_t now = node_now(pair->node), next = 0, when;

	while ((one = *at)) {
		when = due(pair, one->link);
		if (when > now) {
			next = next && next < when ? next : when;
			at = &one->next;
			continue;
		}
		*at = one->next;
		one->link->owner = NULL;
		check(pair, one->link, &one->join);
		free(one);
		/* the list may be another one now */
		at = &pair->waiting;
		next = 0;
	}
	sd_event_source_set_time(pair->turn, next);
	sd_event_source_set_enabled(pair->turn, next ? SD_EVENT_ONESHOT :
						       SD_EVENT_OFF);
}

static int on_turn(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	take_turns(arg);
	return 0;
}

static int on_judge(struct link *link, const char *alpn,
		    const uint8_t id[static PEER_ID], struct error *err)
{
	(void)alpn;
	return pair_judge(link->node, id, err);
}

static void on_ready(struct link *link)
{
	(void)link;	/* the joiner speaks first */
}

static void on_frame(struct link *link, const struct frame *frame)
{
	struct pair *pair = link->node->pair;
	struct waiting *one, **at;
	struct error err;

	one = calloc(1, sizeof(*one));
	/* one JOIN a link: no other message, and no second guess */
	if (!one || link->owner || wire_parse(frame, &one->join, &err) ||
	    one->join.type != WIRE_JOIN) {
		free(one);
		pair_ops.ended(link, NULL);
		link_refuse(link);
		return;
	}
	one->link = link;
	link->owner = one;
	for (at = &pair->waiting; *at; at = &(*at)->next)
		;
	*at = one;
	take_turns(pair);
}

/* Also of one whose JOIN still waits. */
static void on_ended(struct link *link, const struct error *why)
{
	struct waiting **at = &link->node->pair->waiting, *one;

	(void)why;
	for (; (one = *at); at = &one->next) {
		if (one->link != link)
			continue;
		*at = one->next;
		free(one);
		break;
	}
	link->owner = NULL;
}

const struct link_ops pair_ops = {
	.judge = on_judge,
	.ready = on_ready,
	.frame = on_frame,
	.ended = on_ended,
};

/* --- joining ----------------------------------------------------------------------------- */

struct pair_join {
	struct node *node;
	struct pair_joining joining;
	unsigned int n_addresses, tried;
	char addresses[WIRE_ADDRESSES][WIRE_ADDRESS];
	uint8_t key[WIRE_KEY], id[PEER_ID];
	char name[PEER_NAME];
	enum peer_role role;
	struct link *link;
	bool said;		/* the JOIN was sent */
	sd_event_source *limit;
};

static const struct link_ops join_ops;

void pair_forget(struct pair_join *join)
{
	if (join->link) {
		join->link->owner = NULL;
		link_close(join->link);
	}
	sd_event_source_disable_unref(join->limit);
	explicit_bzero(join->key, sizeof(join->key));
	free(join);
}

static void finish(struct pair_join *join, const struct peers_peer *peer,
		   const struct error *err)
{
	struct pair_joining joining = join->joining;
	uint8_t id[PEER_ID];

	memcpy(id, join->id, PEER_ID);
	pair_forget(join);
	joining.done(joining.arg, id, peer, err);
}

static int on_join_limit(sd_event_source *s, uint64_t usec, void *arg)
{
	struct pair_join *join = arg;
	struct error err;

	(void)s;
	(void)usec;
	error_set(&err, ETIMEDOUT, "%s did not answer within %llu s",
		  join->addresses[join->tried ? join->tried - 1 : 0],
		  JOIN_LIMIT / NODE_SECOND);
	finish(join, NULL, &err);
	return 0;
}

/* The next address. Returns 0, or -errno where that was the last. */
static int try_next(struct pair_join *join, struct error *err)
{
	while (!join->link && join->tried < join->n_addresses)
		join->link = link_dial(join->node,
				       join->addresses[join->tried++],
				       WIRE_PAIRING, &join_ops, join, err);
	return join->link ? 0 : -err->code;
}

static int judge_inviter(struct link *link, const char *alpn,
			 const uint8_t id[static PEER_ID], struct error *err)
{
	const struct pair_join *join = link->owner;

	(void)alpn;
	if (identity_same(link->node->me.id, id))
		return error_set(err, EINVAL, "that is this node itself");
	if (join->joining.look || identity_same(join->id, id))
		return 0;
	return error_set(err, EACCES,
			 "another node answers at %s than a moment ago: somebody may be in between",
			 link->address);
}

static void join_ready(struct link *link)
{
	struct pair_join *join = link->owner;
	struct wire wire = { .type = WIRE_JOIN, .port = link->node->port };
	struct error err;

	if (join->joining.look) {
		memcpy(join->id, link->tls.peer, PEER_ID);
		finish(join, NULL, NULL);
		return;
	}
	strcpy(wire.name, link->node->name);
	if (prove(link, join->key, "joiner", link->node->me.id, join->id,
		  wire.proof, &err)) {
		finish(join, NULL, &err);
		return;
	}
	join->said = true;
	link_send(link, &wire);
}

static void join_frame(struct link *link, const struct frame *frame)
{
	struct pair_join *join = link->owner;
	struct store_peer kept = {
		.role = join->role, .paired = time(NULL), .n_addresses = 1,
	};
	uint8_t proof[WIRE_PROOF];
	struct peers_peer *peer;
	struct error err;
	struct wire wire;
	int ret = wire_parse(frame, &wire, &err);

	if (!ret && wire.type != WIRE_WELCOME)
		ret = error_set(&err, EPROTO, "no answer to a JOIN came");
	if (!ret)
		ret = prove(link, join->key, "inviter", link->node->me.id,
			    join->id, proof, &err);
	if (!ret && gnutls_memcmp(proof, wire.proof, sizeof(proof)))
		ret = error_set(&err, EACCES,
				"the node at %s does not know the code: it may be somebody in between",
				link->address);
	if (!ret) {
		memcpy(kept.id, join->id, PEER_ID);
		name_peer(link->node, &kept, wire.name);
		if (*join->name)
			strcpy(kept.name, join->name);
		strcpy(kept.addresses[0], link->address);
		ret = peers_put(link->node, &kept, &peer, &err);
	}
	finish(join, ret ? NULL : peer, ret ? &err : NULL);
}

static void join_ended(struct link *link, const struct error *why)
{
	struct pair_join *join = link->owner;
	struct error err = *why;

	if (!join)
		return;
	join->link = NULL;
	if (join->said && why->code == EACCES)
		error_set(&err, EACCES,
			  "%s refused: the code is wrong, or no invitation is open there",
			  link->address);
	else if (!try_next(join, &err))
		return;
	finish(join, NULL, &err);
}

static const struct link_ops join_ops = {
	.judge = judge_inviter,
	.ready = join_ready,
	.frame = join_frame,
	.ended = join_ended,
};

struct pair_join *pair_join(struct node *node,
			    const struct pair_joining *joining)
{
	const struct request *request = joining->request;
	struct pair_join *join = calloc(1, sizeof(*join));
	struct error err;

	if (!join || sd_event_add_time_relative(node->event, &join->limit,
						CLOCK_MONOTONIC, JOIN_LIMIT, 0,
						on_join_limit, join) < 0) {
		free(join);
		error_set(&err, ENOMEM, "out of memory");
		joining->done(joining->arg, request->id, NULL, &err);
		return NULL;
	}
	join->node = node;
	join->joining = *joining;
	join->joining.request = NULL;	/* it goes before this does */
	join->n_addresses = request->n_addresses;
	memcpy(join->addresses, request->addresses, sizeof(join->addresses));
	memcpy(join->key, request->key, WIRE_KEY);
	memcpy(join->id, request->id, PEER_ID);
	strcpy(join->name, request->name);
	join->role = request->role;
	if (!try_next(join, &err))
		return join;
	finish(join, NULL, &err);
	return NULL;
}

/* --- the beginning and the end ------------------------------------------------------------- */

int pair_start(struct node *node, struct error *err)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return error_set(err, ENOMEM, "out of memory");
	node->pair = pair;
	pair->node = node;
	pair->status.serial = 1;
	if (sd_event_add_time(node->event, &pair->expiry, CLOCK_MONOTONIC, 0, 0,
			      on_expiry, pair) < 0 ||
	    sd_event_add_time(node->event, &pair->turn, CLOCK_MONOTONIC, 0, 0,
			      on_turn, pair) < 0)
		return error_set(err, ENOMEM, "out of memory");
	sd_event_source_set_enabled(pair->expiry, SD_EVENT_OFF);
	sd_event_source_set_enabled(pair->turn, SD_EVENT_OFF);
	return 0;
}

void pair_stop(struct node *node)
{
	struct pair *pair = node->pair;
	struct waiting *one;

	if (!pair)
		return;
	while ((one = pair->waiting)) {
		pair->waiting = one->next;
		one->link->owner = NULL;
		link_close(one->link);
		free(one);
	}
	sd_event_source_disable_unref(pair->expiry);
	sd_event_source_disable_unref(pair->turn);
	explicit_bzero(pair->key, sizeof(pair->key));
	free(pair);
	node->pair = NULL;
}

const char *pair_state_name(enum pair_state state)
{
	static const char *const names[] = {
		[PAIR_NONE] = "none",
		[PAIR_OPEN] = "open",
		[PAIR_USED] = "used",
		[PAIR_EXPIRED] = "expired",
	};

	return names[state];
}
