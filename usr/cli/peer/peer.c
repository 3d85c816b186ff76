// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <time.h>

#include "../../lib/hearthd.h"
#include "../answer.h"
#include "peer.h"

#define BEGINNING	8	/* digits that are enough to name a peer */

static const struct verb *const verbs[] = {
	&peer_invite, &peer_add, &peer_list, &peer_show, &peer_remove, NULL,
};

const struct verb peer_object = {
	.name = "peer",
	.what = "other nodes that this one trusts",
	.verbs = verbs,
	.help = "Each verb has a --help of its own. See hearth-peer(8).\n",
};

static void print_addresses(struct out *out, const json_t *peer, bool all)
{
	const json_t *list = json_object_get(peer, "addresses");
	size_t i;

	out_array_begin(out, "addresses");
	if (all && json_array_size(list))
		out_text(out, "addresses");
	for (i = 0; i < json_array_size(list); i++)
		out_string(out, NULL, all ? " %s" : NULL,
			   json_string_value(json_array_get(list, i)));
	if (all && json_array_size(list))
		out_text(out, "\n");
	out_array_end(out);
}

static void print_paired(struct out *out, const json_t *peer, bool all)
{
	uint64_t paired = answer_number(peer, "paired");
	time_t when = (time_t)paired;
	struct tm tm;
	char text[64];

	out_uint(out, "paired", NULL, paired);
	if (!all || !paired || !localtime_r(&when, &tm) ||
	    !strftime(text, sizeof(text), "paired    %F %R\n", &tm))
		return;
	out_text(out, text);
}

/* Two machines that answer to one key: their owner wants to know. */
static void print_copied(struct out *out, const json_t *peer, bool all)
{
	const char *whose = answer_text(peer, "copied");

	if (!*whose)
		return;
	out_string(out, "copied", NULL, whose);
	out_text(out, all ? "\nkey       " : ", ");
	out_text(out, strcmp(whose, "ours") ? "two machines have its key" :
		 "another machine has this node's key");
}

void peer_print(struct out *out, const json_t *peer, bool all)
{
	const char *state = answer_text(peer, "state");

	out_object_begin(out, NULL);
	out_string(out, "name", all ? "name      %s\n" : "%s: ",
		   answer_text(peer, "name"));
	out_string(out, "id", all ? "id        %s\n" : "%.16s, ",
		   answer_text(peer, "id"));
	out_string(out, "role", all ? "role      %s\n" : "%s, ",
		   answer_text(peer, "role"));
	out_string(out, "state", all ? "state     %s" : "%s", state);
	if (json_object_get(peer, "address"))
		out_string(out, "address", ", %s",
			   answer_text(peer, "address"));
	if (json_object_get(peer, "learnt"))
		out_string(out, "learnt", " (%s)", answer_text(peer, "learnt"));
	if (json_object_get(peer, "why"))
		out_string(out, "why", all ? ": %s" : NULL,
			   answer_text(peer, "why"));
	print_copied(out, peer, all);
	out_text(out, "\n");
	print_paired(out, peer, all);
	print_addresses(out, peer, all);
	out_object_end(out);
}

int peer_means(const json_t *peer, const char *text)
{
	const char *id = answer_text(peer, "id");

	if (!strcmp(answer_text(peer, "name"), text) || !strcasecmp(id, text))
		return 2;
	return strlen(text) >= BEGINNING && !strncasecmp(id, text, strlen(text));
}

int peer_find(const char *text, json_t **peer, struct error *err)
{
	json_t *list, *each, *found = NULL;
	size_t i, n = 0;
	int much, ret = hearthd_ask(json_pack("{s:s}", "verb", "peer-list"),
				    &list, err);

	if (ret)
		return ret;
	json_array_foreach(list, i, each) {
		much = peer_means(each, text);
		if (!much)
			continue;
		found = each;
		n++;
		if (much == 2) {
			n = 1;
			break;
		}
	}
	*peer = n == 1 ? json_incref(found) : NULL;
	json_decref(list);
	if (n == 1)
		return 0;
	return n ? error_set(err, ENOTUNIQ, "the ids of %zu peers begin so: %s",
			     n, text) :
	       error_set(err, ENOENT, "there is no peer %s", text);
}
