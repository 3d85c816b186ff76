// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "msg.h"
#include "request.h"
#include "teller.h"
#include "urb.h"

/* Before the data has come; then no more is read. */
void request_early_answer(struct teller *t, const struct urb *urb)
{
	struct urb answer = *urb;

	if (!teller_first(t, urb))
		return;
	answer.actual = urb->length;
	answer.packets = 0;
	teller_send(t, msg_ret_submit(&answer));
	t->deaf = true;
}

void request_early_answer_rst(struct teller *t, const struct urb *urb)
{
	request_early_answer(t, urb);
	if (t->deaf)
		teller_send(t, msg_action(SEND_RST));
}

static void end_in_request(struct teller *t, const struct urb *urb,
			   enum msg_kind how)
{
	if (!teller_first(t, urb))
		return;
	t->deaf = true;
	teller_send(t, msg_action(how));
}

void request_fin(struct teller *t, const struct urb *urb)
{
	end_in_request(t, urb, SEND_FIN);
}

void request_rst(struct teller *t, const struct urb *urb)
{
	end_in_request(t, urb, SEND_RST);
}

void request_deaf_header(struct teller *t, const struct urb *urb)
{
	if (teller_first(t, urb))
		t->deaf = true;
}

bool request_deaf_submit(struct teller *t, const struct urb *urb)
{
	request_deaf_header(t, urb);
	return t->deaf;
}

bool request_silent(struct teller *t, const struct urb *urb)
{
	(void)t;
	(void)urb;
	return true;
}

/* From the first request that is not enumeration's on, not a word. */
bool request_mute(struct teller *t, const struct urb *urb)
{
	teller_first(t, urb);
	return t->told;
}

/*
 * The answer to a request that was not sent: the client counts in steps of 2,
 * and while nothing is read, a request a few steps on waits to be sent.
 */
void request_unsent_seq(struct teller *t, const struct urb *urb)
{
	struct urb answer = *urb;

	if (!teller_first(t, urb))
		return;
	answer.seq += 2 * 4;
	answer.packets = 0;
	answer.actual = 0;
	teller_send(t, msg_ret_submit(&answer));
	t->deaf = true;
}

/* RET_UNLINK for a request that nobody cancelled. */
static bool ret_unlink(struct teller *t, const struct urb *urb, uint32_t bit)
{
	if (teller_first(t, urb))
		teller_send(t, msg_ret_unlink(urb->seq | bit, -ECONNRESET));
	return false;
}

bool request_ret_unlink_live(struct teller *t, const struct urb *urb)
{
	return ret_unlink(t, urb, 1);
}

bool request_ret_unlink_submit(struct teller *t, const struct urb *urb)
{
	return ret_unlink(t, urb, 0);
}

bool request_ret_unlink_unknown(struct teller *t, const struct urb *urb)
{
	return ret_unlink(t, urb, 0x70000001);
}
