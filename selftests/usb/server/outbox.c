// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "msg.h"
#include "outbox.h"
#include "sys.h"

#define OUTBOX_PIECES	64

void outbox_init(struct outbox *out, int fd, int64_t delay_ms)
{
	out->fd = fd;
	out->delay_ms = delay_ms;
	out->last = &out->first;
}

static void drop_first(struct outbox *out)
{
	struct msg *msg = out->first;

	out->first = msg->next;
	if (!out->first)
		out->last = &out->first;
	free(msg);
}

void outbox_clear(struct outbox *out)
{
	while (out->first)
		drop_first(out);
}

void outbox_put(struct outbox *out, struct msg *msg)
{
	msg->due = sys_now_ms() + out->delay_ms;
	*out->last = msg;
	out->last = &msg->next;
}

bool outbox_due(const struct outbox *out, int *wait)
{
	int64_t left;

	if (!out->first || out->first->kind == SEND_SILENCE)
		return false;
	left = out->first->due - sys_now_ms();
	if (left <= 0)
		return true;
	if (*wait < 0 || left < *wait)
		*wait = left;
	return false;
}

static void count_sent(struct outbox *out, size_t n)
{
	while (n) {
		struct msg *msg = out->first;
		size_t left = msg->len - msg->sent;

		if (n < left) {
			msg->sent += n;
			msg->due = sys_now_ms() + msg->gap_ms;
			return;
		}
		n -= left;
		drop_first(out);
	}
}

/* One sendmsg with all that is due, or with a chunk. */
static bool send_bytes(struct outbox *out)
{
	struct iovec iov[OUTBOX_PIECES];
	struct msghdr hdr = { .msg_iov = iov };
	struct msg *msg = out->first;
	int64_t now = sys_now_ms();
	ssize_t n;

	if (msg->kind == SEND_SLOW) {
		iov[0].iov_base = msg->data + msg->sent;
		iov[0].iov_len = msg->len - msg->sent;
		if (iov[0].iov_len > msg->chunk)
			iov[0].iov_len = msg->chunk;
		hdr.msg_iovlen = 1;
	}
	while (msg && msg->kind == SEND_BYTES && msg->due <= now &&
	       hdr.msg_iovlen < OUTBOX_PIECES) {
		iov[hdr.msg_iovlen].iov_base = msg->data + msg->sent;
		iov[hdr.msg_iovlen].iov_len = msg->len - msg->sent;
		hdr.msg_iovlen++;
		msg = msg->next;
	}
	n = sendmsg(out->fd, &hdr, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	count_sent(out, n);
	return true;
}

bool outbox_send(struct outbox *out)
{
	struct linger hard = { .l_onoff = 1 };

	switch (out->first->kind) {
	case SEND_BYTES:
	case SEND_SLOW:
		if (out->first->len)
			return send_bytes(out);
		break;
	case SEND_FIN:
		shutdown(out->fd, SHUT_WR);
		out->first->kind = SEND_SILENCE;
		return true;
	case SEND_RST:
		setsockopt(out->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		return false;
	case SEND_SILENCE:
		return true;
	}
	drop_first(out);
	return true;
}
