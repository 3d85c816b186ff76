// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "cancel.h"
#include "msg.h"
#include "teller.h"
#include "urb.h"
#include "wire.h"

#define CANCEL_PAID_DELAY_MS	200


static void confirm(struct teller *t, const struct cancel *cancel,
		    int32_t status)
{
	teller_send(t, msg_ret_unlink(cancel->seq, status));
}

bool cancel_silent(struct teller *t, const struct cancel *cancel)
{
	(void)t;
	(void)cancel;
	return true;
}

bool cancel_mute(struct teller *t, const struct cancel *cancel)
{
	(void)cancel;
	return t->told;
}

bool cancel_unconfirmed(struct teller *t, const struct cancel *cancel)
{
	(void)t;
	return cancel->urb && cancel->urb->ep;
}

/* --- the device had the request still ------------------------------------- */

/* Cancelled, the server said: then no answer may follow. */
bool cancel_answer_behind(struct teller *t, const struct cancel *cancel)
{
	if (!cancel->urb)
		return false;
	confirm(t, cancel, -ECONNRESET);
	teller_send(t, msg_ret_submit(cancel->urb));
	return true;
}

/* Not cancelled: one answer may. Stock servers do so. */
bool cancel_late(struct teller *t, const struct cancel *cancel)
{
	struct urb *urb = cancel->urb;

	if (!urb)
		return false;
	confirm(t, cancel, 0);
	if (urb->in)
		urb->actual = urb->length;
	teller_send(t, msg_ret_submit(urb));
	return true;
}

bool cancel_late_twice(struct teller *t, const struct cancel *cancel)
{
	if (!cancel_late(t, cancel))
		return false;
	teller_send(t, msg_ret_submit(cancel->urb));
	return true;
}

bool cancel_late_long(struct teller *t, const struct cancel *cancel)
{
	struct msg *msg;

	if (!cancel->urb)
		return false;
	confirm(t, cancel, 0);
	msg = msg_ret_submit(cancel->urb);
	wire_put32(msg->data + AT_RET_ACTUAL, cancel->urb->length + 1);
	teller_send(t, msg);
	return true;
}

bool cancel_answer_first(struct teller *t, const struct cancel *cancel)
{
	if (!cancel->urb)
		return false;
	teller_send(t, msg_ret_submit(cancel->urb));
	confirm(t, cancel, 0);
	return true;
}

bool cancel_twice(struct teller *t, const struct cancel *cancel)
{
	if (!cancel->urb)
		return false;
	confirm(t, cancel, -ECONNRESET);
	confirm(t, cancel, -ECONNRESET);
	return true;
}

bool cancel_odd_status(struct teller *t, const struct cancel *cancel)
{
	if (!cancel->urb)
		return false;
	confirm(t, cancel, 12345);
	return true;
}

/* --- its answer was on the way: answer_hold() has it ----------------------- */

/* Takes the answer to the request out, or returns NULL. */
static struct msg *take_held(struct teller *t, const struct cancel *cancel)
{
	struct msg **at, *msg;

	for (at = &t->held; (msg = *at); at = &msg->next) {
		if (wire_get32(msg->data + AT_SEQ) != cancel->victim)
			continue;
		*at = msg->next;
		msg->next = NULL;
		return msg;
	}
	return NULL;
}

bool cancel_crossed(struct teller *t, const struct cancel *cancel)
{
	struct msg *answer = take_held(t, cancel);

	if (!answer)
		return false;
	teller_send(t, answer);
	confirm(t, cancel, 0);
	return true;
}

bool cancel_crossed_late(struct teller *t, const struct cancel *cancel)
{
	struct msg *answer = take_held(t, cancel);

	if (!answer)
		return false;
	confirm(t, cancel, 0);
	teller_send(t, answer);
	return true;
}

/* The answer alone; RET_UNLINK when it is asked for, if it ever is. */
bool cancel_crossed_alone(struct teller *t, const struct cancel *cancel)
{
	struct msg *answer = take_held(t, cancel);

	if (!answer)
		return false;
	teller_send(t, answer);
	free(t->owed);
	t->owed = msg_ret_unlink(cancel->seq, 0);
	t->owed_after = 2;
	return true;
}

/* Behind the next answer: the stock server's sender has no other reason to wake. */
void cancel_pay(struct teller *t)
{
	if (!t->owed)
		return;
	teller_send(t, t->owed);
	t->owed = NULL;
}

/*
 * Before the answer to the second request for a status from then on: the first
 * reads again what was cancelled, the second is another command's. All answers
 * take their time from there on, so that one who waits for it can be told wrong.
 */
bool cancel_pay_at_status(struct teller *t, const struct urb *urb)
{
	if (!t->owed || !urb->in || urb->length != CANCEL_STATUS_LENGTH ||
	    --t->owed_after)
		return false;
	cancel_pay(t);
	t->out.delay_ms += CANCEL_PAID_DELAY_MS;
	return false;
}
