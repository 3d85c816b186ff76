/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lies about a request that the client cancels. True: CMD_UNLINK is dealt
 * with; false: it is answered as by an honest server.
 */
#ifndef CANCEL_H
#define CANCEL_H

#include <stdbool.h>
#include <stdint.h>

#define CANCEL_STATUS_LENGTH 13	/* of mass storage: the status of a command */

struct teller;
struct urb;

struct cancel {
	uint32_t seq;			/* of CMD_UNLINK */
	uint32_t victim;		/* of the CMD_SUBMIT that it names */
	struct urb *urb;		/* NULL: the device is through with it */
};

typedef bool cancel_lie(struct teller *t, const struct cancel *cancel);

cancel_lie cancel_silent;
cancel_lie cancel_mute;
cancel_lie cancel_unconfirmed;
cancel_lie cancel_answer_behind;
cancel_lie cancel_late;
cancel_lie cancel_late_twice;
cancel_lie cancel_late_long;
cancel_lie cancel_answer_first;
cancel_lie cancel_twice;
cancel_lie cancel_odd_status;

/* For answers that answer_hold() has kept; RET_UNLINK says 0 to all of them. */
cancel_lie cancel_crossed;
cancel_lie cancel_crossed_late;
cancel_lie cancel_crossed_alone;

/* What cancel_crossed_alone() has kept back. */
void cancel_pay(struct teller *t);
bool cancel_pay_at_status(struct teller *t, const struct urb *urb);

#endif
