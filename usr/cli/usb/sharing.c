// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../answer.h"
#include "sharing.h"

static bool is_true(const json_t *rule, const char *key)
{
	return json_is_true(json_object_get(rule, key));
}

static void print_peers(struct out *out, const json_t *rule)
{
	const json_t *peers = json_object_get(rule, "peers"), *each;
	size_t i;

	out_array_begin(out, "peers");
	json_array_foreach(peers, i, each) {
		out_object_begin(out, NULL);
		out_string(out, "name", i ? ", %s" : " %s",
			   answer_text(each, "name"));
		out_string(out, "id", NULL, answer_text(each, "id"));
		out_object_end(out);
	}
	out_array_end(out);
	if (strcmp(answer_text(rule, "for"), "self") &&
	    !json_array_size(peers))
		out_text(out, " nobody any more");
}

void sharing_print(struct out *out, const json_t *rule)
{
	const char *whose = answer_text(rule, "for");

	out_object_begin(out, NULL);
	out_string(out, "rule", "%s: for", answer_text(rule, "rule"));
	out_string(out, "for", strcmp(whose, "self") ? NULL :
		   " the owner's own machines", whose);
	print_peers(out, rule);
	out_bool(out, "plain", is_true(rule, "plain") ?
		 ", and at the plain port" : NULL, is_true(rule, "plain"));
	out_bool(out, "forced", is_true(rule, "forced") ?
		 ", even where it is in use" : NULL, is_true(rule, "forced"));
	out_text(out, "\n");
	out_object_end(out);
}
