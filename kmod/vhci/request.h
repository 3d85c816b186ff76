/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A request: one URB (or a command of our own) on its way to the server and
 * back, found by its sequence number in constant time.
 *
 * A sequence number is built from the request's place in the table, how often
 * the place has been used, and whether it names the submit or its unlink:
 *
 *	31            15 14          1   0
 *	+---------------+-------------+--------+
 *	|  generation   |    index    | unlink |
 *	+---------------+-------------+--------+
 *
 * A stale or repeated number so misses the request that took the place since,
 * until its generation comes round after 2^17 uses.
 */
#ifndef _HEARTH_VHCI_REQUEST_H
#define _HEARTH_VHCI_REQUEST_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/usb.h>

#include "cursor.h"
#include "proto.h"

#define REQ_SEQ_UNLINK		BIT(0)
#define REQ_INDEX_BITS		14
#define REQ_INDEX_SHIFT		1
#define REQ_GENERATION_SHIFT	(REQ_INDEX_SHIFT + REQ_INDEX_BITS)

/*
 * Requests are allocated in chunks and freed with the table. The first chunk
 * comes with it, so that a device makes progress when memory is short.
 */
#define REQ_CHUNK_BITS		5
#define REQ_CHUNK		BIT(REQ_CHUNK_BITS)
#define REQ_CHUNKS_MAX		BIT(REQ_INDEX_BITS - REQ_CHUNK_BITS)

enum req_kind {
	REQ_URB,	/* an URB of a driver */
	REQ_RESET,	/* a reset of the device: no URB */
	REQ_COMMAND,	/* storage.c: posted, its URB is given back */
	REQ_STORAGE,	/* storage.c: an URB for data or status */
	REQ_STATUS,	/* storage.c: read ahead; an URB may claim it */
};

/* Bytes of a REQ_COMMAND, which are more than those of a REQ_STATUS. */
#define REQ_OWN_LEN		31

enum req_state {
	REQ_FREE,
	REQ_QUEUED,	/* in a lane; the server knows nothing of it */
	REQ_SENDING,	/* the transmit side reads its buffer */
	REQ_SENT,	/* the server has all of it */
	REQ_RECEIVING,	/* its answer is arriving; the receive side writes */
	REQ_DONE,	/* given back; waits for the transmit side or unlink */
	REQ_ZOMBIE,	/* given back on RET_UNLINK; an answer may follow */
};

enum req_unlink {
	REQ_UNLINK_NONE,
	REQ_UNLINK_WANTED,	/* to be queued once the submit is sent */
	REQ_UNLINK_QUEUED,
	REQ_UNLINK_SENT,	/* or being sent; RET_UNLINK will come */
};

struct vhci_req;

/* A message on its way out. */
struct vhci_pdu {
	struct list_head node;		/* lane or batch */
	struct vhci_req *req;
	u32 data_len;			/* bytes of the URB's buffer behind hdr */
	u32 iso_len;			/* bytes of packet descriptors */
	struct usbip_header hdr;
};

struct vhci_req {
	struct list_head node;		/* free, unlinks or zombies */
	struct urb *urb;		/* NULL: given back, or our own command */
	u32 seq;			/* of the submit */
	u8 kind;			/* enum req_kind */
	u8 state;			/* enum req_state */
	u8 unlink;			/* enum req_unlink */
	bool offered:1;			/* all of it is in the running sendmsg */
	bool answered:1;		/* while it was offered; status below */
	bool fault:1;			/* storage.c: it is to fail */
	int status;
	u32 actual;			/* bytes that the answer told of */
	u32 since;			/* jiffies of the unlink, of the zombie */
	struct proto_request asked;
	struct usbip_iso *iso;		/* asked.packets of them */
	struct vhci_pdu submit;
	struct vhci_pdu cancel;
	u8 own[REQ_OWN_LEN] __aligned(4);	/* data of a request of ours */
};

struct req_table {
	struct list_head free;
	u32 chunks;
	struct vhci_req *chunk[REQ_CHUNKS_MAX];
};

int req_table_init(struct req_table *table);
void req_table_free(struct req_table *table);
struct vhci_req *req_chunk_alloc(gfp_t gfp);
bool req_chunk_add(struct req_table *table, struct vhci_req *chunk);
struct vhci_req *req_get(struct req_table *table);
void req_put(struct req_table *table, struct vhci_req *req);
struct vhci_req *req_find(struct req_table *table, u32 seq);

/* The request at @i of the table, for walks: NULL behind the last one. */
static inline struct vhci_req *req_at(struct req_table *table, u32 i)
{
	if (i >= table->chunks * REQ_CHUNK)
		return NULL;
	return &table->chunk[i / REQ_CHUNK][i % REQ_CHUNK];
}

/* The start of the data of @req, which is its URB's or its own. */
static inline void req_cursor(struct urb_cursor *at, struct vhci_req *req)
{
	if (req->kind == REQ_COMMAND || req->kind == REQ_STATUS)
		cursor_init_buf(at, req->own);
	else
		cursor_init(at, req->urb);
}

#endif /* _HEARTH_VHCI_REQUEST_H */
