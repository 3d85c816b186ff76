/* SPDX-License-Identifier: GPL-2.0 */
/* Nodes that announce themselves on the network and are no peers. */
#ifndef HEARTH_CLI_PEER_NEARBY_H
#define HEARTH_CLI_PEER_NEARBY_H

#include <jansson.h>

#include "../../format/error.h"
#include "../out.h"

/* All that hearthd knows of, to be given back. Returns 0 or a negative errno. */
int nearby_ask(json_t **list, struct error *err);

void nearby_print(struct out *out, const json_t *node);

/*
 * May it be the name or the id of a node nearby? Who calls himself as another's address or host
 * is called is not meant.
 */
bool nearby_may(const char *text);

/*
 * The addresses of the one that @text names: its name, or its id's first digits (8 and
 * more). Returns 0 and the addresses, to be given back, -ENOENT, -ENOTCONN where
 * nothing is listened to, or -ENOTUNIQ where several call themselves so.
 */
int nearby_find(const char *text, json_t **addresses, struct error *err);

#endif
