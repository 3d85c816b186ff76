// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "../../lib/hearthd.h"
#include "../answer.h"
#include "nearby.h"
#include "peer.h"

int nearby_ask(json_t **list, struct error *err)
{
	return hearthd_ask(json_pack("{s:s}", "verb", "peer-nearby"), list, err);
}

void nearby_print(struct out *out, const json_t *node)
{
	const json_t *list = json_object_get(node, "addresses");
	bool pairing = json_is_true(json_object_get(node, "pairing"));
	size_t i;

	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", answer_text(node, "name"));
	out_string(out, "id", "%.16s", answer_text(node, "id"));
	out_bool(out, "pairing", NULL, pairing);
	out_array_begin(out, "addresses");
	for (i = 0; i < json_array_size(list); i++)
		out_string(out, NULL, ", %s",
			   json_string_value(json_array_get(list, i)));
	out_array_end(out);
	out_text(out, pairing ? ", invites\n" : "\n");
	out_object_end(out);
}

bool nearby_may(const char *text)
{
	return *text && !strpbrk(text, ".:/");
}

int nearby_find(const char *text, json_t **addresses, struct error *err)
{
	json_t *list, *each, *found = NULL;
	size_t i, n = 0;
	int ret;

	if (!nearby_may(text))
		return error_set(err, ENOENT, "%s is no node's name", text);
	ret = nearby_ask(&list, err);
	if (ret)
		return ret;
	json_array_foreach(list, i, each) {
		if (!peer_means(each, text))
			continue;
		found = each;
		n++;
	}
	if (n == 1)
		*addresses = json_incref(json_object_get(found, "addresses"));
	json_decref(list);
	if (n == 1)
		return 0;
	return n ? error_set(err, ENOTUNIQ,
			     "%zu nodes nearby say that they are %s: name one by its id (hearth peer list --nearby)",
			     n, text) :
	       error_set(err, ENOENT, "no node nearby says that it is %s", text);
}
