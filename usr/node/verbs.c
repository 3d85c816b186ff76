// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "../format/hex.h"
#include "backup.h"
#include "exporter.h"
#include "front.h"
#include "nearby.h"
#include "pair.h"
#include "peers.h"
#include "share.h"
#include "usbverbs.h"
#include "verbs.h"
#include "wish.h"

#define CHANNEL	"/sys/module/hearth"

/* --- the node ---------------------------------------------------------------------------- */

int verbs_begin(struct node *node, struct error *err)
{
	int ret = store_name(&node->store, node->name, err);

	if (ret)
		return ret;
	ret = identity_load(&node->me, node->key_path, err);
	if (ret == -ENOENT)
		return 0;
	if (ret)
		return ret;
	if (!*node->name)
		strcpy(node->name, "node");
	node->ready = true;
	return 0;
}

static void add_address(const char *address, void *arg)
{
	json_array_append_new(arg, json_string(address));
}

static void show_node(struct node *node, struct asked *asked)
{
	char id[PEER_ID_TEXT];
	json_t *listen = json_array();

	front_each(node, add_address, listen);
	peer_id_text(node->me.id, id);
	control_answer(asked, json_pack("{s:s,s:s,s:s,s:o,s:b}",
					"id", id, "name", node->name,
					"version", HEARTH_VERSION,
					"listen", listen,
					"channel", !access(CHANNEL, F_OK)));
}

static void init_node(struct node *node, struct asked *asked,
		      const struct request *request)
{
	struct error err;
	int ret;

	if (node->ready) {
		error_set(&err, EEXIST, "this node has a key already");
		control_refuse(asked, &err);
		return;
	}
	ret = store_set_name(&node->store, request->name, &err);
	if (!ret)
		ret = identity_make(node->key_path, &err);
	if (!ret)
		ret = verbs_begin(node, &err);
	if (ret) {
		control_refuse(asked, &err);
		return;
	}
	nearby_announce(node);
	show_node(node, asked);
}

/* Bytes of hexadecimal digits, to be freed. */
static uint8_t *bytes_of(const char *text, size_t *size, struct error *err)
{
	uint8_t *bytes;

	*size = strlen(text) / 2;
	bytes = malloc(*size + 1);
	if (!bytes || !hex_parse(text, bytes, *size)) {
		error_set(err, EINVAL, "the data are no hexadecimal digits");
		free(bytes);
		return NULL;
	}
	return bytes;
}

static void answer_file(struct asked *asked, const uint8_t *file, size_t size)
{
	struct error err;
	char *text = malloc(2 * size + 1);

	if (!text) {
		error_set(&err, ENOMEM, "out of memory");
		control_refuse(asked, &err);
		return;
	}
	hex_text(file, size, text);
	control_answer(asked, json_pack("{s:s}", "data", text));
	free(text);
}

static void backup_node(struct node *node, struct asked *asked,
			const struct request *request)
{
	uint8_t *head, *file;
	struct error err;
	size_t size;
	int ret;

	head = bytes_of(request->data, &size, &err);
	if (!head || size != BACKUP_HEAD)
		ret = error_set(&err, EINVAL,
				"the head of a backup has %u bytes",
				BACKUP_HEAD);
	else
		ret = backup_seal(node, request->key, head, &file, &size, &err);
	if (ret) {
		control_refuse(asked, &err);
	} else {
		answer_file(asked, file, size);
		free(file);
	}
	free(head);
}

static void restore_node(struct node *node, struct asked *asked,
			 const struct request *request)
{
	struct error err;
	uint8_t *data;
	size_t size;
	int ret;

	if (node->ready) {
		error_set(&err, EEXIST,
			  "this node has a key already: a backup is for one that has none");
		control_refuse(asked, &err);
		return;
	}
	data = bytes_of(request->data, &size, &err);
	ret = data ? backup_restore(node, request->key, data, size, &err) :
		     -err.code;
	free(data);
	/* what was known before is known no more */
	if (!ret) {
		peers_stop(node);
		ret = peers_start(node, &err);
	}
	if (!ret)
		ret = share_refresh(node, &err);
	if (!ret)
		ret = wish_refresh(node, &err);
	if (!ret)
		ret = verbs_begin(node, &err);
	if (ret) {
		control_refuse(asked, &err);
		return;
	}
	peers_dial(node);
	nearby_announce(node);
	show_node(node, asked);
}

