// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus.h"
#include "cancel.h"
#include "conn.h"
#include "control.h"
#include "lie.h"
#include "log.h"
#include "msg.h"
#include "sys.h"
#include "urb.h"

static struct conn *conn_of(struct client *client)
{
	return (struct conn *)((char *)client - offsetof(struct conn, client));
}

static void conn_answer(struct client *client, const struct urb *urb)
{
	lie_answer(&conn_of(client)->teller, urb);
}

static void conn_drop(struct client *client)
{
	struct conn *conn = conn_of(client);

	teller_send(&conn->teller, msg_action(SEND_RST));
	conn->teller.deaf = true;
}

struct conn *conn_new(int fd, unsigned int number, int64_t delay_ms)
{
	struct conn *conn = sys_alloc(sizeof(*conn));

	conn->fd = fd;
	conn->want = OP_SIZE;
	conn->client.answer = conn_answer;
	conn->client.drop = conn_drop;
	teller_init(&conn->teller, number, fd, delay_ms);
	return conn;
}

void conn_free(struct conn *conn)
{
	if (conn->dev)
		device_release(conn->dev);
	teller_clear(&conn->teller);
	urb_free(conn->urb);
	free(conn->payload);
	close(conn->fd);
	free(conn);
}

/* --- requests before the import ------------------------------------------ */

static void pack_op(uint8_t *p, uint16_t code, uint32_t status)
{
	wire_put16(p, OP_VERSION);
	wire_put16(p + 2, code);
	wire_put32(p + 4, status);
}

static void send_devlist(struct conn *conn)
{
	struct msg *msg = msg_new(OP_SIZE + bus_list_size());

	pack_op(msg->data, OP_REP_DEVLIST, 0);
	bus_pack_list(msg->data + OP_SIZE);
	lie_devlist(msg);
	teller_send(&conn->teller, msg);
}

static void send_import(struct conn *conn)
{
	struct device *dev = bus_find((char *)conn->head);
	struct msg *msg;

	if (!dev || !device_claim(dev, &conn->client)) {
		msg = msg_new(OP_SIZE);
		pack_op(msg->data, OP_REP_IMPORT,
			dev ? OP_ST_DEV_BUSY : OP_ST_NODEV);
		teller_send(&conn->teller, msg);
		return;
	}
	conn->dev = dev;
	msg = msg_new(OP_SIZE + OP_DEVICE_SIZE);
	pack_op(msg->data, OP_REP_IMPORT, 0);
	bus_pack(dev, msg->data + OP_SIZE);
	lie_import(&conn->teller, msg);
}

/* --- URBs ---------------------------------------------------------------- */

static void conn_stage(struct conn *conn, int stage, size_t want)
{
	conn->stage = stage;
	conn->got = 0;
	conn->want = want;
}

static void conn_submit(struct conn *conn, struct urb *urb)
{
	log_detail("submit seq %u ep %u %s length %u flags %#x", urb->seq,
		   urb->ep, urb->in ? "in" : "out", urb->length, urb->flags);
	if (lie_submit(&conn->teller, urb))
		urb_free(urb);
	else if (urb->ep)
		device_submit(conn->dev, urb);
	else
		control_submit(conn->dev, urb);
}

static void conn_cancel(struct conn *conn)
{
	struct cancel cancel = {
		.seq = wire_get32(conn->head + AT_SEQ),
		.victim = wire_get32(conn->head + AT_UNLINK_SEQ),
	};

	cancel.urb = device_cancel(conn->dev, cancel.victim);
	log_detail("unlink seq %u: %s", cancel.victim,
		   cancel.urb ? "waits" : "not there");
	lie_cancel(&conn->teller, &cancel);
	urb_free(cancel.urb);
}

static bool conn_header(struct conn *conn)
{
	struct urb *urb;

	switch (wire_get32(conn->head + AT_COMMAND)) {
	case CMD_UNLINK:
		conn_cancel(conn);
		conn_stage(conn, CONN_HEADER, HEADER_SIZE);
		return true;
	case CMD_SUBMIT:
		urb = urb_parse(conn->head);
		break;
	default:
		urb = NULL;
	}
	if (!urb) {
		log_line("a header makes no sense: command %u",
			 wire_get32(conn->head + AT_COMMAND));
		return false;
	}
	if (!urb_payload(urb)) {
		conn_stage(conn, CONN_HEADER, HEADER_SIZE);
		conn_submit(conn, urb);
		return true;
	}
	conn->urb = urb;
	conn->payload = sys_alloc(urb_payload(urb));
	conn_stage(conn, CONN_PAYLOAD, urb_payload(urb));
	lie_header(&conn->teller, urb);
	return true;
}

static void conn_payload(struct conn *conn)
{
	struct urb *urb = conn->urb;

	urb_parse_payload(urb, conn->payload);
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
		if (wire_get16(conn->head + 2) == OP_REQ_IMPORT)
			conn_stage(conn, CONN_BUSID, OP_BUSID_SIZE);
		else if (wire_get16(conn->head + 2) == OP_REQ_DEVLIST)
			send_devlist(conn);
		else
			return false;
		if (conn->stage == CONN_OP)
			conn->teller.deaf = true;
		return true;
	case CONN_BUSID:
		conn->head[OP_BUSID_SIZE - 1] = '\0';
		send_import(conn);
		conn_stage(conn, CONN_HEADER, HEADER_SIZE);
		conn->teller.deaf = !conn->dev;
		return true;
	case CONN_HEADER:
		return conn_header(conn);
	case CONN_PAYLOAD:
		conn_payload(conn);
		return true;
	}
	return false;
}

/* Who has sent this, as AF_UNIX tells? A line for each other one than before. */
static void conn_log_sender(struct conn *conn, struct msghdr *msg)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);
	struct ucred who;

	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET ||
	    cmsg->cmsg_type != SCM_CREDENTIALS)
		return;
	memcpy(&who, CMSG_DATA(cmsg), sizeof(who));
	if (who.pid == conn->sender)
		return;
	conn->sender = who.pid;
	log_line("sender pid %d uid %d", (int)who.pid, (int)who.uid);
}

/* Bytes, or as recv() has it. */
static ssize_t conn_receive(struct conn *conn, void *buf, size_t size)
{
	union {
		struct cmsghdr cmsg;
		char buf[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec piece = { buf, size };
	struct msghdr msg = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(conn->fd, &msg, MSG_DONTWAIT);

	if (n > 0)
		conn_log_sender(conn, &msg);
	return n;
}

bool conn_read(struct conn *conn)
{
	static uint8_t buf[256 << 10];
	uint8_t *p = buf;
	ssize_t n;

	n = conn_receive(conn, buf, sizeof(buf));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	while (n && !conn->teller.deaf) {
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
