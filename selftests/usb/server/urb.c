// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "sys.h"
#include "urb.h"
#include "wire.h"

/* More than any client asks for; what is longer is not believed. */
#define URB_LENGTH_MAX	(64 << 20)
#define URB_PACKETS_MAX	1024

struct urb *urb_parse(const uint8_t *hdr)
{
	uint32_t length = wire_get32(hdr + AT_SUBMIT_LENGTH);
	uint32_t packets = wire_get32(hdr + AT_SUBMIT_PACKETS);
	uint32_t ep = wire_get32(hdr + AT_EP);
	struct urb *urb;

	if (packets == UINT32_MAX)	/* some clients' "not isochronous" */
		packets = 0;
	if (length > URB_LENGTH_MAX || packets > URB_PACKETS_MAX || ep > 15)
		return NULL;
	urb = sys_alloc(sizeof(*urb));
	urb->seq = wire_get32(hdr + AT_SEQ);
	urb->in = wire_get32(hdr + AT_DIRECTION);
	urb->ep = ep;
	urb->flags = wire_get32(hdr + AT_SUBMIT_FLAGS);
	urb->length = length;
	urb->packets = packets;
	memcpy(urb->setup, hdr + AT_SUBMIT_SETUP, sizeof(urb->setup));
	urb->data = sys_alloc(length);
	urb->packet = sys_alloc(packets * sizeof(*urb->packet));
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

static size_t urb_data(const struct urb *urb)
{
	return urb->in ? 0 : urb->length;
}

size_t urb_payload(const struct urb *urb)
{
	return urb_data(urb) + (size_t)urb->packets * ISO_SIZE;
}

void urb_parse_payload(struct urb *urb, const uint8_t *p)
{
	uint32_t i;

	memcpy(urb->data, p, urb_data(urb));
	p += urb_data(urb);
	for (i = 0; i < urb->packets; i++, p += ISO_SIZE) {
		urb->packet[i].offset = wire_get32(p + AT_ISO_OFFSET);
		urb->packet[i].length = wire_get32(p + AT_ISO_LENGTH);
	}
}