/* --- peers --------------------------------------------------------------------------------- */

static const char *const states[] = {
	[PEERS_AWAY] = "away",
	[PEERS_LINKED] = "linked",
	[PEERS_REFUSED] = "refused",
};

static const char *const learnt[] = {
	[PEERS_KNOWN] = "known",
	[PEERS_ANNOUNCED] = "announced",
	[PEERS_INCOMING] = "incoming",
};

static const char *const copied[] = {
	[PEERS_COPIED_ITS] = "its",
	[PEERS_COPIED_OURS] = "ours",
};

static json_t *show_peer(const struct peers_peer *peer)
{
	char id[PEER_ID_TEXT];
	json_t *addresses = json_array(), *json;
	unsigned int i;

	for (i = 0; i < peer->kept.n_addresses; i++)
		json_array_append_new(addresses,
				      json_string(peer->kept.addresses[i]));
	peer_id_text(peer->kept.id, id);
	json = json_pack("{s:s,s:s,s:s,s:s,s:I,s:o}", "name", peer->kept.name,
			 "id", id, "role", peer_role_name(peer->kept.role),
			 "state", states[peer->state],
			 "paired", (json_int_t)peer->kept.paired,
			 "addresses", addresses);
	if (peer->link) {
		json_object_set_new(json, "address",
				    json_string(peer->link->address));
		json_object_set_new(json, "learnt",
				    json_string(learnt[peer->how]));
	} else if (peer->why.code) {
		json_object_set_new(json, "why", json_string(peer->why.text));
	}
	if (peers_copied(peer))
		json_object_set_new(json, "copied",
				    json_string(copied[peers_copied(peer)]));
	return json;
}

static void list_peers(struct node *node, struct asked *asked)
{
	const struct peers_peer *peer;
	json_t *list = json_array();

	for (peer = peers_first(node); peer; peer = peer->next)
		json_array_append_new(list, show_peer(peer));
	control_answer(asked, list);
}

static void add_nearby(const struct nearby_node *nearby, void *arg)
{
	json_t *addresses = json_array();
	char id[PEER_ID_TEXT];
	unsigned int i;

	for (i = 0; i < nearby->n_addresses; i++)
		json_array_append_new(addresses,
				      json_string(nearby->addresses[i]));
	peer_id_text(nearby->id, id);
	json_array_append_new(arg, json_pack("{s:s,s:s,s:b,s:o}",
					     "name", nearby->name, "id", id,
					     "pairing", nearby->pairing,
					     "addresses", addresses));
}

static void list_nearby(struct node *node, struct asked *asked)
{
	json_t *list = json_array();
	struct error err;

	if (!nearby_each(node, add_nearby, list, &err)) {
		control_answer(asked, list);
		return;
	}
	json_decref(list);
	control_refuse(asked, &err);
}

static void add_peer(struct node *node, struct asked *asked,
		     const struct request *request)
{
	struct store_peer kept = {
		.role = request->role, .paired = time(NULL),
		.n_addresses = request->n_addresses,
	};
	struct peers_peer *peer;
	struct error err;

	memcpy(kept.id, request->id, PEER_ID);
	strcpy(kept.name, request->name);
	memcpy(kept.addresses, request->addresses, sizeof(kept.addresses));
	if (peers_put(node, &kept, &peer, &err)) {
		control_refuse(asked, &err);
		return;
	}
	nearby_became(node, kept.id);
	control_answer(asked, show_peer(peer));
}

static void remove_peer(struct node *node, struct asked *asked,
			const struct request *request)
{
	struct peers_peer *peer = peers_find(node, request->id);
	json_t *json = peer ? show_peer(peer) : NULL;
	struct error err;

	if (peers_remove(node, request->id, &err)) {
		json_decref(json);
		control_refuse(asked, &err);
		return;
	}
	exporter_release_peer(node, request->id);
	if (share_refresh(node, &err) || wish_refresh(node, &err))
		fprintf(stderr, SD_WARNING "%s\n", err.text);
	json_object_set_new(json, "state", json_string("removed"));
	json_object_del(json, "address");
	json_object_del(json, "learnt");
	control_answer(asked, json);
}

