// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "msg.h"
#include "teller.h"
#include "urb.h"

void teller_init(struct teller *t, unsigned int number, int fd,
		 int64_t delay_ms)
{
	t->number = number;
	outbox_init(&t->out, fd, delay_ms);
}

void teller_clear(struct teller *t)
{
	struct msg *msg;

	outbox_clear(&t->out);
	while ((msg = t->held)) {
		t->held = msg->next;
		free(msg);
	}
	free(t->owed);
}

bool teller_first(struct teller *t, const struct urb *urb)
{
	bool now = !t->told && urb->ep;

	t->told |= now;
	return now;
}

void teller_send(struct teller *t, struct msg *msg)
{
	outbox_put(&t->out, msg);
}
