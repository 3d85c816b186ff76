// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "request.h"

/* Something for what the allocator and libusb keep beside it. */
#define OVERHEAD	(sizeof(struct request) + 512)

static struct request **chain_of(const struct request_table *table,
				 uint32_t seq)
{
	return (struct request **)&table->chains[seq % REQUEST_CHAINS];
}

static void hold(struct request_table *table, struct request *request,
		 size_t size)
{
	request->held += size;
	table->held += size;
}

struct request *request_new(struct request_table *table,
			    struct session *session, const struct urb *urb,
			    enum urb_type type)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->session = session;
	request->urb = *urb;
	request->type = type;
	table->n++;
	hold(table, request, OVERHEAD);
	return request;
}

bool request_room_packets(struct request_table *table, struct request *request)
{
	size_t n = request->urb.packets;

	request->descriptors = malloc(n * URB_PACKET);
	request->packets = calloc(n, sizeof(*request->packets));
	hold(table, request, n * (URB_PACKET + sizeof(*request->packets)));
	return request->descriptors && request->packets;
}

/* A control transfer has its setup in front. */
static size_t data_at(const struct request *request)
{
	return request->type == URB_CONTROL ? URB_SETUP : 0;
}

uint8_t *request_data(const struct request *request)
{
	return request->buffer + data_at(request);
}

bool request_room_data(struct request_table *table, struct request *request)
{
	size_t size = data_at(request) + request->urb.length;

	/* what the device does not fill is not sent, and yet it is no one else's */
	request->buffer = malloc(size + 1);
	request->transfer = libusb_alloc_transfer((int)request->urb.packets);
	hold(table, request, size + request->urb.packets *
	     sizeof(struct libusb_iso_packet_descriptor));
	return request->buffer && request->transfer;
}

void request_free(struct request_table *table, struct request *request)
{
	request_unlist(table, request);
	table->n--;
	table->held -= request->held;
	libusb_free_transfer(request->transfer);
	free(request->buffer);
	free(request->descriptors);
	free(request->packets);
	free(request);
}

void request_list(struct request_table *table, struct request *request)
{
	struct request **chain = chain_of(table, request->urb.seq);

	request->listed = true;
	request->chain = *chain;
	*chain = request;
}

void request_unlist(struct request_table *table, struct request *request)
{
	struct request **at;

	if (!request->listed)
		return;
	for (at = chain_of(table, request->urb.seq); *at != request;
	     at = &(*at)->chain)
		;
	*at = request->chain;
	request->listed = false;
}

struct request *request_find(const struct request_table *table, uint32_t seq)
{
	struct request *request;

	for (request = *chain_of(table, seq); request; request = request->chain)
		if (request->urb.seq == seq)
			return request;
	return NULL;
}

bool request_gather(struct request *request)
{
	const struct urb *urb = &request->urb;
	uint32_t i, at = 0;
	uint8_t *gathered;

	for (i = 0; i < urb->packets; at += request->packets[i++].length)
		if (request->packets[i].offset != at)
			break;
	if (i == urb->packets)
		return true;
	gathered = malloc((size_t)urb->length + 1);
	if (!gathered)
		return false;
	for (i = 0, at = 0; i < urb->packets; i++) {
		memcpy(gathered + at, request->buffer +
		       request->packets[i].offset, request->packets[i].length);
		at += request->packets[i].length;
	}
	free(request->buffer);
	request->buffer = gathered;
	return true;
}

/* How the packets went; what has come of them moves together. Returns how many bytes. */
static uint32_t finish_packets(struct request *request, uint32_t *errors)
{
	uint32_t i, from = 0, total = 0;

	for (i = 0; i < request->urb.packets; i++) {
		const struct libusb_iso_packet_descriptor *done =
			&request->transfer->iso_packet_desc[i];
		struct urb_packet *packet = &request->packets[i];

		packet->status = device_status(done->status);
		packet->actual = done->actual_length < packet->length ?
				 done->actual_length : packet->length;
		*errors += packet->status != 0;
		if (request->urb.in && from != total)
			memmove(request->buffer + total, request->buffer + from,
				packet->actual);
		from += packet->length;
		total += packet->actual;
	}
	return total;
}

static void pack(struct request *request, struct urb_answer *answer)
{
	uint32_t i;

	answer->seq = request->urb.seq;
	answer->packets = request->urb.packets;
	urb_pack_submitted(request->header, answer);
	for (i = 0; i < request->urb.packets; i++)
		urb_pack_packet(request->descriptors + i * URB_PACKET,
				&request->packets[i]);
	request->descriptors_size = urb_packets_size(&request->urb);
	request->data = request->buffer ? request_data(request) : NULL;
	request->data_size = request->urb.in ? answer->actual : 0;
}

void request_answer(struct request *request, int status)
{
	struct urb_answer answer = {
		.status = status, .errors = request->urb.packets,
	};
	uint32_t i;

	for (i = 0; i < request->urb.packets; i++)
		request->packets[i].status = status;
	pack(request, &answer);
}

void request_finish(struct request *request, int status)
{
	struct urb_answer answer = { .status = status };
	uint32_t got = (uint32_t)request->transfer->actual_length;

	if (request->urb.packets)
		got = finish_packets(request, &answer.errors);
	answer.actual = got < request->urb.length ? got : request->urb.length;
	if (!status && request->urb.in && !request->urb.packets &&
	    request->urb.flags & URB_SHORT_NOT_OK &&
	    answer.actual < request->urb.length)
		answer.status = -EREMOTEIO;
	pack(request, &answer);
}

void request_unlinked(struct request *request, int status)
{
	urb_pack_unlinked(request->header, request->urb.seq, status);
}
