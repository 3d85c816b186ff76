// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "usbip.h"

static uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v & 0xffff);
}

static void pack_op(uint8_t *buf, uint16_t code)
{
	memset(buf, 0, USBIP_OP_SIZE);
	put_be16(buf, USBIP_VERSION);
	put_be16(buf + 2, code);
}

void usbip_pack_devlist(uint8_t buf[static USBIP_OP_SIZE])
{
	pack_op(buf, USBIP_OP_REQ_DEVLIST);
}

int usbip_busid_valid(const char *busid)
{
	size_t i;

	for (i = 0; busid[i]; i++) {
		if (i == USBIP_BUSID_SIZE - 1)
			return 0;
		if (busid[i] <= ' ' || busid[i] > '~' || busid[i] == '/')
			return 0;
	}
	return i > 0;
}

int usbip_pack_import(uint8_t buf[static USBIP_IMPORT_SIZE], const char *busid,
		      struct error *err)
{
	if (!usbip_busid_valid(busid))
		return error_set(err, EINVAL,
				 "not a bus id: 1 to %d printable characters without space or slash are",
				 USBIP_BUSID_SIZE - 1);
	pack_op(buf, USBIP_OP_REQ_IMPORT);
	memset(buf + USBIP_OP_SIZE, 0, USBIP_BUSID_SIZE);
	memcpy(buf + USBIP_OP_SIZE, busid, strlen(busid));
	return 0;
}

static int status_error(uint32_t status, struct error *err)
{
	switch (status) {
	case USBIP_ST_NA:
		return error_set(err, EREMOTEIO,
				 "the server refuses: the device is not available (not shared, or it does not exist)");
	case USBIP_ST_DEV_BUSY:
		return error_set(err, EBUSY,
				 "the server refuses: the device is in use by a client");
	case USBIP_ST_DEV_ERR:
		return error_set(err, EIO,
				 "the server refuses: the device is in an error state there");
	case USBIP_ST_NODEV:
		return error_set(err, ENODEV,
				 "the server refuses: it shares no such device");
	case USBIP_ST_ERROR:
		return error_set(err, EREMOTEIO,
				 "the server refuses: it found an unexpected error");
	default:
		return error_set(err, EREMOTEIO,
				 "the server refuses with status %u, which USB/IP does not define",
				 status);
	}
}

int usbip_parse_op(const uint8_t buf[static USBIP_OP_SIZE], uint16_t code,
		   struct error *err)
{
	uint16_t version = get_be16(buf);
	uint16_t reply = get_be16(buf + 2);
	uint32_t status = get_be32(buf + 4);

	/* The code first: garbage is not a wrong version. */
	if (reply != code)
		return error_set(err, EPROTO,
				 "the server's answer is not USB/IP (code 0x%04x where 0x%04x was due)",
				 reply, code);
	if (version != USBIP_VERSION)
		return error_set(err, EPROTO,
				 "the server speaks USB/IP version %x.%x.%x, this is 1.1.1",
				 version >> 8, version >> 4 & 0xf, version & 0xf);
	return status ? status_error(status, err) : 0;
}

int usbip_parse_device(const uint8_t buf[static USBIP_DEVICE_SIZE],
		       struct usbip_device *dev, struct error *err)
{
	const uint8_t *p = buf;
	size_t i;

	memset(dev, 0, sizeof(*dev));
	if (!memchr(p, 0, USBIP_PATH_SIZE))
		return error_set(err, EPROTO,
				 "the server sent a device path that does not end");
	/* A path is only ever shown, so odd characters do no harm. */
	for (i = 0; p[i]; i++)
		dev->path[i] = p[i] >= ' ' && p[i] <= '~' ? (char)p[i] : '?';
	p += USBIP_PATH_SIZE;

	if (!memchr(p, 0, USBIP_BUSID_SIZE))
		return error_set(err, EPROTO,
				 "the server sent a bus id that does not end");
	memcpy(dev->busid, p, strlen((const char *)p));
	if (!usbip_busid_valid(dev->busid))
		return error_set(err, EPROTO,
				 "the server sent a bus id that is empty or not printable");
	p += USBIP_BUSID_SIZE;

	dev->busnum = get_be32(p);
	dev->devnum = get_be32(p + 4);
	dev->speed = get_be32(p + 8);
	dev->vendor = get_be16(p + 12);
	dev->product = get_be16(p + 14);
	dev->release = get_be16(p + 16);
	dev->class = p[18];
	dev->subclass = p[19];
	dev->protocol = p[20];
	dev->configuration = p[21];
	dev->n_configurations = p[22];
	dev->n_interfaces = p[23];
	return 0;
}

