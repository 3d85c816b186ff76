// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "../../format/hex.h"
#include "../../format/number.h"
#include "../../format/request.h"
#include "../../lib/hearthd.h"
#include "../../lib/stretch.h"
#include "../answer.h"
#include "peer.h"

#define TTL	600	/* seconds */

/* A new code, and the key that it is between this node and who joins. */
static int make_code(char text[static PAIRCODE_TEXT],
		     char key[static 2 * WIRE_KEY + 1], struct error *err)
{
	uint8_t random[PAIRCODE_RANDOM], id[PEER_ID], bytes[WIRE_KEY];
	char code[PAIRCODE_SIZE];
	json_t *node;
	int ret = hearthd_ask(json_pack("{s:s}", "verb", "node-show"), &node,
			      err);

	if (ret)
		return ret;
	if (!peer_id_parse(answer_text(node, "id"), id))
		ret = error_set(err, EPROTO, "hearthd tells no id");
	json_decref(node);
	if (!ret && getrandom(random, sizeof(random), 0) != sizeof(random))
		ret = error_set(err, EIO, "the kernel gives no random numbers");
	if (ret)
		return ret;
	paircode_text(random, text);
	paircode_read(text, code);
	stretch_code(code, id, bytes);
	hex_text(bytes, WIRE_KEY, key);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

static void print(struct out *out, const json_t *invitation, const char *code)
{
	const char *state = answer_text(invitation, "state");

	out_object_begin(out, NULL);
	out_string(out, "state", NULL, state);
	if (code)
		out_string(out, "code", "%s\n", code);
	if (json_object_get(invitation, "left"))
		out_uint(out, "left", NULL, answer_number(invitation, "left"));
	out_string(out, "role", NULL, answer_text(invitation, "role"));
	out_uint(out, "wrong", NULL, answer_number(invitation, "wrong"));
	if (json_object_get(invitation, "from"))
		out_string(out, "from", code ? NULL :
			   "a wrong code was tried from %s\n",
			   answer_text(invitation, "from"));
	if (!strcmp(state, "used")) {
		out_string(out, "name", "%s has joined",
			   answer_text(invitation, "name"));
		out_string(out, "id", ", %.16s\n",
			   answer_text(invitation, "id"));
	}
	out_object_end(out);
}

/* What has changed since @seen. Returns 0 or a negative errno. */
static int next(uint64_t seen, json_t **invitation, struct error *err)
{
	return hearthd_ask(json_pack("{s:s,s:I}", "verb", "peer-watch", "seen",
				     (json_int_t)seen), invitation, err);
}

/* Until it is used or over; what is tried meanwhile is told. Returns an exit code. */
static int watch(struct out *out, uint64_t seen)
{
	bool open = true, expired = false;
	struct error err;
	json_t *now;

	while (open) {
		out_flush(out);
		if (next(seen, &now, &err))
			return refused(&err);
		expired = !strcmp(answer_text(now, "state"), "expired");
		open = !strcmp(answer_text(now, "state"), "open");
		seen = answer_number(now, "seen");
		if (!expired)
			print(out, now, NULL);
		json_decref(now);
	}
	if (!expired)
		return EXIT_DONE;
	error_set(&err, ETIMEDOUT,
		  "nobody has joined: the code is no longer good");
	return refused(&err);
}

static int invite(struct run *run, const char *role, uint64_t ttl, bool wait)
{
	char text[PAIRCODE_TEXT], key[2 * WIRE_KEY + 1];
	json_t *invitation;
	struct error err;
	uint64_t seen;
	int ret = make_code(text, key, &err);

	if (!ret)
		ret = hearthd_ask(json_pack("{s:s,s:s,s:s,s:I}", "verb",
					    "peer-invite", "key", key, "role",
					    role, "ttl", (json_int_t)ttl),
				  &invitation, &err);
	explicit_bzero(key, sizeof(key));
	if (ret)
		return refused(&err);
	print(run->out, invitation, text);
	explicit_bzero(text, sizeof(text));
	seen = answer_number(invitation, "seen");
	json_decref(invitation);
	return wait ? watch(run->out, seen) : EXIT_DONE;
}

static int run(struct run *run)
{
	const char *role = "friend";
	uint64_t ttl = TTL;
	enum peer_role parsed;
	bool wait = false;
	int c;

	while ((c = verb_option(run)) != -1) {
		switch (c) {
		case 'a':
			role = optarg;
			break;
		case 't':
			if (!number_parse(optarg, REQUEST_TTL_MAX, &ttl) || !ttl)
				return usage("a code lives for 1 to %u seconds, not \"%s\"",
					     REQUEST_TTL_MAX, optarg);
			break;
		case 'w':
			wait = true;
			break;
		default:
			return run->code;
		}
	}
	if (!peer_role_parse(role, &parsed))
		return usage("a role is self or friend, not \"%s\"", role);
	return invite(run, role, ttl, wait);
}

static const struct option options[] = {
	{ "as", required_argument, NULL, 'a' },
	{ "ttl", required_argument, NULL, 't' },
	{ "wait", no_argument, NULL, 'w' },
	{ 0 },
};

const struct verb peer_invite = {
	.name = "invite",
	.what = "make a code with which one other node becomes a peer",
	.synopsis = "[--as ROLE] [--ttl SECONDS] [--wait]",
	.help =
	"Prints a code, to be given to hearth peer add on the other machine within ten\n"
	"minutes. Tell it to nobody else: who knows it becomes the peer. It is good once, and\n"
	"a new invitation ends the one before.\n"
	"\n"
	PEER_AS_HELP
	"  --ttl SECONDS       how long the code is good (default: 600)\n"
	"  --wait              wait until somebody has joined, and tell of wrong codes\n",
	.options = options,
	.least = 0, .most = 0, .needs = "no operands",
	.run = run,
};
