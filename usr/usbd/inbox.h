/* SPDX-License-Identifier: GPL-2.0 */
/* What comes from the client, a piece after the other. */
#ifndef HEARTH_USBD_INBOX_H
#define HEARTH_USBD_INBOX_H

#include <stddef.h>
#include <stdint.h>

struct inbox {
	int fd;
	uint8_t *to;		/* where the piece goes; NULL: nowhere */
	size_t left;		/* bytes of it that are to come */
	size_t at, end;		/* of what has come beyond it */
	uint8_t beyond[16384];
};

/* The next piece goes to @to, or nowhere where that is NULL. The one before has come. */
void inbox_want(struct inbox *inbox, void *to, size_t size);

/*
 * Takes what there is, without waiting. Returns 1 when the piece has come, 0 when there is
 * more to come, or a negative errno: -ENODATA where the client has closed the connection.
 */
int inbox_take(struct inbox *inbox);

#endif
