// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "liar.h"
#include "wire.h"

/* More than any client asks for; what is longer is not believed. */
#define URB_LENGTH_MAX	(64 << 20)
#define URB_PACKETS_MAX	1024

uint16_t get16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return ntohs(v);
}

uint32_t get32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return ntohl(v);
}

void put16(void *p, uint16_t v)
{
	v = htons(v);
	memcpy(p, &v, sizeof(v));
}

void put32(void *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, sizeof(v));
}

struct msg *msg_new(size_t len)
{
	struct msg *msg = xalloc(sizeof(*msg) + len);

	msg->len = len;
	return msg;
}

struct msg *msg_copy(const struct msg *msg)
{
	struct msg *copy = msg_new(msg->len);

	memcpy(copy->data, msg->data, msg->len);
	return copy;
}

struct msg *msg_action(int kind)
{
	struct msg *msg = msg_new(0);

	msg->kind = kind;
	return msg;
}

struct urb *urb_parse(const uint8_t *hdr)
{
	uint32_t length = get32(hdr + AT_SUBMIT_LENGTH);
	uint32_t packets = get32(hdr + AT_SUBMIT_PACKETS);
	uint32_t ep = get32(hdr + AT_EP);
	struct urb *urb;

	if (packets == UINT32_MAX)	/* some clients' "not isochronous" */
		packets = 0;
	if (length > URB_LENGTH_MAX || packets > URB_PACKETS_MAX || ep > 15)
		return NULL;
	urb = xalloc(sizeof(*urb));
	urb->seq = get32(hdr + AT_SEQ);
	urb->in = get32(hdr + AT_DIRECTION);
	urb->ep = ep;
	urb->length = length;
	urb->packets = packets;
	memcpy(urb->setup, hdr + AT_SUBMIT_SETUP, sizeof(urb->setup));
	urb->data = xalloc(length);
	urb->packet = xalloc(packets * sizeof(*urb->packet));
	return urb;
}

void urb_free(struct urb *urb)
{
	if (!urb)
		return;
	free(urb->packet);
	free(urb->data);
	free(urb);
}

size_t urb_payload(const struct urb *urb)
{
	return (urb->in ? 0 : urb->length) + (size_t)urb->packets * ISO_SIZE;
}

void urb_parse_packets(struct urb *urb, const uint8_t *p)
{
	uint32_t i;

	for (i = 0; i < urb->packets; i++, p += ISO_SIZE) {
		urb->packet[i].offset = get32(p + AT_ISO_OFFSET);
		urb->packet[i].length = get32(p + AT_ISO_LENGTH);
	}
}

static void pack_packets(const struct urb *urb, uint8_t *p)
{
	uint32_t i;

	for (i = 0; i < urb->packets; i++, p += ISO_SIZE) {
		put32(p + AT_ISO_OFFSET, urb->packet[i].offset);
		put32(p + AT_ISO_LENGTH, urb->packet[i].length);
		put32(p + AT_ISO_ACTUAL, urb->packet[i].actual);
		put32(p + AT_ISO_STATUS, urb->packet[i].status);
	}
}

struct msg *pack_ret_submit(const struct urb *urb)
{
	size_t data = urb->in ? urb->actual : 0;
	struct msg *msg;

	msg = msg_new(HEADER_SIZE + data + urb->packets * ISO_SIZE);
	put32(msg->data + AT_COMMAND, RET_SUBMIT);
	put32(msg->data + AT_SEQ, urb->seq);
	put32(msg->data + AT_RET_STATUS, urb->status);
	put32(msg->data + AT_RET_ACTUAL, urb->actual);
	put32(msg->data + AT_RET_PACKETS, urb->packets);
	memcpy(msg->data + HEADER_SIZE, urb->data, data);
	pack_packets(urb, msg->data + HEADER_SIZE + data);
	return msg;
}

struct msg *pack_ret_unlink(uint32_t seq, int32_t status)
{
	struct msg *msg = msg_new(HEADER_SIZE);

	put32(msg->data + AT_COMMAND, RET_UNLINK);
	put32(msg->data + AT_SEQ, seq);
	put32(msg->data + AT_RET_STATUS, status);
	return msg;
}

uint8_t *msg_packets(struct msg *msg, const struct urb *urb)
{
	return msg->data + msg->len - urb->packets * ISO_SIZE;
}
