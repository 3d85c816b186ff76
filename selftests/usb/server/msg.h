/* SPDX-License-Identifier: GPL-2.0 */
/* Something for the client: bytes, or the end of the connection. */
#ifndef MSG_H
#define MSG_H

#include <stddef.h>
#include <stdint.h>

struct urb;

enum msg_kind {
	SEND_BYTES,
	SEND_SLOW,			/* @chunk bytes each @gap_ms */
	SEND_FIN,
	SEND_RST,
	SEND_SILENCE,			/* nothing behind it is ever sent */
};

struct msg {
	struct msg *next;
	enum msg_kind kind;
	int64_t due;			/* ms of the monotonic clock */
	size_t chunk;
	int64_t gap_ms;
	size_t len;
	size_t sent;
	uint8_t data[];
};

/* free() what these return. */
struct msg *msg_new(size_t len);
struct msg *msg_copy(const struct msg *msg);
struct msg *msg_action(enum msg_kind kind);
struct msg *msg_ret_submit(const struct urb *urb);
struct msg *msg_ret_unlink(uint32_t seq, int32_t status);

/* The packets in a RET_SUBMIT for @urb. */
uint8_t *msg_packets(struct msg *msg, const struct urb *urb);

#endif
