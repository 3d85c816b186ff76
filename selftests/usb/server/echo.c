// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "echo.h"
#include "sys.h"
#include "urb.h"

#define EP_ECHO		1
#define EP_SOURCE	2
#define EP_INTERRUPT	3
#define EP_ISO		4

static const struct endpoint echo_endpoints[] = {
	{ 0x01, 2 }, { 0x81, 2 },
	{ 0x02, 2 }, { 0x82, 2 },
	{ 0x03, 3 }, { 0x83, 3 },
	{ 0x04, 1 }, { 0x84, 1 },
};

/* A transfer that was written. */
struct record {
	struct record *next;
	uint32_t len, off;
	uint8_t data[];
};

struct fifo {
	struct record *first, **last;
};

struct echo {
	struct fifo fifo[EP_INTERRUPT + 1];
	uint32_t transfers;		/* of the source */
};

static void fifo_put(struct fifo *fifo, const struct urb *urb)
{
	struct record *record = sys_alloc(sizeof(*record) + urb->length);

	record->len = urb->length;
	memcpy(record->data, urb->data, urb->length);
	*fifo->last = record;
	fifo->last = &record->next;
}

static void fifo_drop(struct fifo *fifo)
{
	struct record *record = fifo->first;

	fifo->first = record->next;
	if (!fifo->first)
		fifo->last = &fifo->first;
	free(record);
}

/* Bytes of the first transfer; what does not fit is left for the next read. */
static uint32_t fifo_get(struct fifo *fifo, struct urb *urb)
{
	struct record *record = fifo->first;
	uint32_t n = record->len - record->off;

	if (n > urb->length)
		n = urb->length;
	memcpy(urb->data, record->data + record->off, n);
	record->off += n;
	if (record->off == record->len)
		fifo_drop(fifo);
	return n;
}

static void echo_init(struct device *dev)
{
	struct echo *echo = sys_alloc(sizeof(*echo));
	int i;

	for (i = 0; i <= EP_INTERRUPT; i++)
		echo->fifo[i].last = &echo->fifo[i].first;
	dev->priv = echo;
}

static void echo_reset(struct device *dev)
{
	struct echo *echo = dev->priv;
	int i;

	for (i = 0; i <= EP_INTERRUPT; i++)
		while (echo->fifo[i].first)
			fifo_drop(&echo->fifo[i]);
	echo->transfers = 0;
}

static void echo_fifo(struct device *dev, uint8_t ep)
{
	struct fifo *fifo = &((struct echo *)dev->priv)->fifo[ep];
	struct urb *urb;

	while ((urb = device_take(dev, false, ep))) {
		fifo_put(fifo, urb);
		device_answer(dev, urb, 0, urb->length);
	}
	while (fifo->first && (urb = device_take(dev, true, ep)))
		device_answer(dev, urb, 0, fifo_get(fifo, urb));
}

/* Its number in the first 4 bytes, then what urbs.c expects behind it. */
static void echo_source(struct device *dev)
{
	struct echo *echo = dev->priv;
	struct urb *urb;
	uint32_t i;

	while ((urb = device_take(dev, true, EP_SOURCE))) {
		uint32_t n = echo->transfers++;

		for (i = 0; i < urb->length; i++)
			urb->data[i] = i < 4 ? n >> (8 * i) : i + (i >> 8) + n;
		device_answer(dev, urb, 0, urb->length);
	}
}

/* Each packet is shorter than the one before, so that there are gaps. */
static void echo_iso_in(struct device *dev, struct urb *urb)
{
	uint32_t i, k, total = 0;

	for (i = 0; i < urb->packets; i++) {
		struct packet *packet = &urb->packet[i];

		packet->actual = packet->length - (packet->length > i ? i : 0);
		if (packet->actual > urb->length - total)
			packet->actual = urb->length - total;
		for (k = 0; k < packet->actual; k++)
			urb->data[total++] = i + k;
	}
	device_answer(dev, urb, 0, total);
}

static void echo_iso_out(struct device *dev, struct urb *urb)
{
	uint32_t i, total = 0;

	for (i = 0; i < urb->packets; i++) {
		urb->packet[i].actual = urb->packet[i].length;
		total += urb->packet[i].length;
	}
	device_answer(dev, urb, 0, total);
}

static void echo_work(struct device *dev)
{
	struct urb *urb;

	echo_fifo(dev, EP_ECHO);
	echo_fifo(dev, EP_INTERRUPT);
	echo_source(dev);
	while ((urb = device_take(dev, false, EP_SOURCE)))
		device_answer(dev, urb, 0, urb->length);
	while ((urb = device_take(dev, true, EP_ISO)))
		echo_iso_in(dev, urb);
	while ((urb = device_take(dev, false, EP_ISO)))
		echo_iso_out(dev, urb);
}

const struct kind echo_kind = {
	.name = "echo",
	.vendor = DEVICE_TEST_VENDOR,
	.product = DEVICE_TEST_PRODUCT,
	.class = 0xff,
	.endpoints = echo_endpoints,
	.n_endpoints = sizeof(echo_endpoints) / sizeof(*echo_endpoints),
	.init = echo_init,
	.work = echo_work,
	.reset = echo_reset,
};