void usbip_list_init(struct usbip_list *list)
{
	memset(list, 0, sizeof(*list));
}

void usbip_list_clear(struct usbip_list *list)
{
	free(list->devices);
	memset(list, 0, sizeof(*list));
}

size_t usbip_list_need(const struct usbip_list *list)
{
	switch (list->state) {
	case USBIP_LIST_OP:
		return USBIP_OP_SIZE;
	case USBIP_LIST_COUNT:
		return USBIP_COUNT_SIZE;
	case USBIP_LIST_DEVICE:
		return USBIP_DEVICE_SIZE;
	case USBIP_LIST_INTERFACES:
		return (size_t)USBIP_INTERFACE_SIZE *
		       list->devices[list->n - 1].n_interfaces;
	case USBIP_LIST_DONE:
		break;
	}
	return 0;
}

int usbip_parse_request(const uint8_t buf[static USBIP_OP_SIZE],
			struct error *err)
{
	uint16_t version = get_be16(buf);
	uint16_t code = get_be16(buf + 2);

	if (code != USBIP_OP_REQ_DEVLIST && code != USBIP_OP_REQ_IMPORT)
		return error_set(err, EPROTO,
				 "a request that is none of USB/IP's (code 0x%04x)",
				 code);
	if (version != USBIP_VERSION)
		return error_set(err, EPROTO,
				 "a client of USB/IP version %x.%x.%x, this is 1.1.1",
				 version >> 8, version >> 4 & 0xf, version & 0xf);
	return code;
}

int usbip_parse_busid(const uint8_t buf[static USBIP_BUSID_SIZE],
		      char busid[static USBIP_BUSID_SIZE], struct error *err)
{
	if (!memchr(buf, 0, USBIP_BUSID_SIZE))
		return error_set(err, EPROTO,
				 "a client asks for a bus id that does not end");
	strcpy(busid, (const char *)buf);
	if (!usbip_busid_valid(busid))
		return error_set(err, EPROTO,
				 "a client asks for a bus id that is empty or not printable");
	return 0;
}

int usbip_take_request(const uint8_t *data, size_t size,
		       char busid[static USBIP_BUSID_SIZE], struct error *err)
{
	int code, ret;

	*busid = '\0';
	if (size < USBIP_OP_SIZE)
		return 0;
	code = usbip_parse_request(data, err);
	if (code < 0)
		return code;
	if (code == USBIP_OP_REQ_DEVLIST)
		return USBIP_OP_SIZE;
	if (size < USBIP_IMPORT_SIZE)
		return 0;
	ret = usbip_parse_busid(data + USBIP_OP_SIZE, busid, err);
	return ret ? ret : USBIP_IMPORT_SIZE;
}

void usbip_pack_reply(uint8_t buf[static USBIP_OP_SIZE], uint16_t code,
		      enum usbip_status status)
{
	pack_op(buf, code);
	put_be32(buf + 4, status);
}

void usbip_pack_count(uint8_t buf[static USBIP_COUNT_SIZE], uint32_t n)
{
	put_be32(buf, n);
}

void usbip_pack_device(uint8_t buf[static USBIP_DEVICE_SIZE],
		       const struct usbip_device *dev)
{
	uint8_t *p = buf;

	memset(buf, 0, USBIP_DEVICE_SIZE);
	memcpy(p, dev->path, strnlen(dev->path, USBIP_PATH_SIZE - 1));
	p += USBIP_PATH_SIZE;
	memcpy(p, dev->busid, strnlen(dev->busid, USBIP_BUSID_SIZE - 1));
	p += USBIP_BUSID_SIZE;
	put_be32(p, dev->busnum);
	put_be32(p + 4, dev->devnum);
	put_be32(p + 8, dev->speed);
	put_be16(p + 12, dev->vendor);
	put_be16(p + 14, dev->product);
	put_be16(p + 16, dev->release);
	p[18] = dev->class;
	p[19] = dev->subclass;
	p[20] = dev->protocol;
	p[21] = dev->configuration;
	p[22] = dev->n_configurations;
	p[23] = dev->n_interfaces;
}

void usbip_pack_interface(uint8_t buf[static USBIP_INTERFACE_SIZE],
			  const struct usbip_interface *interface)
{
	buf[0] = interface->class;
	buf[1] = interface->subclass;
	buf[2] = interface->protocol;
	buf[3] = 0;
}

