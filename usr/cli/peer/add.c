// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../format/hex.h"
#include "../../format/wire.h"
#include "../../lib/connect.h"
#include "../../lib/hearthd.h"
#include "../../lib/stretch.h"
#include "../../lib/wait.h"
#include "../answer.h"
#include "../ask.h"
#include "nearby.h"
#include "peer.h"

#define FIND_MS	10000	/* a host's addresses */

struct adding {
	const char *id;		/* of one that is added without a code */
	const char *name;
	const char *role;
	const char *where;	/* as it was given, or NULL */
	struct address host;	/* the same, where it reads as one */
	char code[PAIRCODE_SIZE];
};

/* Address and port as numbers. Returns false where it does not fit. */
static bool numeric(const struct addrinfo *ai, char *text, size_t size)
{
	char host[WIRE_ADDRESS], port[8];

	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return false;
	return snprintf(text, size, strchr(host, ':') ? "[%s]:%s" : "%s:%s",
			host, port) < (int)size;
}

/* The addresses of the host, which hearthd does not look up itself. */
static int find(const struct address *host, json_t **addresses,
		struct error *err)
{
	struct addrinfo *list, *ai;
	char text[WIRE_ADDRESS];
	int ret = connect_resolve(host, wait_now() + FIND_MS, FIND_MS, &list,
				  err);

	if (ret)
		return ret;
	*addresses = json_array();
	for (ai = list; ai && json_array_size(*addresses) < WIRE_ADDRESSES;
	     ai = ai->ai_next)
		if (numeric(ai, text, sizeof(text)))
			json_array_append_new(*addresses, json_string(text));
	freeaddrinfo(list);
	return 0;
}

/* A node nearby that is called so, or else a host. */
static int find_any(const struct adding *adding, json_t **addresses,
		    struct error *err)
{
	int ret = nearby_find(adding->where, addresses, err);

	if ((ret != -ENOENT && ret != -ENOTCONN) || !*adding->host.name)
		return ret;
	return find(&adding->host, addresses, err);
}

/* The code becomes a key by the id of who is there; it is wiped here. */
static void make_key(struct adding *adding, const char *id,
		     char key[static 2 * WIRE_KEY + 1])
{
	uint8_t bytes[WIRE_KEY], inviter[PEER_ID] = { 0 };

	peer_id_parse(id, inviter);
	stretch_code(adding->code, inviter, bytes);
	hex_text(bytes, WIRE_KEY, key);
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(adding->code, sizeof(adding->code));
}

/* Who is there; then a proof that we know the code, to that one and no other. */
static int join(struct adding *adding, json_t *addresses, json_t **peer,
		struct error *err)
{
	char key[2 * WIRE_KEY + 1];
	json_t *there, *request;
	int ret = hearthd_ask(json_pack("{s:s,s:O}", "verb", "peer-look",
					"addresses", addresses), &there, err);

	if (ret)
		return ret;
	make_key(adding, answer_text(there, "id"), key);
	request = json_pack("{s:s,s:s,s:s,s:s,s:O}", "verb", "peer-join",
			    "id", answer_text(there, "id"), "key", key,
			    "role", adding->role, "addresses", addresses);
	explicit_bzero(key, sizeof(key));
	json_decref(there);
	if (adding->name)
		json_object_set_new(request, "name", json_string(adding->name));
	return hearthd_ask(request, peer, err);
}

static int add(const struct adding *adding, json_t *addresses, json_t **peer,
	       struct error *err)
{
	json_t *request = json_pack("{s:s,s:s,s:s,s:s}", "verb", "peer-add",
				    "id", adding->id, "name", adding->name,
				    "role", adding->role);

	if (addresses)
		json_object_set(request, "addresses", addresses);
	return hearthd_ask(request, peer, err);
}

static int ask_code(struct adding *adding, struct error *err)
{
	const struct ask_source source = { .fd = -1 };
	struct secret secret;
	char text[64] = "";
	int ret;

	secret_begin();
	ret = ask_secret(&secret, &source, "Code", false, err);
	if (ret)
		return ret;
	if (secret.size < sizeof(text))
		memcpy(text, secret.data, secret.size);
	secret_free(&secret);
	if (!paircode_read(text, adding->code))
		ret = error_set(err, EINVAL,
				"that is no code: it has 12 characters, as DVR4-VCM0-PGE2");
	explicit_bzero(text, sizeof(text));
	return ret;
}

