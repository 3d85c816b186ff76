/* SPDX-License-Identifier: GPL-2.0 */
/* Lies about an answer. Each takes the true RET_SUBMIT to @urb and owns it. */
#ifndef ANSWER_H
#define ANSWER_H

#include <stddef.h>
#include <stdint.h>

struct msg;
struct teller;
struct urb;

#define ANSWER_PACKET	1	/* the isochronous packet that is lied about */

struct answer_arg {
	size_t at;			/* a byte of the message, or as the lie says */
	uint32_t value;			/* what goes there, or as the lie says */
};

typedef void answer_lie(const struct answer_arg *arg, struct teller *t,
			const struct urb *urb, struct msg *msg);

answer_lie answer_set_field;
answer_lie answer_add_field;
answer_lie answer_add_iso;
answer_lie answer_too_long;
answer_lie answer_iso_sum;
answer_lie answer_twice;
answer_lie answer_slowly;
answer_lie answer_cut_at;
answer_lie answer_cut_payload;
answer_lie answer_cut_behind;
answer_lie answer_payload_on_out;
answer_lie answer_dribble;
answer_lie answer_hold;

#endif
