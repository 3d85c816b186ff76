/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lie that is told, if any. Without one each hook does what an honest
 * server does.
 */
#ifndef LIES_H
#define LIES_H

#include "wire.h"

struct conn;

/* Where a lie takes hold; what is NULL is honest. */
struct lie {
	const char *name;

	/* Answers: those it is for, the function, and what that needs. */
	int when;
	void (*answer)(const struct lie *lie, struct conn *conn,
		       const struct urb *urb, struct msg *msg);
	size_t at;
	uint32_t value;
	bool always;			/* not only once a connection */

	/* A request has come in full, or its header only. True: it is eaten. */
	bool (*submit)(struct conn *conn, const struct urb *urb);
	void (*header)(struct conn *conn, const struct urb *urb);
	/* A request is cancelled; @urb is NULL if that came too late. */
	bool (*unlink)(struct conn *conn, uint32_t seq, struct urb *urb);
	void (*import)(struct conn *conn, struct msg *msg);
	void (*devlist)(struct msg *msg);
	size_t (*descriptor)(uint16_t value, uint8_t *buf, size_t len);
	bool narrow;			/* the receive buffer is small */
};

#define WHEN_IN		1
#define WHEN_OUT	2
#define WHEN_ISO	4		/* and only then */
#define WHEN_CONTROL	8		/* endpoint 0 too */

/* hostile.c: descriptors */
size_t hostile_total_long(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_total_short(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_interfaces(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_endpoints(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_endpoint_short(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_zero(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_max_packet_zero(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_max_packet_huge(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_configurations(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_device_short(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_string(uint16_t value, uint8_t *buf, size_t len);
size_t hostile_bos(uint16_t value, uint8_t *buf, size_t len);

/* random.c */
void random_answer(const struct lie *lie, struct conn *conn,
		   const struct urb *urb, struct msg *msg);

/* False: there is no such lie. */
bool lies_set(const char *name);
void lies_print(void);
bool lies_narrow(void);

/* The hooks. Messages are theirs. */
void lies_devlist(struct msg *msg);
void lies_import(struct conn *conn, struct msg *msg);
void lies_header(struct conn *conn, const struct urb *urb);
bool lies_submit(struct conn *conn, struct urb *urb);
bool lies_unlink(struct conn *conn, uint32_t seq, struct urb *urb);
void lies_answer(struct conn *conn, const struct urb *urb, struct msg *msg);
size_t lies_descriptor(uint16_t value, uint8_t *buf, size_t len);

#endif
