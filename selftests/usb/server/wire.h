/* SPDX-License-Identifier: GPL-2.0 */
/*
 * USB/IP 1.1.1 on the wire, from the server's side. Source:
 * Documentation/usb/usbip_protocol.rst of the Linux kernel. Messages are
 * plain bytes here, so that a lie can change any of them.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OP_VERSION	0x0111
#define OP_REQ_IMPORT	0x8003
#define OP_REP_IMPORT	0x0003
#define OP_REQ_DEVLIST	0x8005
#define OP_REP_DEVLIST	0x0005
#define OP_SIZE		8
#define OP_BUSID_SIZE	32
#define OP_PATH_SIZE	256
#define OP_DEVICE_SIZE	312
#define OP_ST_DEV_BUSY	2
#define OP_ST_NODEV	4

enum {
	CMD_SUBMIT = 1,
	CMD_UNLINK = 2,
	RET_SUBMIT = 3,
	RET_UNLINK = 4,
};

/* Where a header's fields are. */
enum {
	AT_COMMAND = 0,
	AT_SEQ = 4,
	AT_DIRECTION = 12,
	AT_EP = 16,
	AT_SUBMIT_FLAGS = 20,
	AT_SUBMIT_LENGTH = 24,
	AT_SUBMIT_PACKETS = 32,
	AT_SUBMIT_SETUP = 40,
	AT_UNLINK_SEQ = 20,
	AT_RET_STATUS = 20,
	AT_RET_ACTUAL = 24,
	AT_RET_START = 28,
	AT_RET_PACKETS = 32,
	AT_RET_ERRORS = 36,
	HEADER_SIZE = 48,
};

/* Where an isochronous packet's are. */
enum {
	AT_ISO_OFFSET = 0,
	AT_ISO_LENGTH = 4,
	AT_ISO_ACTUAL = 8,
	AT_ISO_STATUS = 12,
	ISO_SIZE = 16,
};

struct packet {
	uint32_t offset;
	uint32_t length;
	uint32_t actual;
	int32_t status;
};

struct conn;

/* A request to a device, from CMD_SUBMIT to RET_SUBMIT. */
struct urb {
	struct urb *next;
	struct conn *conn;
	uint32_t seq;
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

/* Something to do at a time: send bytes, or end the connection. */
struct msg {
	struct msg *next;
	int64_t due;			/* ms of the monotonic clock */
	enum {
		SEND_BYTES,
		SEND_SLOWLY,		/* each byte in a packet of its own */
		SEND_FIN,
		SEND_RST,
		SEND_SILENCE,		/* nothing behind it is ever sent */
	} kind;
	size_t len;
	size_t sent;
	uint8_t data[];
};

uint16_t get16(const void *p);
uint32_t get32(const void *p);
void put16(void *p, uint16_t v);
void put32(void *p, uint32_t v);

struct msg *msg_new(size_t len);
struct msg *msg_copy(const struct msg *msg);
struct msg *msg_action(int kind);

/* Reads a CMD_SUBMIT's header. NULL: it makes no sense. urb_free() it. */
struct urb *urb_parse(const uint8_t *hdr);
void urb_free(struct urb *urb);

/* Bytes behind the header of @urb's CMD_SUBMIT: data, then packets. */
size_t urb_payload(const struct urb *urb);
void urb_parse_packets(struct urb *urb, const uint8_t *p);

struct msg *pack_ret_submit(const struct urb *urb);
struct msg *pack_ret_unlink(uint32_t seq, int32_t status);

/* The packets in a RET_SUBMIT for @urb. */
uint8_t *msg_packets(struct msg *msg, const struct urb *urb);

#endif
