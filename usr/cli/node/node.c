// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "../answer.h"
#include "node.h"

static const struct verb *const verbs[] = {
	&node_init, &node_show, &node_backup, &node_restore, NULL,
};

const struct verb node_object = {
	.name = "node",
	.what = "this machine, as other nodes see it",
	.verbs = verbs,
	.help = "Each verb has a --help of its own. See hearth-node(8).\n",
};

void node_print(struct out *out, const json_t *answer)
{
	const json_t *listen = json_object_get(answer, "listen");
	size_t i;

	out_object_begin(out, NULL);
	out_string(out, "name", "name      %s\n", answer_text(answer, "name"));
	out_string(out, "id", "id        %s\n", answer_text(answer, "id"));
	out_string(out, "version", "hearthd   %s\n",
		   answer_text(answer, "version"));
	out_text(out, "listens  ");
	out_array_begin(out, "listen");
	for (i = 0; i < json_array_size(listen); i++)
		out_string(out, NULL, " %s",
			   json_string_value(json_array_get(listen, i)));
	out_array_end(out);
	out_text(out, "\n");
	out_bool(out, "channel", NULL,
		 json_is_true(json_object_get(answer, "channel")));
	if (!json_is_true(json_object_get(answer, "channel")))
		out_text(out, "channel   the kernel module hearth is not loaded: peers are known to hearthd alone\n");
	out_object_end(out);
}
