/* SPDX-License-Identifier: GPL-2.0 */
/* A connection, as the lie sees it that is told on it. */
#ifndef TELLER_H
#define TELLER_H

#include <stdbool.h>
#include <stdint.h>

#include "outbox.h"

struct msg;
struct urb;

struct teller {
	unsigned int number;		/* of the connection, from 0 */
	struct outbox out;
	bool deaf;			/* reads no more */
	bool told;			/* the lie is, where once is enough */
	uint64_t random;		/* state of random lies */
	struct msg *held;		/* answers that wait to be cancelled */
	struct msg *owed;		/* a RET_UNLINK that is kept back */
	unsigned int owed_after;	/* so many more requests for a status */
};

void teller_init(struct teller *t, unsigned int number, int fd,
		 int64_t delay_ms);
void teller_clear(struct teller *t);

/* Is @urb the first that a lie may be told of? Not of enumeration's. */
bool teller_first(struct teller *t, const struct urb *urb);

void teller_send(struct teller *t, struct msg *msg);

#endif
