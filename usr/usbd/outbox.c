// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "outbox.h"

#define PIECES	192u		/* that are sent at a time, three of an answer */

void outbox_put(struct outbox *outbox, struct request *request)
{
	request->next = NULL;
	if (outbox->first)
		outbox->last->next = request;
	else
		outbox->first = request;
	outbox->last = request;
}

static size_t size_of(const struct request *request)
{
	return URB_HEADER + request->data_size + request->descriptors_size;
}

static void add(struct iovec *iov, unsigned int *n, size_t *skip, void *data,
		size_t size)
{
	if (*skip >= size) {
		*skip -= size;
		return;
	}
	iov[(*n)++] = (struct iovec){ (uint8_t *)data + *skip, size - *skip };
	*skip = 0;
}

static unsigned int collect(const struct outbox *outbox, struct iovec *iov)
{
	struct request *request;
	size_t skip = outbox->sent;
	unsigned int n = 0;

	for (request = outbox->first; request && n + 3 <= PIECES;
	     request = request->next) {
		add(iov, &n, &skip, request->header, URB_HEADER);
		add(iov, &n, &skip, request->data, request->data_size);
		add(iov, &n, &skip, request->descriptors,
		    request->descriptors_size);
	}
	return n;
}

static void drop_first(struct outbox *outbox, struct request_table *table)
{
	struct request *request = outbox->first;

	outbox->first = request->next;
	request_free(table, request);
}

static void sent(struct outbox *outbox, struct request_table *table, size_t n)
{
	outbox->sent += n;
	while (outbox->first && outbox->sent >= size_of(outbox->first)) {
		outbox->sent -= size_of(outbox->first);
		drop_first(outbox, table);
	}
}

ssize_t outbox_send(struct outbox *outbox, struct request_table *table)
{
	struct iovec iov[PIECES];
	struct msghdr msg = { .msg_iov = iov };
	ssize_t n, all = 0;

	while (outbox->first) {
		msg.msg_iovlen = collect(outbox, iov);
		n = sendmsg(outbox->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? all : -errno;
		sent(outbox, table, (size_t)n);
		all += n;
	}
	return all;
}

void outbox_clear(struct outbox *outbox, struct request_table *table)
{
	while (outbox->first)
		drop_first(outbox, table);
}
