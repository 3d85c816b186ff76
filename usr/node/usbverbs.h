/* SPDX-License-Identifier: GPL-2.0 */
/* What requests about USB do; the answers: userspace-api/node.rst. */
#ifndef HEARTH_NODE_USBVERBS_H
#define HEARTH_NODE_USBVERBS_H

#include "control.h"

/* */
void usbverbs_ask(struct node *node, struct asked *asked,
		  const struct request *request);

#endif
