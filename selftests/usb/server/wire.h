/* SPDX-License-Identifier: GPL-2.0 */
/*
 * USB/IP 1.1.1 on the wire: numbers, and where they are. Source:
 * Documentation/usb/usbip_protocol.rst of the Linux kernel. Messages are
 * plain bytes here, so that a lie can change any of them.
 */
#ifndef WIRE_H
#define WIRE_H

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

/* Big-endian numbers. */
uint16_t wire_get16(const void *p);
uint32_t wire_get32(const void *p);
void wire_put16(void *p, uint16_t v);
void wire_put32(void *p, uint32_t v);

#endif
