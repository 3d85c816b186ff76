// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "conn.h"
#include "device.h"
#include "liar.h"
#include "lies.h"

#define CONN_PIECES	64

struct conn *conn_new(int fd, unsigned int number)
{
	struct conn *conn = xalloc(sizeof(*conn));

	conn->fd = fd;
	conn->number = number;
	conn->want = OP_SIZE;
	conn->last = &conn->first;
	return conn;
}

void conn_free(struct conn *conn)
{
	struct msg *msg;

	if (conn->dev)
		device_release(conn->dev);
	while ((msg = conn->first)) {
		conn->first = msg->next;
		free(msg);
	}
	urb_free(conn->urb);
	urb_free(conn->kept);
	free(conn->payload);
	close(conn->fd);
	free(conn);
}

void conn_send(struct conn *conn, struct msg *msg)
{
	msg->due = now_ms() + opt.delay_ms;
	*conn->last = msg;
	conn->last = &msg->next;
}

/* --- requests before the import ------------------------------------------ */

static void pack_op(uint8_t *p, uint16_t code, uint32_t status)
{
	put16(p, OP_VERSION);
	put16(p + 2, code);
	put32(p + 4, status);
}

static void send_devlist(struct conn *conn)
{
	struct msg *msg = msg_new(OP_SIZE + 4 + opt.devices *
				  (OP_DEVICE_SIZE + 4));
	uint8_t *p = msg->data;
	unsigned int i;

	pack_op(p, OP_REP_DEVLIST, 0);
	put32(p + OP_SIZE, opt.devices);
	p += OP_SIZE + 4;
	for (i = 0; i < opt.devices; i++) {
		device_pack(device_at(i), p);
		p += OP_DEVICE_SIZE;
		device_pack_interface(device_at(i), p);
		p += 4;
	}
	lies_devlist(msg);
	conn_send(conn, msg);
}

static void send_import(struct conn *conn)
{
	struct device *dev = device_find((char *)conn->head);
	struct msg *msg;

	if (!dev || !device_claim(dev, conn)) {
		msg = msg_new(OP_SIZE);
		pack_op(msg->data, OP_REP_IMPORT,
			dev ? OP_ST_DEV_BUSY : OP_ST_NODEV);
		conn_send(conn, msg);
		return;
	}
	conn->dev = dev;
	msg = msg_new(OP_SIZE + OP_DEVICE_SIZE);
	pack_op(msg->data, OP_REP_IMPORT, 0);
	device_pack(dev, msg->data + OP_SIZE);
	lies_import(conn, msg);
}

/* --- URBs ---------------------------------------------------------------- */

static void conn_stage(struct conn *conn, int stage, size_t want)
{
	conn->stage = stage;
	conn->got = 0;
	conn->want = want;
}

void conn_answer(struct urb *urb, int32_t status, uint32_t actual)
{
	urb->status = status;
	urb->actual = actual;
	lies_answer(urb->conn, urb, pack_ret_submit(urb));
	urb_free(urb);
}

static void conn_submit(struct conn *conn, struct urb *urb)
{
	if (!lies_submit(conn, urb))
		device_submit(conn->dev, urb);
}

/* As the stock server does: 0 says that there was nothing to cancel. */
static void conn_unlink(struct conn *conn)
{
	uint32_t victim = get32(conn->head + AT_UNLINK_SEQ);
	uint32_t seq = get32(conn->head + AT_SEQ);
	struct urb *urb = device_cancel(conn->dev, victim);

	if (!lies_unlink(conn, seq, urb))
		conn_send(conn, pack_ret_unlink(seq, urb ? -ECONNRESET : 0));
	urb_free(urb);
}

static bool conn_header(struct conn *conn)
{
	struct urb *urb;

	switch (get32(conn->head + AT_COMMAND)) {
	case CMD_UNLINK:
		conn_unlink(conn);
		conn_stage(conn, CONN_HEADER, HEADER_SIZE);
		return true;
	case CMD_SUBMIT:
		urb = urb_parse(conn->head);
		break;
	default:
		urb = NULL;
	}
	if (!urb) {
		note("a header makes no sense: command %u",
		     get32(conn->head + AT_COMMAND));
		return false;
	}
	urb->conn = conn;
	if (!urb_payload(urb)) {
		conn_stage(conn, CONN_HEADER, HEADER_SIZE);
		conn_submit(conn, urb);
		return true;
	}
	conn->urb = urb;
	conn->payload = xalloc(urb_payload(urb));
	conn_stage(conn, CONN_PAYLOAD, urb_payload(urb));
	lies_header(conn, urb);
	return true;
}