/* Memory grows with what has arrived, not with what was announced. */
static struct usbip_device *list_grow(struct usbip_list *list)
{
	struct usbip_device *devices;

	if (!(list->n & (list->n - 1))) {
		devices = realloc(list->devices, (list->n ? 2 * list->n : 1) *
						 sizeof(*devices));
		if (!devices)
			return NULL;
		list->devices = devices;
	}
	return &list->devices[list->n++];
}

static void list_next(struct usbip_list *list)
{
	list->state = list->n < list->expected ? USBIP_LIST_DEVICE :
						 USBIP_LIST_DONE;
}

static int list_feed_count(struct usbip_list *list, const uint8_t *buf,
			   struct error *err)
{
	list->expected = get_be32(buf);
	if (list->expected > USBIP_MAX_DEVICES)
		return error_set(err, EPROTO,
				 "the server claims to share %u devices; more than %d are not believed",
				 list->expected, USBIP_MAX_DEVICES);
	list_next(list);
	return 0;
}

static int list_feed_device(struct usbip_list *list, const uint8_t *buf,
			    struct error *err)
{
	struct usbip_device *dev = list_grow(list);
	int ret;

	if (!dev)
		return error_set(err, ENOMEM, "out of memory");
	ret = usbip_parse_device(buf, dev, err);
	if (ret)
		return ret;
	if (dev->n_interfaces)
		list->state = USBIP_LIST_INTERFACES;
	else
		list_next(list);
	return 0;
}

static void list_feed_interfaces(struct usbip_list *list, const uint8_t *buf)
{
	struct usbip_device *dev = &list->devices[list->n - 1];
	unsigned int i;

	for (i = 0; i < dev->n_interfaces; i++, buf += USBIP_INTERFACE_SIZE) {
		dev->interfaces[i].class = buf[0];
		dev->interfaces[i].subclass = buf[1];
		dev->interfaces[i].protocol = buf[2];
	}
	list_next(list);
}

int usbip_list_feed(struct usbip_list *list, const uint8_t *buf,
		    struct error *err)
{
	int ret;

	switch (list->state) {
	case USBIP_LIST_OP:
		ret = usbip_parse_op(buf, USBIP_OP_REP_DEVLIST, err);
		if (ret)
			return ret;
		list->state = USBIP_LIST_COUNT;
		break;
	case USBIP_LIST_COUNT:
		return list_feed_count(list, buf, err);
	case USBIP_LIST_DEVICE:
		return list_feed_device(list, buf, err);
	case USBIP_LIST_INTERFACES:
		list_feed_interfaces(list, buf);
		break;
	case USBIP_LIST_DONE:
		break;
	}
	return 0;
}

int usbip_devid(const struct usbip_device *dev, uint32_t *devid,
		struct error *err)
{
	if (dev->busnum > UINT16_MAX || dev->devnum > UINT16_MAX)
		return error_set(err, EPROTO,
				 "the server sent bus %u and device %u, which make no device id",
				 dev->busnum, dev->devnum);
	*devid = dev->busnum << 16 | dev->devnum;
	return 0;
}

const char *usbip_speed_name(uint32_t speed)
{
	static const char * const names[] = {
		"unknown", "low", "full", "high", "wireless", "super",
		"super-plus",
	};

	return speed < sizeof(names) / sizeof(*names) ? names[speed] :
							names[0];
}

/* Source: https://www.usb.org/defined-class-codes */
const char *usbip_class_name(uint8_t class)
{
	switch (class) {
	case 0x00: return "per interface";
	case 0x01: return "audio";
	case 0x02: return "communications";
	case 0x03: return "human interface";
	case 0x05: return "physical";
	case 0x06: return "imaging";
	case 0x07: return "printer";
	case 0x08: return "mass storage";
	case 0x09: return "hub";
	case 0x0a: return "communications data";
	case 0x0b: return "smart card";
	case 0x0d: return "content security";
	case 0x0e: return "video";
	case 0x0f: return "personal healthcare";
	case 0x10: return "audio/video";
	case 0x11: return "billboard";
	case 0x12: return "Type-C bridge";
	case 0xdc: return "diagnostic";
	case 0xe0: return "wireless";
	case 0xef: return "miscellaneous";
	case 0xfe: return "application specific";
	case 0xff: return "vendor specific";
	default: return "unknown";
	}
}
