/* SPDX-License-Identifier: GPL-2.0 */
/*
 * USB/IP 1.1.1 after the import, as a server sees it: what a client asks for, parsed, and
 * what it is answered, packed; no I/O. Source: Documentation/usb/usbip_protocol.rst of the
 * Linux kernel. The other side of it is kmod/vhci/proto.c.
 *
 * A client is a stranger. What breaks the protocol ends its session; what is well formed,
 * but more than a device gets asked (urb_refused()), is read to its end and refused.
 */
#ifndef HEARTH_URB_H
#define HEARTH_URB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Sizes on the wire. */
#define URB_HEADER	48u
#define URB_PACKET	16u
#define URB_SETUP	8u

#define URB_PACKETS_MAX	1024u		/* of a request; Linux' own clients send 128 */
#define URB_LENGTH_MAX	(16u << 20)	/* bytes that are carried out at once */

/* Flags that mean something here; the numbers are those of the kernel's urb.h. */
#define URB_SHORT_NOT_OK	0x0001u
#define URB_ZERO_PACKET		0x0040u

enum urb_command {
	URB_SUBMIT = 1,
	URB_UNLINK = 2,
	URB_SUBMITTED = 3,
	URB_UNLINKED = 4,
};

/* What a client asks for. */
struct urb {
	enum urb_command command;
	uint32_t seq;
	uint32_t victim;	/* of URB_UNLINK: the one that is no longer wanted */
	/* of URB_SUBMIT: */
	uint8_t ep;		/* number, 0 to 15 */
	bool in;
	uint32_t flags;
	uint32_t length;	/* bytes of the buffer */
	uint32_t packets;	/* isochronous ones; 0: it is not isochronous */
	uint8_t setup[URB_SETUP];	/* of a control transfer */
};

struct urb_packet {
	uint32_t offset;	/* in the client's buffer */
	uint32_t length;
	uint32_t actual;	/* bytes; in answers */
	int32_t status;		/* 0 or a negative errno; in answers */
};

/* How a request went. */
struct urb_answer {
	uint32_t seq;
	int32_t status;		/* 0 or a negative errno */
	uint32_t actual;	/* bytes */
	uint32_t packets;
	uint32_t errors;	/* packets that failed */
};

/*
 * Parses a message's first 48 bytes. Returns 0, or -EPROTO for what breaks the protocol:
 * the stream makes no sense from there on. @devid: of the device that was imported.
 */
int urb_parse(const uint8_t buf[static URB_HEADER], uint32_t devid,
	      struct urb *urb, struct error *err);

/* Bytes of the buffer that follow the header, and of packet descriptors behind them. */
size_t urb_data_size(const struct urb *urb);
size_t urb_packets_size(const struct urb *urb);

/*
 * Parses the packet descriptors. They must lie in the buffer and not sum past it. Returns
 * 0 or -EPROTO.
 */
int urb_parse_packets(const uint8_t *buf, const struct urb *urb,
		      struct urb_packet *packets, struct error *err);

/* What an endpoint is; the numbers are those of bmAttributes. */
enum urb_type {
	URB_CONTROL,
	URB_ISO,
	URB_BULK,
	URB_INTERRUPT,
	URB_NO_ENDPOINT,
};

/*
 * Does a request not suit its endpoint, or is it too long? Returns 0, or the negative
 * errno that it is answered with.
 */
int urb_refused(const struct urb *urb, enum urb_type type);

/* Control requests that change what the node's kernel knows of the device. */
enum urb_special {
	URB_PLAIN,
	URB_SET_ADDRESS,
	URB_SET_CONFIGURATION,	/* to @value */
	URB_SET_INTERFACE,	/* @index to the setting @value */
	URB_CLEAR_HALT,		/* of the endpoint @index */
	URB_RESET_PORT,		/* of the device; so a client's reset travels */
};

enum urb_special urb_special(const uint8_t setup[static URB_SETUP],
			     uint16_t *value, uint16_t *index);

/* wLength of a setup packet. */
uint16_t urb_setup_length(const uint8_t setup[static URB_SETUP]);

/* RET_SUBMIT, RET_UNLINK, and a packet of the first one. */
void urb_pack_submitted(uint8_t buf[static URB_HEADER],
			const struct urb_answer *answer);
void urb_pack_unlinked(uint8_t buf[static URB_HEADER], uint32_t seq,
		       int32_t status);
void urb_pack_packet(uint8_t buf[static URB_PACKET],
		     const struct urb_packet *packet);

#endif
