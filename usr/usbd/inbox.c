// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "inbox.h"

void inbox_want(struct inbox *inbox, void *to, size_t size)
{
	inbox->to = to;
	inbox->left = size;
}

static void came(struct inbox *inbox, size_t n)
{
	inbox->left -= n;
	if (inbox->to)
		inbox->to += n;
}

/* Of what has come before. */
static void take_beyond(struct inbox *inbox)
{
	size_t n = inbox->end - inbox->at;

	if (n > inbox->left)
		n = inbox->left;
	if (n && inbox->to)
		memcpy(inbox->to, inbox->beyond + inbox->at, n);
	inbox->at += n;
	came(inbox, n);
}

/* Straight to where it belongs, and the rest beyond. */
static int receive(struct inbox *inbox)
{
	struct iovec iov[2] = {
		{ inbox->to, inbox->to ? inbox->left : 0 },
		{ inbox->beyond, sizeof(inbox->beyond) },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n = recvmsg(inbox->fd, &msg, MSG_DONTWAIT);

	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (!n)
		return -ENODATA;
	inbox->at = 0;
	inbox->end = 0;
	if ((size_t)n > iov[0].iov_len)
		inbox->end = (size_t)n - iov[0].iov_len;
	came(inbox, (size_t)n - inbox->end);
	return 0;
}

int inbox_take(struct inbox *inbox)
{
	int ret;

	for (;;) {
		take_beyond(inbox);
		if (!inbox->left)
			return 1;
		ret = receive(inbox);
		if (ret)
			return ret == -EAGAIN ? 0 : ret;
	}
}
