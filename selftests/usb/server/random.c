// SPDX-License-Identifier: GPL-2.0
/* Lies by chance. What --seed and the connection's number make is repeatable. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "liar.h"
#include "lies.h"

/* xorshift64*; Vigna, "An experimental exploration of Marsaglia's xorshift" */
static uint32_t next(struct conn *conn)
{
	uint64_t x = conn->random;

	if (!x)
		x = (opt.seed + 1) * 0x9e3779b97f4a7c15u + conn->number;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	conn->random = x;
	return (x * 0x2545f4914f6cdd1du) >> 32;
}

static uint32_t odd_value(struct conn *conn, const struct urb *urb)
{
	const uint32_t values[] = {
		0, 1, -1u, INT32_MIN, INT32_MAX, urb->length, urb->length + 1,
		urb->length - 1, urb->seq, urb->seq + 2, urb->seq | 1,
		urb->packets + 1, RET_UNLINK, 0x10000, -EINPROGRESS,
		-ECONNRESET, -EPIPE, next(conn),
	};

	return values[next(conn) % (sizeof(values) / sizeof(*values))];
}

static void spoil_bit(struct conn *conn, struct msg *msg, size_t len)
{
	msg->data[next(conn) % len] ^= 1 << next(conn) % 8;
}

static void spoil_field(struct conn *conn, const struct urb *urb,
			struct msg *msg)
{
	size_t fields = HEADER_SIZE / 4 - 2;

	if (next(conn) % 3 == 0)	/* packets too */
		fields = msg->len / 4;
	put32(msg->data + next(conn) % fields * 4, odd_value(conn, urb));
}

static void send_garbage(struct conn *conn)
{
	struct msg *msg = msg_new(1 + next(conn) % 96);
	size_t i;

	for (i = 0; i < msg->len; i++)
		msg->data[i] = next(conn);
	conn_send(conn, msg);
}

static void spoil(struct conn *conn, const struct urb *urb, struct msg *msg,
		  int how)
{
	switch (how) {
	case 0:
	case 1:
		spoil_bit(conn, msg, HEADER_SIZE);
		break;
	case 2:
		spoil_bit(conn, msg, msg->len);
		break;
	case 3:
	case 4:
	case 5:
		spoil_field(conn, urb, msg);
		break;
	case 6:
		msg->len -= 1 + next(conn) % msg->len;
		break;
	case 7:
		conn_send(conn, msg_copy(msg));
		break;
	case 8:
		send_garbage(conn);
		break;
	case 9:
		msg->kind = SEND_SLOWLY;
		break;
	case 10:
		conn_send(conn, pack_ret_unlink(urb->seq | next(conn) % 2,
						odd_value(conn, urb)));
		break;
	case 11:
		conn_send(conn, msg_action(SEND_FIN));
		break;
	case 12:
		conn_send(conn, msg_action(SEND_RST));
		break;
	case 13:
		/* An answer that does not come; enumeration is slow enough. */
		if (urb->ep)
			msg->len = 0;
		break;
	}
}

#define SPOILS	14

void random_answer(const struct lie *lie, struct conn *conn,
		   const struct urb *urb, struct msg *msg)
{
	int how;

	(void)lie;
	if (next(conn) % 1000 < opt.permille) {
		how = next(conn) % SPOILS;
		note("connection %u: seq %#x ep %u spoilt by %d", conn->number,
		     urb->seq, urb->ep, how);
		spoil(conn, urb, msg, how);
	}
	conn_send(conn, msg);
}
