/* SPDX-License-Identifier: GPL-2.0 */
/* A client's connection. */
#ifndef CONN_H
#define CONN_H

#include "wire.h"

struct device;

struct conn {
	struct conn *next;
	int fd;
	unsigned int number;
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
	struct msg *first, **last;	/* to be sent, in this order */
	bool deaf;			/* reads no more */
	bool lied;			/* the lie is told */
	struct urb *kept;		/* that a lie needs later */
	uint64_t random;		/* state of random lies */
};

struct conn *conn_new(int fd, unsigned int number);
void conn_free(struct conn *conn);

/* Reads and does what was asked. False: the connection is over. */
bool conn_read(struct conn *conn);

/* Sends what is due. False: the connection is over. */
bool conn_write(struct conn *conn);

/* Is there something to be sent now? Else @wait is lowered to the ms till then. */
bool conn_due(const struct conn *conn, int *wait);

/* Queues @msg, after the delay that was asked for, and owns it. */
void conn_send(struct conn *conn, struct msg *msg);

/* The device is through with @urb: answer and free it. */
void conn_answer(struct urb *urb, int32_t status, uint32_t actual);

#endif
