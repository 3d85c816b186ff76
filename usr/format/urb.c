// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "urb.h"

/* Of all but an isochronous one, in the number of packets; some send 0. */
#define NO_PACKETS	UINT32_MAX

#define AT_SEQ		4
#define AT_DEVID	8
#define AT_DIRECTION	12
#define AT_EP		16
#define AT_FLAGS	20
#define AT_LENGTH	24
#define AT_PACKETS	32
#define AT_SETUP	40
#define AT_VICTIM	20

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint16_t get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static int parse_submit(const uint8_t *buf, struct urb *urb,
			struct error *err)
{
	uint32_t direction = get_be32(buf + AT_DIRECTION);
	uint32_t ep = get_be32(buf + AT_EP);

	urb->flags = get_be32(buf + AT_FLAGS);
	urb->length = get_be32(buf + AT_LENGTH);
	urb->packets = get_be32(buf + AT_PACKETS);
	memcpy(urb->setup, buf + AT_SETUP, URB_SETUP);
	if (urb->packets == NO_PACKETS)
		urb->packets = 0;
	if (direction > 1)
		return error_set(err, EPROTO, "direction %u is none", direction);
	if (ep > 15)
		return error_set(err, EPROTO, "endpoint %u is none", ep);
	if (urb->length > INT32_MAX)
		return error_set(err, EPROTO, "a buffer of %u bytes is none",
				 urb->length);
	if (urb->packets > URB_PACKETS_MAX)
		return error_set(err, EPROTO,
				 "%u isochronous packets, more than %u",
				 urb->packets, URB_PACKETS_MAX);
	urb->ep = (uint8_t)ep;
	urb->in = direction;
	return 0;
}

int urb_parse(const uint8_t buf[static URB_HEADER], uint32_t devid,
	      struct urb *urb, struct error *err)
{
	uint32_t command = get_be32(buf);

	memset(urb, 0, sizeof(*urb));
	urb->seq = get_be32(buf + AT_SEQ);
	if (command != URB_SUBMIT && command != URB_UNLINK)
		return error_set(err, EPROTO, "command %u is none of a client's",
				 command);
	if (get_be32(buf + AT_DEVID) != devid)
		return error_set(err, EPROTO,
				 "device %08x is not the one that was imported, %08x",
				 get_be32(buf + AT_DEVID), devid);
	urb->command = command;
	if (command == URB_SUBMIT)
		return parse_submit(buf, urb, err);
	urb->victim = get_be32(buf + AT_VICTIM);
	return 0;
}

size_t urb_data_size(const struct urb *urb)
{
	return urb->command == URB_SUBMIT && !urb->in ? urb->length : 0;
}

size_t urb_packets_size(const struct urb *urb)
{
	return (size_t)urb->packets * URB_PACKET;
}

int urb_parse_packets(const uint8_t *buf, const struct urb *urb,
		      struct urb_packet *packets, struct error *err)
{
	uint32_t i, left = urb->length;

	for (i = 0; i < urb->packets; i++, buf += URB_PACKET) {
		packets[i] = (struct urb_packet){
			.offset = get_be32(buf),
			.length = get_be32(buf + 4),
		};
		if (packets[i].offset > urb->length ||
		    packets[i].length > urb->length - packets[i].offset)
			return error_set(err, EPROTO,
					 "packet %u does not lie in the buffer",
					 i);
		if (packets[i].length > left)
			return error_set(err, EPROTO,
					 "the packets are longer than the buffer");
		left -= packets[i].length;
	}
	return 0;
}

uint16_t urb_setup_length(const uint8_t setup[static URB_SETUP])
{
	return get_le16(setup + 6);
}

/* As the core of USB does it for its own drivers. */
static int control_refused(const struct urb *urb)
{
	uint16_t length = urb_setup_length(urb->setup);

	if (length > urb->length)
		return -EINVAL;
	/* without data there is no direction */
	return length && urb->in != (urb->setup[0] >> 7) ? -EINVAL : 0;
}

int urb_refused(const struct urb *urb, enum urb_type type)
{
	if (type == URB_NO_ENDPOINT || urb->length > URB_LENGTH_MAX)
		return -EINVAL;
	if ((type == URB_ISO) != (urb->packets > 0))
		return -EINVAL;
	return type == URB_CONTROL ? control_refused(urb) : 0;
}

/* Source: USB 2.0, tables 9-3 and 11-15. */
enum urb_special urb_special(const uint8_t setup[static URB_SETUP],
			     uint16_t *value, uint16_t *index)
{
	static const struct {
		uint8_t type, request;
		enum urb_special special;
	} requests[] = {
		{ 0x00, 0x05, URB_SET_ADDRESS },
		{ 0x00, 0x09, URB_SET_CONFIGURATION },
		{ 0x01, 0x0b, URB_SET_INTERFACE },
		{ 0x02, 0x01, URB_CLEAR_HALT },
		{ 0x23, 0x03, URB_RESET_PORT },
	};
	/* the feature that it is about */
	static const uint16_t features[] = {
		[URB_CLEAR_HALT] = 0,
		[URB_RESET_PORT] = 4,
	};
	size_t i;

	*value = get_le16(setup + 2);
	*index = get_le16(setup + 4);
	for (i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		enum urb_special special = requests[i].special;

		if (setup[0] != requests[i].type ||
		    setup[1] != requests[i].request)
			continue;
		if ((special == URB_CLEAR_HALT || special == URB_RESET_PORT) &&
		    *value != features[special])
			return URB_PLAIN;
		return special;
	}
	return URB_PLAIN;
}

static void pack(uint8_t *buf, enum urb_command command, uint32_t seq,
		 int32_t status)
{
	memset(buf, 0, URB_HEADER);
	put_be32(buf, command);
	put_be32(buf + AT_SEQ, seq);
	put_be32(buf + 20, (uint32_t)status);
}

void urb_pack_submitted(uint8_t buf[static URB_HEADER],
			const struct urb_answer *answer)
{
	pack(buf, URB_SUBMITTED, answer->seq, answer->status);
	put_be32(buf + 24, answer->actual);
	put_be32(buf + 32, answer->packets);
	put_be32(buf + 36, answer->errors);
}

void urb_pack_unlinked(uint8_t buf[static URB_HEADER], uint32_t seq,
		       int32_t status)
{
	pack(buf, URB_UNLINKED, seq, status);
}

void urb_pack_packet(uint8_t buf[static URB_PACKET],
		     const struct urb_packet *packet)
{
	put_be32(buf, packet->offset);
	put_be32(buf + 4, packet->length);
	put_be32(buf + 8, packet->actual);
	put_be32(buf + 12, (uint32_t)packet->status);
}
