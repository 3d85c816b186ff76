/* SPDX-License-Identifier: GPL-2.0 */
/* Answers on their way to the client, in their order. */
#ifndef HEARTH_USBD_OUTBOX_H
#define HEARTH_USBD_OUTBOX_H

#include "request.h"

struct outbox {
	int fd;
	struct request *first, *last;
	size_t sent;		/* bytes of the first one */
};

/* The answer is made; the request is the outbox' own from here on. */
void outbox_put(struct outbox *outbox, struct request *request);

/*
 * Sends what the connection takes, and frees what has been sent. Returns how many bytes,
 * or a negative errno.
 */
ssize_t outbox_send(struct outbox *outbox, struct request_table *table);

void outbox_clear(struct outbox *outbox, struct request_table *table);

#endif
