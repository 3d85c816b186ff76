// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "answer.h"
#include "msg.h"
#include "teller.h"
#include "urb.h"
#include "wire.h"

void answer_set_field(const struct answer_arg *arg, struct teller *t,
		      const struct urb *urb, struct msg *msg)
{
	(void)urb;
	wire_put32(msg->data + arg->at, arg->value);
	teller_send(t, msg);
}

void answer_add_field(const struct answer_arg *arg, struct teller *t,
		      const struct urb *urb, struct msg *msg)
{
	uint8_t *p = msg->data + arg->at;

	(void)urb;
	wire_put32(p, wire_get32(p) + arg->value);
	teller_send(t, msg);
}

void answer_add_iso(const struct answer_arg *arg, struct teller *t,
		    const struct urb *urb, struct msg *msg)
{
	uint8_t *p = msg_packets(msg, urb) + ANSWER_PACKET * ISO_SIZE + arg->at;

	wire_put32(p, wire_get32(p) + arg->value);
	teller_send(t, msg);
}

/* More than was asked for, and the data with it. */
void answer_too_long(const struct answer_arg *arg, struct teller *t,
		     const struct urb *urb, struct msg *msg)
{
	uint32_t more = urb->length + arg->value - urb->actual;
	struct msg *extra = msg_new(urb->in ? more : 0);

	wire_put32(msg->data + AT_RET_ACTUAL, urb->length + arg->value);
	teller_send(t, msg);
	teller_send(t, extra);
}

/* Every packet is full, so that they sum past what the answer says. */
void answer_iso_sum(const struct answer_arg *arg, struct teller *t,
		    const struct urb *urb, struct msg *msg)
{
	uint8_t *p = msg_packets(msg, urb);
	uint32_t i;

	for (i = 0; i < urb->packets; i++, p += ISO_SIZE)
		wire_put32(p + AT_ISO_ACTUAL,
			   arg->value ? wire_get32(p + AT_ISO_LENGTH) : 0);
	teller_send(t, msg);
}

void answer_twice(const struct answer_arg *arg, struct teller *t,
		  const struct urb *urb, struct msg *msg)
{
	struct msg *copy = msg_copy(msg);

	(void)arg;
	(void)urb;
	teller_send(t, msg);
	teller_send(t, copy);
}

void answer_slowly(const struct answer_arg *arg, struct teller *t,
		   const struct urb *urb, struct msg *msg)
{
	(void)arg;
	(void)urb;
	msg->kind = SEND_SLOW;
	msg->chunk = 1;
	teller_send(t, msg);
}

/* A part of the answer, then what arg->value says. */
static void cut(const struct answer_arg *arg, struct teller *t,
		struct msg *msg, size_t len)
{
	msg->len = len;
	teller_send(t, msg);
	teller_send(t, msg_action(arg->value));
}

void answer_cut_at(const struct answer_arg *arg, struct teller *t,
		   const struct urb *urb, struct msg *msg)
{
	(void)urb;
	cut(arg, t, msg, arg->at);
}

void answer_cut_payload(const struct answer_arg *arg, struct teller *t,
			const struct urb *urb, struct msg *msg)
{
	(void)urb;
	cut(arg, t, msg, (HEADER_SIZE + msg->len) / 2);
}

void answer_cut_behind(const struct answer_arg *arg, struct teller *t,
		       const struct urb *urb, struct msg *msg)
{
	(void)urb;
	cut(arg, t, msg, msg->len);
}

/* Data behind an answer that has none. */
void answer_payload_on_out(const struct answer_arg *arg, struct teller *t,
			   const struct urb *urb, struct msg *msg)
{
	struct msg *extra = msg_new(urb->length);

	(void)arg;
	memset(extra->data, 0xa5, extra->len);
	teller_send(t, msg);
	teller_send(t, extra);
}

/* The header at once, then arg->at bytes each arg->value milliseconds. */
void answer_dribble(const struct answer_arg *arg, struct teller *t,
		    const struct urb *urb, struct msg *msg)
{
	struct msg *data = msg_new(msg->len - HEADER_SIZE);

	(void)urb;
	memcpy(data->data, msg->data + HEADER_SIZE, data->len);
	data->kind = SEND_SLOW;
	data->chunk = arg->at;
	data->gap_ms = arg->value;
	msg->len = HEADER_SIZE;
	teller_send(t, msg);
	teller_send(t, data);
}

/* It is kept, till somebody wants the request cancelled. See cancel.c. */
void answer_hold(const struct answer_arg *arg, struct teller *t,
		 const struct urb *urb, struct msg *msg)
{
	(void)arg;
	(void)urb;
	msg->next = t->held;
	t->held = msg;
}
