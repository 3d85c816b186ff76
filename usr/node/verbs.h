/* SPDX-License-Identifier: GPL-2.0 */
/* What requests do. The answers are what "hearth -j" prints: userspace-api/node.rst. */
#ifndef HEARTH_NODE_VERBS_H
#define HEARTH_NODE_VERBS_H

#include "control.h"

/* See control_ask. */
void verbs_ask(struct node *node, struct asked *asked, struct request *request);

/* Takes up the key and the name that are kept. 0 also where there are none yet. */
int verbs_begin(struct node *node, struct error *err);

#endif
