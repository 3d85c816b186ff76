/* SPDX-License-Identifier: GPL-2.0 */
/* A request to a device, from CMD_SUBMIT to RET_SUBMIT. */
#ifndef URB_H
#define URB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet {
	uint32_t offset;
	uint32_t length;
	uint32_t actual;
	int32_t status;
};

struct urb {
	struct urb *next;
	uint32_t seq;
	uint32_t flags;			/* as the client sent them */
	uint32_t length;		/* of the buffer */
	uint32_t packets;
	uint8_t ep;
	bool in;
	uint8_t setup[8];
	int32_t status;
	uint32_t actual;
	uint8_t *data;			/* length bytes */
	struct packet *packet;
};

/* Reads a CMD_SUBMIT's header. NULL: it makes no sense. urb_free() it. */
struct urb *urb_parse(const uint8_t *hdr);
void urb_free(struct urb *urb);

/* Bytes behind the header of @urb's CMD_SUBMIT: data, then packets. */
size_t urb_payload(const struct urb *urb);
void urb_parse_payload(struct urb *urb, const uint8_t *p);

#endif
