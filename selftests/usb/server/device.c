// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "device.h"
#include "liar.h"

#define VENDOR	0x1209		/* pid.codes, a product id for tests */
#define PRODUCT	0x0001

static struct device *devices;

void devices_init(void)
{
	unsigned int i;

	devices = xalloc(opt.devices * sizeof(*devices));
	for (i = 0; i < opt.devices; i++) {
		devices[i].number = i;
		opt.kind->init(&devices[i]);
	}
}

struct device *device_at(unsigned int number)
{
	return &devices[number];
}

static void device_busid(const struct device *dev, char *busid)
{
	snprintf(busid, OP_BUSID_SIZE, "1-%u", dev->number + 1);
}

struct device *device_find(const char *busid)
{
	char mine[OP_BUSID_SIZE];
	unsigned int i;

	for (i = 0; i < opt.devices; i++) {
		device_busid(&devices[i], mine);
		if (!strcmp(busid, mine))
			return &devices[i];
	}
	return NULL;
}

/* End every request, answered with @status or, if that is 0, not at all. */
static void device_flush(struct device *dev, bool in, uint8_t ep, int32_t status)
{
	struct urb *urb;

	while ((urb = device_take(dev, in, ep))) {
		if (status)
			conn_answer(urb, status, 0);
		else
			urb_free(urb);
	}
}

static void device_clean(struct device *dev, int32_t status)
{
	int ep;

	for (ep = 0; ep < 16; ep++) {
		device_flush(dev, false, ep, status);
		device_flush(dev, true, ep, status);
	}
	memset(dev->halted, 0, sizeof(dev->halted));
	opt.kind->reset(dev);
}

bool device_claim(struct device *dev, struct conn *conn)
{
	if (dev->conn)
		return false;
	dev->conn = conn;
	dev->configuration = 0;
	device_clean(dev, 0);
	return true;
}

void device_release(struct device *dev)
{
	device_clean(dev, 0);
	dev->conn = NULL;
}

void device_reset(struct device *dev)
{
	note("reset port");
	device_clean(dev, -ESHUTDOWN);
}

void device_pack(const struct device *dev, uint8_t *p)
{
	snprintf((char *)p, OP_PATH_SIZE, "/sys/devices/liar/usb1/1-%u",
		 dev->number + 1);
	p += OP_PATH_SIZE;
	device_busid(dev, (char *)p);
	p += OP_BUSID_SIZE;
	put32(p, 1);
	put32(p + 4, dev->number + 2);
	put32(p + 8, opt.speed);
	put16(p + 12, VENDOR);
	put16(p + 14, PRODUCT);
	put16(p + 16, 0x0100);
	p[21] = dev->configuration;
	p[22] = 1;
	p[23] = 1;
}

void device_pack_interface(const struct device *dev, uint8_t *p)
{
	(void)dev;
	p[0] = opt.kind->class;
	p[1] = opt.kind->subclass;
	p[2] = opt.kind->protocol;
}

void device_submit(struct device *dev, struct urb *urb)
{
	struct urb **last = &dev->queue[urb->in][urb->ep];

	if (!urb->ep) {
		control(dev, urb);
		return;
	}
	if (dev->halted[urb->in][urb->ep]) {
		conn_answer(urb, -EPIPE, 0);
		return;
	}
	while (*last)
		last = &(*last)->next;
	*last = urb;
	opt.kind->work(dev);
}

struct urb *device_cancel(struct device *dev, uint32_t seq)
{
	struct urb **at, *urb;
	int i;

	for (i = 0; i < 32; i++) {
		for (at = &dev->queue[i / 16][i % 16]; (urb = *at);
		     at = &urb->next) {
			if (urb->seq != seq)
				continue;
			*at = urb->next;
			urb->next = NULL;
			return urb;
		}
	}
	return NULL;
}

struct urb *device_peek(struct device *dev, bool in, uint8_t ep)
{
	return dev->queue[in][ep];
}

struct urb *device_take(struct device *dev, bool in, uint8_t ep)
{
	struct urb *urb = dev->queue[in][ep];

	if (urb) {
		dev->queue[in][ep] = urb->next;
		urb->next = NULL;
	}
	return urb;
}

void device_lose(struct device *dev, struct urb *urb)
{
	device_cancel(dev, urb->seq);
	/* A queue that is not in use: endpoint 0 answers at once. */
	urb->next = dev->queue[true][0];
	dev->queue[true][0] = urb;
}

void devices_wake(int *wait)
{
	int64_t now = now_ms();
	unsigned int i;

	for (i = 0; i < opt.devices; i++) {
		struct device *dev = &devices[i];

		if (!dev->busy_until)
			continue;
		if (dev->busy_until <= now) {
			dev->busy_until = 0;
			opt.kind->work(dev);
		} else if (*wait < 0 || dev->busy_until - now < *wait) {
			*wait = dev->busy_until - now;
		}
	}
}

void device_halt(struct device *dev, bool in, uint8_t ep)
{
	dev->halted[in][ep] = true;
	device_flush(dev, in, ep, -EPIPE);
}

void device_clear_halt(struct device *dev, uint8_t address)
{
	note("clear-halt %02x", address);
	dev->halted[address >> 7][address & 15] = false;
	opt.kind->work(dev);
}
