// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"
#include "request.h"

/* Members, as bits: what a verb must have, and what it may. */
enum {
	NAME = 1, ID = 2, ROLE = 4, KEY = 8, ADDRESSES = 16, TTL = 32,
	SEEN = 64, DATA = 128, RULE = 256, BUSID = 512, PEERS = 1024,
	FORCE = 2048, PLAIN = 4096,
};

static const struct {
	const char *name;
	enum request_caller least;
	unsigned int must, may;
} verbs[] = {
	[REQUEST_NODE_INIT] = { "node-init", REQUEST_ADMIN, NAME, 0 },
	[REQUEST_NODE_SHOW] = { "node-show", REQUEST_USER, 0, 0 },
	[REQUEST_NODE_BACKUP] = { "node-backup", REQUEST_ADMIN, KEY | DATA, 0 },
	[REQUEST_NODE_RESTORE] = { "node-restore", REQUEST_ADMIN, KEY | DATA,
				   0 },
	[REQUEST_PEER_INVITE] = { "peer-invite", REQUEST_ADMIN, KEY | TTL,
				  ROLE },
	[REQUEST_PEER_WATCH] = { "peer-watch", REQUEST_ADMIN, SEEN, 0 },
	[REQUEST_PEER_LOOK] = { "peer-look", REQUEST_ADMIN, ADDRESSES, 0 },
	[REQUEST_PEER_JOIN] = { "peer-join", REQUEST_ADMIN,
				KEY | ID | ADDRESSES, ROLE | NAME },
	[REQUEST_PEER_ADD] = { "peer-add", REQUEST_ADMIN, ID | NAME,
			       ROLE | ADDRESSES },
	[REQUEST_PEER_LIST] = { "peer-list", REQUEST_USER, 0, 0 },
	[REQUEST_PEER_NEARBY] = { "peer-nearby", REQUEST_USER, 0, 0 },
	[REQUEST_PEER_REMOVE] = { "peer-remove", REQUEST_ADMIN, ID, 0 },
	[REQUEST_USB_SHARE] = { "usb-share", REQUEST_ADMIN, RULE,
				PEERS | FORCE | PLAIN },
	[REQUEST_USB_UNSHARE] = { "usb-unshare", REQUEST_ADMIN, RULE, 0 },
	[REQUEST_USB_SHARED] = { "usb-shared", REQUEST_USER, 0, 0 },
	[REQUEST_USB_RELEASE] = { "usb-release", REQUEST_ADMIN, BUSID, 0 },
	[REQUEST_USB_LIST] = { "usb-list", REQUEST_USER, ID, 0 },
	[REQUEST_USB_ATTACH] = { "usb-attach", REQUEST_ADMIN, ID | BUSID, 0 },
	[REQUEST_USB_BIND] = { "usb-bind", REQUEST_ADMIN, ID | RULE, 0 },
	[REQUEST_USB_UNBIND] = { "usb-unbind", REQUEST_ADMIN, ID | RULE, 0 },
	[REQUEST_USB_BOUND] = { "usb-bound", REQUEST_USER, 0, 0 },
};

_Static_assert(sizeof(verbs) / sizeof(*verbs) == REQUEST_VERBS, "verbs");

static int bad(struct error *err, const char *key, const char *what)
{
	return error_set(err, EINVAL, "\"%s\" is no %s", key, what);
}

static int take_name(const json_t *value, struct request *request,
		     struct error *err)
{
	const char *text = json_string_value(value);

	if (!text || !peer_name_valid(text, json_string_length(value)))
		return bad(err, "name", "name: 1 to 64 bytes that a terminal can show");
	strcpy(request->name, text);
	return 0;
}

static int take_id(const json_t *value, struct request *request,
		   struct error *err)
{
	const char *text = json_string_value(value);

	request->has_id = text && peer_id_parse(text, request->id);
	return request->has_id ? 0 :
	       bad(err, "id", "id: 64 hexadecimal digits");
}

static int take_role(const json_t *value, struct request *request,
		     struct error *err)
{
	const char *text = json_string_value(value);

	request->has_role = text && peer_role_parse(text, &request->role);
	return request->has_role ? 0 : bad(err, "role", "role: friend or self");
}

static int take_key(const json_t *value, struct request *request,
		    struct error *err)
{
	const char *text = json_string_value(value);

	return text && hex_parse(text, request->key, WIRE_KEY) ? 0 :
	       bad(err, "key", "key: 64 hexadecimal digits");
}

static int take_addresses(const json_t *value, struct request *request,
			  struct error *err)
{
	const char *text;
	size_t i, n = json_array_size(value);

	if (!n || n > WIRE_ADDRESSES)
		return bad(err, "addresses", "list of 1 to 8 addresses");
	for (i = 0; i < n; i++) {
		text = json_string_value(json_array_get(value, i));
		if (!text || !*text || strlen(text) >= WIRE_ADDRESS)
			return bad(err, "addresses", "list of addresses");
		strcpy(request->addresses[i], text);
	}
	request->n_addresses = (unsigned int)n;
	return 0;
}

static int take_ttl(const json_t *value, struct request *request,
		    struct error *err)
{
	json_int_t n = json_integer_value(value);

