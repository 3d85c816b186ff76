// SPDX-License-Identifier: GPL-2.0
/* Source: drivers/usb/gadget/function/f_sourcesink.c of the Linux kernel. */
#include <string.h>

#include "device.h"
#include "sys.h"
#include "urb.h"
#include "zero.h"

#define EP_LAST		3

/* bmRequestType << 8 | bRequest */
#define CONTROL_WRITE	0x405b
#define CONTROL_READ	0xc05c

static const struct endpoint zero_endpoints[] = {
	{ 0x81, 2 }, { 0x01, 2 },
	{ 0x82, 3 }, { 0x02, 3 },
	{ 0x83, 1 }, { 0x03, 1 },
};

struct zero {
	uint8_t written[UINT16_MAX];
};

static void zero_init(struct device *dev)
{
	dev->priv = sys_alloc(sizeof(struct zero));
}

static void zero_reset(struct device *dev)
{
	(void)dev;
}

/* The buffer of a request that comes in is all zeros from the start. */
static void zero_answer(struct device *dev, struct urb *urb)
{
	uint32_t i;

	for (i = 0; i < urb->packets; i++)
		urb->packet[i].actual = urb->packet[i].length;
	device_answer(dev, urb, 0, urb->length);
}

static void zero_work(struct device *dev)
{
	struct urb *urb;
	int ep;

	for (ep = 1; ep <= EP_LAST; ep++) {
		while ((urb = device_take(dev, true, ep)))
			zero_answer(dev, urb);
		while ((urb = device_take(dev, false, ep)))
			zero_answer(dev, urb);
	}
}

static bool zero_control(struct device *dev, struct urb *urb)
{
	struct zero *zero = dev->priv;
	uint32_t n = urb->length;

	if (n > sizeof(zero->written))
		return false;
	switch (urb->setup[0] << 8 | urb->setup[1]) {
	case CONTROL_WRITE:
		memcpy(zero->written, urb->data, n);
		break;
	case CONTROL_READ:
		memcpy(urb->data, zero->written, n);
		break;
	default:
		return false;
	}
	device_answer(dev, urb, 0, n);
	return true;
}

const struct kind zero_kind = {
	.name = "zero",
	.vendor = 0x0525,		/* as the gadget's */
	.product = 0xa4a0,
	.class = 0xff,
	.endpoints = zero_endpoints,
	.n_endpoints = sizeof(zero_endpoints) / sizeof(*zero_endpoints),
	.init = zero_init,
	.work = zero_work,
	.reset = zero_reset,
	.control = zero_control,
};
