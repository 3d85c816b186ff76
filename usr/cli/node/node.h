/* SPDX-License-Identifier: GPL-2.0 */
/* The verbs of "hearth node". */
#ifndef HEARTH_CLI_NODE_H
#define HEARTH_CLI_NODE_H

#include "../verb.h"

extern const struct verb node_object;
extern const struct verb node_init, node_show, node_backup, node_restore;

/* What hearthd says of the node. */
void node_print(struct out *out, const json_t *answer);

#endif
