// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "msg.h"
#include "sys.h"
#include "urb.h"
#include "wire.h"

struct msg *msg_new(size_t len)
{
	struct msg *msg = sys_alloc(sizeof(*msg) + len);

	msg->len = len;
	return msg;
}

struct msg *msg_copy(const struct msg *msg)
{
	struct msg *copy = msg_new(msg->len);

	memcpy(copy->data, msg->data, msg->len);
	return copy;
}

struct msg *msg_action(enum msg_kind kind)
{
	struct msg *msg = msg_new(0);

	msg->kind = kind;
	return msg;
}

static void put_packets(const struct urb *urb, uint8_t *p)
{
	uint32_t i;

	for (i = 0; i < urb->packets; i++, p += ISO_SIZE) {
		wire_put32(p + AT_ISO_OFFSET, urb->packet[i].offset);
		wire_put32(p + AT_ISO_LENGTH, urb->packet[i].length);
		wire_put32(p + AT_ISO_ACTUAL, urb->packet[i].actual);
		wire_put32(p + AT_ISO_STATUS, urb->packet[i].status);
	}
}

struct msg *msg_ret_submit(const struct urb *urb)
{
	size_t data = urb->in ? urb->actual : 0;
	struct msg *msg;

	msg = msg_new(HEADER_SIZE + data + urb->packets * ISO_SIZE);
	wire_put32(msg->data + AT_COMMAND, RET_SUBMIT);
	wire_put32(msg->data + AT_SEQ, urb->seq);
	wire_put32(msg->data + AT_RET_STATUS, urb->status);
	wire_put32(msg->data + AT_RET_ACTUAL, urb->actual);
	wire_put32(msg->data + AT_RET_PACKETS, urb->packets);
	memcpy(msg->data + HEADER_SIZE, urb->data, data);
	put_packets(urb, msg->data + HEADER_SIZE + data);
	return msg;
}

struct msg *msg_ret_unlink(uint32_t seq, int32_t status)
{
	struct msg *msg = msg_new(HEADER_SIZE);

	wire_put32(msg->data + AT_COMMAND, RET_UNLINK);
	wire_put32(msg->data + AT_SEQ, seq);
	wire_put32(msg->data + AT_RET_STATUS, status);
	return msg;
}

uint8_t *msg_packets(struct msg *msg, const struct urb *urb)
{
	return msg->data + msg->len - urb->packets * ISO_SIZE;
}
