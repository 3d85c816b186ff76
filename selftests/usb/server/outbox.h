/* SPDX-License-Identifier: GPL-2.0 */
/* What a client is still to be sent, in this order. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

struct msg;

struct outbox {
	int fd;				/* the client's; not ours to close */
	int64_t delay_ms;		/* of every message */
	struct msg *first, **last;
};

void outbox_init(struct outbox *out, int fd, int64_t delay_ms);
void outbox_clear(struct outbox *out);

/* Queues @msg and owns it. */
void outbox_put(struct outbox *out, struct msg *msg);

/* Is there something to be sent now? Else @wait is lowered to the ms till then. */
bool outbox_due(const struct outbox *out, int *wait);

/* Sends what is due, if outbox_due(). False: the connection is to be closed. */
bool outbox_send(struct outbox *out);

#endif