/* --- invitations ------------------------------------------------------------------------------ */

static json_t *show_invitation(struct node *node)
{
	struct pair_status status;
	const struct peers_peer *peer;
	char id[PEER_ID_TEXT];
	json_t *json;

	pair_status(node, &status);
	json = json_pack("{s:s,s:I,s:I}",
			 "state", pair_state_name(status.state),
			 "seen", (json_int_t)status.serial,
			 "wrong", (json_int_t)status.wrong);
	if (status.wrong)
		json_object_set_new(json, "from", json_string(status.from));
	if (status.state != PAIR_NONE)
		json_object_set_new(json, "role", json_string(
				    peer_role_name(status.role)));
	if (status.state == PAIR_OPEN)
		json_object_set_new(json, "left",
				    json_integer((json_int_t)status.left));
	if (status.state != PAIR_USED)
		return json;
	peer_id_text(status.id, id);
	json_object_set_new(json, "id", json_string(id));
	peer = peers_find(node, status.id);
	if (peer)
		json_object_set_new(json, "name",
				    json_string(peer->kept.name));
	return json;
}

static void invitation_changed(struct node *node, void *arg)
{
	control_answer(arg, show_invitation(node));
}

/* One that waits, and the node that its client's end must be told to. */
static void watcher_gone(struct asked *asked, void *arg)
{
	pair_unwatch(arg, asked);
}

static void watch(struct node *node, struct asked *asked,
		  const struct request *request)
{
	control_later(asked, watcher_gone, node);
	pair_watch(node, request->seen, invitation_changed, asked);
}

static void invite(struct node *node, struct asked *asked,
		   const struct request *request)
{
	pair_invite(node, request->key, request->role, request->ttl);
	control_answer(asked, show_invitation(node));
}

/* --- joining ------------------------------------------------------------------------------------ */

static void joined(void *arg, const uint8_t id[static PEER_ID],
		   const struct peers_peer *peer, const struct error *err)
{
	char text[PEER_ID_TEXT];

	if (err) {
		control_refuse(arg, err);
	} else if (peer) {
		control_answer(arg, show_peer(peer));
	} else {
		peer_id_text(id, text);
		control_answer(arg, json_pack("{s:s}", "id", text));
	}
}

static void joiner_gone(struct asked *asked, void *arg)
{
	(void)asked;
	pair_forget(arg);
}

static void join(struct node *node, struct asked *asked,
		 const struct request *request, bool look)
{
	const struct pair_joining joining = {
		.request = request, .look = look,
		.done = joined, .arg = asked,
	};
	struct pair_join *begun = pair_join(node, &joining);

	if (begun)
		control_later(asked, joiner_gone, begun);
}

void verbs_ask(struct node *node, struct asked *asked, struct request *request)
{
	struct error err;

	if (!node->ready && request->verb != REQUEST_NODE_INIT &&
	    request->verb != REQUEST_NODE_RESTORE) {
		error_set(&err, ENOKEY,
			  "this node has no key yet: hearth node init, or hearth node restore");
		control_refuse(asked, &err);
		return;
	}
	switch (request->verb) {
	case REQUEST_NODE_INIT:
		init_node(node, asked, request);
		break;
	case REQUEST_NODE_SHOW:
		show_node(node, asked);
		break;
	case REQUEST_NODE_BACKUP:
		backup_node(node, asked, request);
		break;
	case REQUEST_NODE_RESTORE:
		restore_node(node, asked, request);
		break;
	case REQUEST_PEER_INVITE:
		invite(node, asked, request);
		break;
	case REQUEST_PEER_WATCH:
		watch(node, asked, request);
		break;
	case REQUEST_PEER_LOOK:
		join(node, asked, request, true);
		break;
	case REQUEST_PEER_JOIN:
		join(node, asked, request, false);
		break;
	case REQUEST_PEER_ADD:
		add_peer(node, asked, request);
		break;
	case REQUEST_PEER_LIST:
		list_peers(node, asked);
		break;
	case REQUEST_PEER_NEARBY:
		list_nearby(node, asked);
		break;
	case REQUEST_PEER_REMOVE:
		remove_peer(node, asked, request);
		break;
	default:
		usbverbs_ask(node, asked, request);
		break;
	}
}
