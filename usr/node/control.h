/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The control socket: a client connects, writes one JSON object in a line, reads one in
 * a line, and that is all. Who it is, is what the kernel says of the process that
 * connected (SO_PEERCRED, SO_PEERGROUPS); anybody may connect, so that who may not do
 * something is told.
 */
#ifndef HEARTH_NODE_CONTROL_H
#define HEARTH_NODE_CONTROL_H

#include <jansson.h>

#include "../format/request.h"
#include "node.h"

struct asked;

/*
 * What is asked, by one who may. It is answered by control_answer() or control_refuse(),
 * now or later; @request is cleared when this returns.
 */
typedef void (*control_ask)(struct node *node, struct asked *asked,
			    struct request *request);

/* Listens at @path. Returns 0 or a negative errno. */
int control_start(struct node *node, const char *path, control_ask ask,
		  struct error *err);
void control_stop(struct node *node);

/* The one answer; takes the reference to @answer. @asked must not be used any more. */
void control_answer(struct asked *asked, json_t *answer);
/* The same, and @fd alongside, which is closed when it has been sent. */
void control_answer_fd(struct asked *asked, json_t *answer, int fd);
void control_refuse(struct asked *asked, const struct error *err);

/*
 * The answer comes later: no limit of time is left, and @gone is called where the
 * client goes away before; then @asked must not be used any more.
 */
void control_later(struct asked *asked, void (*gone)(struct asked *asked,
						     void *arg), void *arg);

#endif
