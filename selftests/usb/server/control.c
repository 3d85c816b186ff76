// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "control.h"
#include "descriptor.h"
#include "device.h"
#include "lie.h"
#include "urb.h"

/* bmRequestType << 8 | bRequest */
enum {
	GET_DEVICE_STATUS = 0x8000,
	GET_INTERFACE_STATUS = 0x8100,
	GET_ENDPOINT_STATUS = 0x8200,
	GET_DESCRIPTOR = 0x8006,
	GET_CONFIGURATION = 0x8008,
	GET_INTERFACE = 0x810a,
	CLEAR_DEVICE_FEATURE = 0x0001,
	CLEAR_ENDPOINT_FEATURE = 0x0201,
	SET_ENDPOINT_FEATURE = 0x0203,
	SET_DEVICE_FEATURE = 0x0003,
	SET_INTERFACE_FEATURE = 0x0103,
	SET_CONFIGURATION = 0x0009,
	SET_INTERFACE = 0x010b,
	SET_SEL = 0x0030,
	SET_ISOCH_DELAY = 0x0031,
	SET_PORT_FEATURE = 0x2303,	/* a hub's; a client's wish for a reset */
};

#define PORT_RESET	4

static void control_in(struct device *dev, struct urb *urb, const void *data,
		       size_t len)
{
	uint32_t max = urb->setup[6] | urb->setup[7] << 8;

	if (len > max)
		len = max;
	if (len > urb->length)
		len = urb->length;
	memcpy(urb->data, data, len);
	device_answer(dev, urb, 0, len);
}

static void control_status(struct device *dev, struct urb *urb, bool endpoint)
{
	uint8_t address = urb->setup[4];
	uint8_t status[2] = { 0 };

	if (endpoint)
		status[0] = dev->halted[address >> 7][address & 15];
	control_in(dev, urb, status, sizeof(status));
}

static void control_descriptor(struct device *dev, struct urb *urb)
{
	static uint8_t buf[DESCRIPTOR_MAX];
	uint16_t value = urb->setup[2] | urb->setup[3] << 8;
	size_t len = descriptor_get(dev, value, buf);

	len = lie_descriptor(value, buf, len);
	if (len)
		control_in(dev, urb, buf, len);
	else
		device_answer(dev, urb, -EPIPE, 0);
}

void control_submit(struct device *dev, struct urb *urb)
{
	uint16_t value = urb->setup[2] | urb->setup[3] << 8;
	uint8_t zero = 0;

	switch (urb->setup[0] << 8 | urb->setup[1]) {
	case GET_DEVICE_STATUS:
	case GET_INTERFACE_STATUS:
		control_status(dev, urb, false);
		return;
	case GET_ENDPOINT_STATUS:
		control_status(dev, urb, true);
		return;
	case GET_DESCRIPTOR:
		control_descriptor(dev, urb);
		return;
	case GET_CONFIGURATION:
		control_in(dev, urb, &dev->configuration, 1);
		return;
	case GET_INTERFACE:
		control_in(dev, urb, &zero, 1);
		return;
	case SET_CONFIGURATION:
		device_configure(dev, value);
		break;
	case CLEAR_ENDPOINT_FEATURE:
		device_clear_halt(dev, urb->setup[4]);
		break;
	case SET_ENDPOINT_FEATURE:
		device_halt(dev, urb->setup[4] >> 7, urb->setup[4] & 15);
		break;
	case SET_PORT_FEATURE:
		if (value == PORT_RESET)
			device_reset(dev);
		break;
	case CLEAR_DEVICE_FEATURE:
	case SET_DEVICE_FEATURE:
	case SET_INTERFACE_FEATURE:
	case SET_INTERFACE:
	case SET_SEL:
	case SET_ISOCH_DELAY:
		break;
	default:
		if (dev->kind->control && dev->kind->control(dev, urb))
			return;
		device_answer(dev, urb, -EPIPE, 0);
		return;
	}
	device_answer(dev, urb, 0, urb->in ? 0 : urb->length);
}
