/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A message of the client's and its answer, from the first byte that has come to the last
 * one that was sent. While it has no answer it is found by its number.
 */
#ifndef HEARTH_USBD_REQUEST_H
#define HEARTH_USBD_REQUEST_H

#include <libusb.h>

#include "../format/urb.h"

#define REQUEST_CHAINS	256u

struct session;

struct request {
	struct session *session;
	struct request *chain;	/* in the table */
	struct request *next;	/* in a queue: of what waits, or of the answers */
	struct urb urb;
	enum urb_type type;	/* of its endpoint */
	int refused;		/* it gets this answer, and its data go nowhere; or 0 */
	bool listed;		/* in the table */
	bool running;		/* libusb has it */
	bool unlinked;		/* the client wants it no longer, as it said in @unlink */
	uint32_t unlink;
	size_t held;		/* bytes */
	struct libusb_transfer *transfer;
	uint8_t *buffer;	/* of the transfer; NULL: there is none */
	uint8_t *descriptors;	/* of packets, as on the wire */
	struct urb_packet *packets;
	/* the answer; @data lie in @buffer */
	uint8_t header[URB_HEADER];
	uint8_t *data;
	size_t data_size, descriptors_size;
};

struct request_table {
	struct request *chains[REQUEST_CHAINS];	/* those without an answer, by number */
	unsigned int n;		/* all that there are, also with an answer to be sent */
	size_t held;		/* bytes of them */
};

/* Of a message; NULL without memory. */
struct request *request_new(struct request_table *table,
			    struct session *session, const struct urb *urb,
			    enum urb_type type);

/* Gives it room for its packets, and for its data. Returns false without memory. */
bool request_room_packets(struct request_table *table, struct request *request);
bool request_room_data(struct request_table *table, struct request *request);

void request_free(struct request_table *table, struct request *request);

/* Into the table, and out of it. */
void request_list(struct request_table *table, struct request *request);
void request_unlist(struct request_table *table, struct request *request);
struct request *request_find(const struct request_table *table, uint32_t seq);

/* Where the bytes are that the client sends or gets. */
uint8_t *request_data(const struct request *request);

/*
 * Puts the bytes of packets one behind the other, as libusb wants them: at the client's
 * end they may have gaps. Returns false without memory.
 */
bool request_gather(struct request *request);

/* The answer without data, and the one when the transfer is over. */
void request_answer(struct request *request, int status);
void request_finish(struct request *request, int status);

/* The answer to an URB_UNLINK. */
void request_unlinked(struct request *request, int status);

#endif
