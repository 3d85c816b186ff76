// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "device.h"
#include "log.h"
#include "sys.h"
#include "urb.h"

void device_init(struct device *dev, unsigned int number,
		 const struct kind *kind, enum device_speed speed)
{
	dev->number = number;
	dev->kind = kind;
	dev->speed = speed;
	kind->init(dev);
}

void device_answer(struct device *dev, struct urb *urb, int32_t status,
		   uint32_t actual)
{
	urb->status = status;
	urb->actual = actual;
	dev->client->answer(dev->client, urb);
	urb_free(urb);
}

/* End every request, answered with @status or, if that is 0, not at all. */
static void flush(struct device *dev, bool in, uint8_t ep, int32_t status)
{
	struct urb *urb;

	while ((urb = device_take(dev, in, ep))) {
		if (status)
			device_answer(dev, urb, status, 0);
		else
			urb_free(urb);
	}
}

static void clean(struct device *dev, int32_t status)
{
	int ep;

	for (ep = 0; ep < 16; ep++) {
		flush(dev, false, ep, status);
		flush(dev, true, ep, status);
	}
	memset(dev->halted, 0, sizeof(dev->halted));
	dev->kind->reset(dev);
}

bool device_claim(struct device *dev, struct client *client)
{
	if (dev->client)
		return false;
	dev->client = client;
	dev->dropped = false;
	dev->configuration = 0;
	clean(dev, 0);
	return true;
}

void device_release(struct device *dev)
{
	clean(dev, 0);
	dev->client = NULL;
}

void device_drop(struct device *dev)
{
	dev->dropped = true;
	dev->client->drop(dev->client);
}

void device_reset(struct device *dev)
{
	log_line("reset port");
	clean(dev, -ESHUTDOWN);
}

void device_configure(struct device *dev, uint8_t configuration)
{
	dev->configuration = configuration;
	memset(dev->halted, 0, sizeof(dev->halted));
}

void device_submit(struct device *dev, struct urb *urb)
{
	struct urb **last = &dev->queue[urb->in][urb->ep];

	if (dev->halted[urb->in][urb->ep]) {
		device_answer(dev, urb, -EPIPE, 0);
		return;
	}
	while (*last)
		last = &(*last)->next;
	*last = urb;
	dev->kind->work(dev);
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

void device_wake(struct device *dev, int *wait)
{
	int64_t left = dev->busy_until - sys_now_ms();

	if (!dev->busy_until)
		return;
	if (left <= 0) {
		dev->busy_until = 0;
		dev->kind->work(dev);
	} else if (*wait < 0 || left < *wait) {
		*wait = left;
	}
}

void device_halt(struct device *dev, bool in, uint8_t ep)
{
	dev->halted[in][ep] = true;
	flush(dev, in, ep, -EPIPE);
}

void device_clear_halt(struct device *dev, uint8_t address)
{
	log_line("clear-halt %02x", address);
	dev->halted[address >> 7][address & 15] = false;
	dev->kind->work(dev);
}