static void conn_payload(struct conn *conn)
{
	struct urb *urb = conn->urb;
	size_t data = urb->in ? 0 : urb->length;

	memcpy(urb->data, conn->payload, data);
	urb_parse_packets(urb, conn->payload + data);
	free(conn->payload);
	conn->payload = NULL;
	conn->urb = NULL;
	conn_stage(conn, CONN_HEADER, HEADER_SIZE);
	conn_submit(conn, urb);
}

/* What was wanted is complete. False: the connection is over. */
static bool conn_full(struct conn *conn)
{
	switch (conn->stage) {
	case CONN_OP:
		if (get16(conn->head + 2) == OP_REQ_IMPORT)
			conn_stage(conn, CONN_BUSID, OP_BUSID_SIZE);
		else if (get16(conn->head + 2) == OP_REQ_DEVLIST)
			send_devlist(conn);
		else
			return false;
		if (conn->stage == CONN_OP)
			conn->deaf = true;
		return true;
	case CONN_BUSID:
		conn->head[OP_BUSID_SIZE - 1] = '\0';
		send_import(conn);
		conn_stage(conn, CONN_HEADER, HEADER_SIZE);
		conn->deaf = !conn->dev;
		return true;
	case CONN_HEADER:
		return conn_header(conn);
	case CONN_PAYLOAD:
		conn_payload(conn);
		return true;
	}
	return false;
}

bool conn_read(struct conn *conn)
{
	static uint8_t buf[256 << 10];
	uint8_t *p = buf;
	ssize_t n;

	n = recv(conn->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	while (n && !conn->deaf) {
		size_t take = conn->want - conn->got;
		uint8_t *to = conn->stage == CONN_PAYLOAD ? conn->payload :
							    conn->head;

		if (take > (size_t)n)
			take = n;
		memcpy(to + conn->got, p, take);
		conn->got += take;
		p += take;
		n -= take;
		if (conn->got == conn->want && !conn_full(conn))
			return false;
	}
	return true;
}

/* --- answers ------------------------------------------------------------- */

bool conn_due(const struct conn *conn, int *wait)
{
	int64_t left;

	if (!conn->first || conn->first->kind == SEND_SILENCE)
		return false;
	left = conn->first->due - now_ms();
	if (left <= 0)
		return true;
	if (*wait < 0 || left < *wait)
		*wait = left;
	return false;
}

static void conn_drop_first(struct conn *conn)
{
	struct msg *msg = conn->first;

	conn->first = msg->next;
	if (!conn->first)
		conn->last = &conn->first;
	free(msg);
}

static void conn_sent(struct conn *conn, size_t n)
{
	while (n) {
		struct msg *msg = conn->first;
		size_t left = msg->len - msg->sent;

		if (n < left) {
			msg->sent += n;
			return;
		}
		n -= left;
		conn_drop_first(conn);
	}
}

/* One sendmsg with all that is due, or with one byte. */
static bool conn_send_bytes(struct conn *conn)
{
	struct iovec iov[CONN_PIECES];
	struct msghdr hdr = { .msg_iov = iov };
	struct msg *msg = conn->first;
	int64_t now = now_ms();
	ssize_t n;

	if (msg->kind == SEND_SLOWLY) {
		iov[0].iov_base = msg->data + msg->sent;
		iov[0].iov_len = 1;
		hdr.msg_iovlen = 1;
	}
	while (msg && msg->kind == SEND_BYTES && msg->due <= now &&
	       hdr.msg_iovlen < CONN_PIECES) {
		iov[hdr.msg_iovlen].iov_base = msg->data + msg->sent;
		iov[hdr.msg_iovlen].iov_len = msg->len - msg->sent;
		hdr.msg_iovlen++;
		msg = msg->next;
	}
	n = sendmsg(conn->fd, &hdr, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	conn_sent(conn, n);
	return true;
}

bool conn_write(struct conn *conn)
{
	struct linger hard = { .l_onoff = 1 };

	switch (conn->first->kind) {
	case SEND_BYTES:
	case SEND_SLOWLY:
		if (conn->first->len)
			return conn_send_bytes(conn);
		break;
	case SEND_FIN:
		shutdown(conn->fd, SHUT_WR);
		conn->first->kind = SEND_SILENCE;
		return true;
	case SEND_RST:
		setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &hard,
			   sizeof(hard));
		return false;
	case SEND_SILENCE:
		return true;
	}
	conn_drop_first(conn);
	return true;
}