static int run_adding(struct run *run, struct adding *adding)
{
	json_t *addresses = NULL, *peer;
	struct error err;
	int ret = 0;

	if (!adding->id && !*adding->code)
		ret = ask_code(adding, &err);
	if (!ret && adding->where)
		ret = find_any(adding, &addresses, &err);
	if (!ret)
		ret = adding->id ? add(adding, addresses, &peer, &err) :
				   join(adding, addresses, &peer, &err);
	json_decref(addresses);
	if (ret)
		return refused(&err);
	peer_print(run->out, peer, false);
	json_decref(peer);
	return EXIT_DONE;
}

/* What stands behind the options. Returns -1 to go on, or an exit code. */
static int take_operands(struct run *run, struct adding *adding)
{
	struct error err;

	if (run->argc)
		adding->where = run->argv[0];
	if (run->argc && address_parse(run->argv[0], WIRE_PORT_TEXT,
				       &adding->host, &err)) {
		if (!nearby_may(run->argv[0]))
			return usage("\"%s\" is no node: %s", run->argv[0],
				     err.text);
		*adding->host.name = '\0';
	}
	if (run->argc && *adding->host.name &&
	    adding->host.kind != ADDRESS_INET)
		return usage("a node is at HOST[:PORT]");
	if (adding->id && run->argc == 2)
		return usage("a node is added by its id or by a code, not by both");
	if (adding->id && !adding->name)
		return usage("peer add --id needs --name");
	if (!adding->id && !run->argc)
		return usage("peer add needs a host, or --id");
	if (run->argc < 2)
		return -1;
	if (!paircode_read(run->argv[1], adding->code))
		return usage("that is no code: it has 12 characters, as DVR4-VCM0-PGE2");
	/* It is good once, and not for long; still, others need not see it. */
	memset(run->argv[1], '*', strlen(run->argv[1]));
	return -1;
}

static int run(struct run *run)
{
	struct adding adding = { .role = "friend" };
	uint8_t id[PEER_ID];
	enum peer_role role;
	int c;

	while ((c = verb_option(run)) != -1) {
		switch (c) {
		case 'i':
			adding.id = optarg;
			if (!peer_id_parse(optarg, id))
				return usage("an id has 64 hexadecimal digits");
			break;
		case 'n':
			adding.name = optarg;
			if (!peer_name_valid(optarg, strlen(optarg)))
				return usage("a name has 1 to 64 bytes that a terminal can show, and does not read as an id");
			break;
		case 'a':
			adding.role = optarg;
			if (!peer_role_parse(optarg, &role))
				return usage("a role is self or friend, not \"%s\"",
					     optarg);
			break;
		default:
			return run->code;
		}
	}
	c = take_operands(run, &adding);
	return c < 0 ? run_adding(run, &adding) : c;
}

static const struct option options[] = {
	{ "as", required_argument, NULL, 'a' },
	{ "id", required_argument, NULL, 'i' },
	{ "name", required_argument, NULL, 'n' },
	{ 0 },
};

const struct verb peer_add = {
	.name = "add",
	.what = "make another node a peer, by its code or by its id",
	.synopsis =
	"NODE [CODE] [--as ROLE] [--name NAME]\n"
	"--id ID --name NAME [--as ROLE] [NODE]",
	.help =
	"NODE is the name of a node nearby (hearth peer list --nearby), or HOST[:PORT].\n"
	"With a code of hearth peer invite both nodes are each other's peers then. Without CODE\n"
	"it is asked for. With an id (hearth node show) no code is needed, and it is to be\n"
	"done on both machines.\n"
	"\n"
	"  --id ID             the node's id, 64 digits\n"
	"  --name NAME         how it is called here (default: as it calls itself)\n"
	PEER_AS_HELP,
	.options = options,
	.least = 0, .most = 2, .needs = "a host and a code, or --id",
	.run = run,
};