	if (n < 1 || n > REQUEST_TTL_MAX)
		return bad(err, "ttl", "number of seconds from 1 to 86400");
	request->ttl = (uint32_t)n;
	return 0;
}

static int take_seen(const json_t *value, struct request *request,
		     struct error *err)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return bad(err, "seen", "number");
	request->seen = (uint64_t)json_integer_value(value);
	return 0;
}

static int take_data(const json_t *value, struct request *request,
		     struct error *err)
{
	const char *text = json_string_value(value);

	if (!text || json_string_length(value) % 2 ||
	    strspn(text, "0123456789abcdef") != json_string_length(value))
		return bad(err, "data", "data: hexadecimal digits");
	request->data = strdup(text);
	return request->data ? 0 : error_set(err, ENOMEM, "out of memory");
}

static int take_rule(const json_t *value, struct request *request,
		     struct error *err)
{
	const char *text = json_string_value(value);

	return text ? usbrule_parse(text, &request->rule, err) :
		      bad(err, "rule", "text that names USB devices");
}

static int take_busid(const json_t *value, struct request *request,
		      struct error *err)
{
	const char *text = json_string_value(value);

	if (!text || !usbip_busid_valid(text))
		return bad(err, "busid", "bus id");
	strcpy(request->busid, text);
	return 0;
}

static int take_peers(const json_t *value, struct request *request,
		      struct error *err)
{
	const char *text;
	size_t i, n = json_array_size(value);

	if (!n || n > REQUEST_PEERS)
		return bad(err, "peers", "list of 1 to 16 ids");
	for (i = 0; i < n; i++) {
		text = json_string_value(json_array_get(value, i));
		if (!text || !peer_id_parse(text, request->peers[i]))
			return bad(err, "peers", "list of ids");
	}
	request->n_peers = (unsigned int)n;
	return 0;
}

static int take_force(const json_t *value, struct request *request,
		      struct error *err)
{
	request->force = json_is_true(value);
	return json_is_boolean(value) ? 0 : bad(err, "force", "true or false");
}

static int take_plain(const json_t *value, struct request *request,
		      struct error *err)
{
	request->plain = json_is_true(value);
	return json_is_boolean(value) ? 0 : bad(err, "plain", "true or false");
}

static const struct {
	const char *name;
	unsigned int bit;
	int (*take)(const json_t *value, struct request *request,
		    struct error *err);
} members[] = {
	{ "name", NAME, take_name },
	{ "id", ID, take_id },
	{ "role", ROLE, take_role },
	{ "key", KEY, take_key },
	{ "addresses", ADDRESSES, take_addresses },
	{ "ttl", TTL, take_ttl },
	{ "seen", SEEN, take_seen },
	{ "data", DATA, take_data },
	{ "rule", RULE, take_rule },
	{ "busid", BUSID, take_busid },
	{ "peers", PEERS, take_peers },
	{ "force", FORCE, take_force },
	{ "plain", PLAIN, take_plain },
};

#define MEMBERS	(sizeof(members) / sizeof(*members))

static int take_verb(const json_t *root, struct request *request,
		     struct error *err)
{
	const char *name = json_string_value(json_object_get(root, "verb"));
	unsigned int i;

	if (!name)
		return error_set(err, EINVAL, "a request needs a \"verb\"");
	for (i = 0; i < REQUEST_VERBS; i++) {
		if (strcmp(verbs[i].name, name))
			continue;
		request->verb = (enum request_verb)i;
		return 0;
	}
	return error_set(err, EINVAL, "there is no verb \"%.32s\"", name);
}

static int take_members(const json_t *root, struct request *request,
			struct error *err)
{
	unsigned int may = verbs[request->verb].may | verbs[request->verb].must;
	unsigned int i, have = 0;
	const json_t *value;
	size_t known = 1;	/* "verb" */

	for (i = 0; i < MEMBERS; i++) {
		value = json_object_get(root, members[i].name);
		if (!value || !(members[i].bit & may))
			continue;
		if (members[i].take(value, request, err))
			return -err->code;
		have |= members[i].bit;
		known++;
	}
	if (known != json_object_size(root))
		return error_set(err, EINVAL,
				 "%s was given something that it does not take",
				 verbs[request->verb].name);
	for (i = 0; i < MEMBERS; i++)
		if (members[i].bit & verbs[request->verb].must & ~have)
			return error_set(err, EINVAL, "%s needs \"%s\"",
					 verbs[request->verb].name,
					 members[i].name);
	return 0;
}

int request_parse(const char *text, size_t size, struct request *request,
		  struct error *err)
{
	json_error_t why;
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	int ret;

	memset(request, 0, sizeof(*request));
	if (!json_is_object(root)) {
		json_decref(root);
		return error_set(err, EINVAL, "a request is one JSON object");
	}
	ret = take_verb(root, request, err);
	if (!ret)
		ret = take_members(root, request, err);
	json_decref(root);
	if (ret)
		request_clear(request);
	return ret;
}

void request_clear(struct request *request)
{
	free(request->data);
	explicit_bzero(request, sizeof(*request));
}

const char *request_verb_name(enum request_verb verb)
{
	return verbs[verb].name;
}

enum request_caller request_least(enum request_verb verb)
{
	return verbs[verb].least;
}
