/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of USB/IP 1.1.1 that come before URBs do, packed and parsed; no
 * I/O. Source: Documentation/usb/usbip_protocol.rst of the Linux kernel.
 *
 * All that is parsed is hostile: strings must end, counts have limits, and
 * what reaches a terminal is printable.
 */
#ifndef HEARTH_USBIP_H
#define HEARTH_USBIP_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define USBIP_VERSION		0x0111
#define USBIP_DEFAULT_PORT	"3240"

#define USBIP_OP_REQ_IMPORT	0x8003
#define USBIP_OP_REP_IMPORT	0x0003
#define USBIP_OP_REQ_DEVLIST	0x8005
#define USBIP_OP_REP_DEVLIST	0x0005

/* Sizes on the wire. */
#define USBIP_OP_SIZE		8
#define USBIP_COUNT_SIZE	4
#define USBIP_BUSID_SIZE	32
#define USBIP_PATH_SIZE		256
#define USBIP_DEVICE_SIZE	312
#define USBIP_INTERFACE_SIZE	4
#define USBIP_IMPORT_SIZE	(USBIP_OP_SIZE + USBIP_BUSID_SIZE)

/* More devices than this in a list are not believed. */
#define USBIP_MAX_DEVICES	4096

enum usbip_status {
	USBIP_ST_OK,
	USBIP_ST_NA,
	USBIP_ST_DEV_BUSY,
	USBIP_ST_DEV_ERR,
	USBIP_ST_NODEV,
	USBIP_ST_ERROR,
};

struct usbip_interface {
	uint8_t class;
	uint8_t subclass;
	uint8_t protocol;
};

struct usbip_device {
	char path[USBIP_PATH_SIZE];
	char busid[USBIP_BUSID_SIZE];
	uint32_t busnum;
	uint32_t devnum;
	uint32_t speed;
	uint16_t vendor;
	uint16_t product;
	uint16_t release;
	uint8_t class;
	uint8_t subclass;
	uint8_t protocol;
	uint8_t configuration;
	uint8_t n_configurations;
	uint8_t n_interfaces;
	struct usbip_interface interfaces[UINT8_MAX];
};

/* A list of devices; usbip_list_clear() frees it. */
struct usbip_list {
	struct usbip_device *devices;
	size_t n;
	/* Where the parser is. */
	enum {
		USBIP_LIST_OP,
		USBIP_LIST_COUNT,
		USBIP_LIST_DEVICE,
		USBIP_LIST_INTERFACES,
		USBIP_LIST_DONE,
	} state;
	uint32_t expected;
};

/* Packs OP_REQ_DEVLIST. */
void usbip_pack_devlist(uint8_t buf[static USBIP_OP_SIZE]);

/*
 * Packs OP_REQ_IMPORT. Returns 0, or -EINVAL if @busid is not one (see
 * usbip_busid_valid()).
 */
int usbip_pack_import(uint8_t buf[static USBIP_IMPORT_SIZE], const char *busid,
		      struct error *err);

/* 1 to 31 printable ASCII characters, none of them a space or a slash? */
int usbip_busid_valid(const char *busid);

/*
 * Parses the header of an answer and checks version and code. A status other
 * than 0 is an error too: -EBUSY, -ENODEV, -EIO or -EREMOTEIO with a sentence;
 * what breaks the protocol is -EPROTO.
 */
int usbip_parse_op(const uint8_t buf[static USBIP_OP_SIZE], uint16_t code,
		   struct error *err);

/* Parses a device without its interfaces. Returns 0 or -EPROTO. */
int usbip_parse_device(const uint8_t buf[static USBIP_DEVICE_SIZE],
		       struct usbip_device *dev, struct error *err);

/*
 * OP_REP_DEVLIST, a piece at a time: usbip_list_init(), then feed pieces of
 * the length usbip_list_need() asks for until it asks for 0.
 * usbip_list_feed() returns 0, -EPROTO, -ENOMEM or what usbip_parse_op()
 * returns; after an error only usbip_list_clear() is allowed.
 */
void usbip_list_init(struct usbip_list *list);
size_t usbip_list_need(const struct usbip_list *list);
int usbip_list_feed(struct usbip_list *list, const uint8_t *buf,
		    struct error *err);
void usbip_list_clear(struct usbip_list *list);

/* The longest piece usbip_list_need() ever asks for. */
#define USBIP_LIST_PIECE_MAX	(USBIP_INTERFACE_SIZE * UINT8_MAX)

/*
 * Device id as OP_REQ_IMPORT's URBs carry it. Returns 0, or -EPROTO if bus or
 * device number do not fit into it.
 */
int usbip_devid(const struct usbip_device *dev, uint32_t *devid,
		struct error *err);

/*
 * The side of the server: parses the header of a request and its version. Returns the
 * code, or -EPROTO.
 */
int usbip_parse_request(const uint8_t buf[static USBIP_OP_SIZE],
			struct error *err);

/* The bus id of OP_REQ_IMPORT. Returns 0 or -EPROTO. */
int usbip_parse_busid(const uint8_t buf[static USBIP_BUSID_SIZE],
		      char busid[static USBIP_BUSID_SIZE], struct error *err);

/*
 * Takes the one request that a client begins with off @size bytes; @busid is "" of one for
 * the list. Returns how many bytes it has, 0 where more of it is to come, or -EPROTO.
 */
int usbip_take_request(const uint8_t *data, size_t size,
		       char busid[static USBIP_BUSID_SIZE], struct error *err);

/* Packs the header of an answer, a device without its interfaces, and one of these. */
void usbip_pack_reply(uint8_t buf[static USBIP_OP_SIZE], uint16_t code,
		      enum usbip_status status);
void usbip_pack_count(uint8_t buf[static USBIP_COUNT_SIZE], uint32_t n);
void usbip_pack_device(uint8_t buf[static USBIP_DEVICE_SIZE],
		       const struct usbip_device *dev);
void usbip_pack_interface(uint8_t buf[static USBIP_INTERFACE_SIZE],
			  const struct usbip_interface *interface);

/* A speed ("high") or a class ("mass storage") in words; never NULL. */
const char *usbip_speed_name(uint32_t speed);
const char *usbip_class_name(uint8_t class);

#endif
