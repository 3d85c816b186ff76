/* SPDX-License-Identifier: GPL-2.0 */
/* A client's connection. */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"
#include "teller.h"
#include "wire.h"

struct conn {
	struct conn *next;
	int fd;
	int sender;			/* process that sent last, if it is told */
	enum {
		CONN_OP,		/* the request's 8 bytes */
		CONN_BUSID,		/* of OP_REQ_IMPORT */
		CONN_HEADER,
		CONN_PAYLOAD,
	} stage;
	uint8_t head[HEADER_SIZE];
	uint8_t *payload;
	size_t got, want;
	struct urb *urb;		/* whose payload is on its way */
	struct device *dev;		/* imported */
	struct client client;		/* of that */
	struct teller teller;
};

struct conn *conn_new(int fd, unsigned int number, int64_t delay_ms);
void conn_free(struct conn *conn);

/* Reads and does what was asked. False: the connection is over. */
bool conn_read(struct conn *conn);

#endif
