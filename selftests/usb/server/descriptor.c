// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "descriptor.h"
#include "device.h"

enum {
	TYPE_DEVICE = 1,
	TYPE_CONFIGURATION = 2,
	TYPE_STRING = 3,
	TYPE_INTERFACE = 4,
	TYPE_ENDPOINT = 5,
	TYPE_BOS = 15,
	TYPE_COMPANION = 48,
};

enum {
	EP_ISOCHRONOUS = 1,
	EP_BULK = 2,
	EP_INTERRUPT = 3,
};

static size_t describe_device(const struct device *dev, uint8_t *buf)
{
	static const uint8_t device[18] = {
		18, TYPE_DEVICE, 0x00, 0x02, 0, 0, 0, 64,
		0, 0, 0, 0, 0x00, 0x01, 1, 2, 3, 1,
	};

	memcpy(buf, device, sizeof(device));
	buf[8] = dev->kind->vendor & 0xff;
	buf[9] = dev->kind->vendor >> 8;
	buf[10] = dev->kind->product & 0xff;
	buf[11] = dev->kind->product >> 8;
	if (dev->speed == SPEED_SUPER) {
		buf[3] = 0x03;
		buf[7] = 9;		/* 2^9 bytes */
	}
	return sizeof(device);
}

static unsigned int max_packet(const struct device *dev,
			       const struct endpoint *ep)
{
	switch (ep->type) {
	case EP_BULK:
		return dev->speed == SPEED_SUPER ? 1024 :
		       dev->speed == SPEED_HIGH ? 512 : 64;
	case EP_ISOCHRONOUS:
		return dev->speed == SPEED_FULL ? 512 : 1024;
	default:
		return 64;
	}
}

static size_t describe_endpoint(const struct device *dev,
				const struct endpoint *ep, uint8_t *buf)
{
	unsigned int max = max_packet(dev, ep);
	uint8_t *p = buf;

	*p++ = 7;
	*p++ = TYPE_ENDPOINT;
	*p++ = ep->address;
	*p++ = ep->type;
	*p++ = max & 0xff;
	*p++ = max >> 8;
	*p++ = ep->type == EP_BULK ? 0 : 1;
	if (dev->speed != SPEED_SUPER)
		return p - buf;
	*p++ = 6;
	*p++ = TYPE_COMPANION;
	*p++ = 0;
	*p++ = 0;
	*p++ = ep->type == EP_BULK ? 0 : max & 0xff;
	*p++ = ep->type == EP_BULK ? 0 : max >> 8;
	return p - buf;
}

static size_t describe_configuration(const struct device *dev, uint8_t *buf)
{
	const uint8_t head[18] = {
		9, TYPE_CONFIGURATION, 0, 0, 1, 1, 0, 0x80, 50,
		9, TYPE_INTERFACE, 0, 0, dev->kind->n_endpoints,
		dev->kind->class, dev->kind->subclass, dev->kind->protocol, 0,
	};
	size_t len = sizeof(head);
	unsigned int i;

	memcpy(buf, head, len);
	for (i = 0; i < dev->kind->n_endpoints; i++)
		len += describe_endpoint(dev, &dev->kind->endpoints[i],
					 buf + len);
	buf[2] = len & 0xff;
	buf[3] = len >> 8;
	return len;
}

static size_t describe_string(const struct device *dev, int index, uint8_t *buf)
{
	char text[64];
	size_t len;

	switch (index) {
	case 0:
		memcpy(buf, "\x04\x03\x09\x04", 4);
		return 4;
	case 1:
		snprintf(text, sizeof(text), "Hearth");
		break;
	case 2:
		snprintf(text, sizeof(text), "liar %s", dev->kind->name);
		break;
	case 3:
		snprintf(text, sizeof(text), "LIAR%u", dev->number + 1);
		break;
	default:
		return 0;
	}
	for (len = 0; text[len]; len++) {
		buf[2 + 2 * len] = text[len];
		buf[3 + 2 * len] = 0;
	}
	buf[0] = 2 + 2 * len;
	buf[1] = TYPE_STRING;
	return buf[0];
}

static size_t describe_bos(const struct device *dev, uint8_t *buf)
{
	static const uint8_t bos[22] = {
		5, TYPE_BOS, 22, 0, 2,
		7, 16, 2, 0, 0, 0, 0,		/* USB 2.0 extension */
		10, 16, 3, 0, 0x0e, 0, 3, 0, 0, 0, /* SuperSpeed */
	};

	if (dev->speed != SPEED_SUPER)
		return 0;
	memcpy(buf, bos, sizeof(bos));
	return sizeof(bos);
}

size_t descriptor_get(const struct device *dev, uint16_t value, uint8_t *buf)
{
	switch (value >> 8) {
	case TYPE_DEVICE:
		return describe_device(dev, buf);
	case TYPE_CONFIGURATION:
		return describe_configuration(dev, buf);
	case TYPE_STRING:
		return describe_string(dev, value & 0xff, buf);
	case TYPE_BOS:
		return describe_bos(dev, buf);
	default:
		return 0;
	}
}
