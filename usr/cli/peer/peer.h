/* SPDX-License-Identifier: GPL-2.0 */
/* The verbs of "hearth peer". */
#ifndef HEARTH_CLI_PEER_H
#define HEARTH_CLI_PEER_H

#include "../../format/peer.h"
#include "../verb.h"

#define PEER_AS_HELP \
	"  --as ROLE           what it is to this node: self, another machine of the same\n" \
	"                      owner, or friend, who may use what he is granted (default)\n"

extern const struct verb peer_object;
extern const struct verb peer_invite, peer_add, peer_list, peer_show, peer_remove;

/*
 * Does @text mean this peer, and how much: 2 by all of its name or id, 1 by the id's
 * beginning; or 0.
 */
int peer_means(const json_t *peer, const char *text);

/* A peer as hearthd tells of it: in a line, or with all that there is. */
void peer_print(struct out *out, const json_t *peer, bool all);

/*
 * The peer that @text names: its name, its id, or the only one whose id begins so (8
 * digits and more). Returns 0 and what hearthd knows of it, to be given back, or a
 * negative errno.
 */
int peer_find(const char *text, json_t **peer, struct error *err);

#endif
