// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "msg.h"
#include "random.h"
#include "teller.h"
#include "urb.h"
#include "wire.h"

static uint64_t seed;
static unsigned int permille;

void random_setup(uint64_t new_seed, unsigned int new_permille)
{
	seed = new_seed;
	permille = new_permille;
}

/* xorshift64*; Vigna, "An experimental exploration of Marsaglia's xorshift" */
static uint32_t next(struct teller *t)
{
	uint64_t x = t->random;

	if (!x)
		x = (seed + 1) * 0x9e3779b97f4a7c15u + t->number;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	t->random = x;
	return (x * 0x2545f4914f6cdd1du) >> 32;
}

static uint32_t odd_value(struct teller *t, const struct urb *urb)
{
	const uint32_t values[] = {
		0, 1, -1u, INT32_MIN, INT32_MAX, urb->length, urb->length + 1,
		urb->length - 1, urb->seq, urb->seq + 2, urb->seq | 1,
		urb->packets + 1, RET_UNLINK, 0x10000, -EINPROGRESS,
		-ECONNRESET, -EPIPE, next(t),
	};

	return values[next(t) % (sizeof(values) / sizeof(*values))];
}

static void spoil_bit(struct teller *t, struct msg *msg, size_t len)
{
	msg->data[next(t) % len] ^= 1 << next(t) % 8;
}

static void spoil_field(struct teller *t, const struct urb *urb,
			struct msg *msg)
{
	size_t fields = HEADER_SIZE / 4 - 2;

	if (next(t) % 3 == 0)	/* packets too */
		fields = msg->len / 4;
	wire_put32(msg->data + next(t) % fields * 4, odd_value(t, urb));
}

static void send_garbage(struct teller *t)
{
	struct msg *msg = msg_new(1 + next(t) % 96);
	size_t i;

	for (i = 0; i < msg->len; i++)
		msg->data[i] = next(t);
	teller_send(t, msg);
}

static void spoil(struct teller *t, const struct urb *urb, struct msg *msg,
		  int how)
{
	switch (how) {
	case 0:
	case 1:
		spoil_bit(t, msg, HEADER_SIZE);
		break;
	case 2:
		spoil_bit(t, msg, msg->len);
		break;
	case 3:
	case 4:
	case 5:
		spoil_field(t, urb, msg);
		break;
	case 6:
		msg->len -= 1 + next(t) % msg->len;
		break;
	case 7:
		teller_send(t, msg_copy(msg));
		break;
	case 8:
		send_garbage(t);
		break;
	case 9:
		msg->kind = SEND_SLOW;
		msg->chunk = 1;
		break;
	case 10:
		teller_send(t, msg_ret_unlink(urb->seq | next(t) % 2,
					      odd_value(t, urb)));
		break;
	case 11:
		teller_send(t, msg_action(SEND_FIN));
		break;
	case 12:
		teller_send(t, msg_action(SEND_RST));
		break;
	case 13:
		/* An answer that does not come; enumeration is slow enough. */
		if (urb->ep)
			msg->len = 0;
		break;
	}
}

#define SPOILS	14

void random_answer(const struct answer_arg *arg, struct teller *t,
		   const struct urb *urb, struct msg *msg)
{
	int how;

	(void)arg;
	if (next(t) % 1000 < permille) {
		how = next(t) % SPOILS;
		log_line("connection %u: seq %#x ep %u spoilt by %d", t->number,
		     urb->seq, urb->ep, how);
		spoil(t, urb, msg, how);
	}
	teller_send(t, msg);
}
