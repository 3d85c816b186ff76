/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A request: one URB (or a command of our own) on its way to the server and
 * back. The table finds it by its sequence number in constant time; the state
 * machine knows what has happened to it, and so tells its end exactly once.
 *
 * Pure: no socket, no URB is touched, nothing sleeps. All of it is called with
 * the table's lock held and interrupts off, but for req_chunk_alloc() and the
 * making and freeing of a table.
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
#include <linux/spinlock.h>
#include <linux/types.h>

#include "proto.h"

#define REQ_SEQ_UNLINK		BIT(0)
#define REQ_INDEX_BITS		14
#define REQ_INDEX_SHIFT		1
#define REQ_GENERATION_SHIFT	(REQ_INDEX_SHIFT + REQ_INDEX_BITS)

/* Free requests that only one who must not fail gets: a reset. */
#define REQ_RESERVE		1

/*
 * Requests that were told and still wait for something from the server, which
 * may never come: so many, then the oldest is forgotten.
 */
#define REQ_WAITING_MAX		256

struct urb;

enum req_kind {
	REQ_URB,	/* an URB of a driver */
	REQ_RESET,	/* a reset of the device: no URB */
	REQ_COMMAND,	/* storage.c: posted, its URB is given back */
	REQ_STORAGE,	/* storage.c: an URB for data or status */
	REQ_STATUS,	/* storage.c: read ahead; an URB may claim it */
};

/* The submit, on its way out. */
enum req_out {
	REQ_QUEUED,	/* the server knows nothing of it */
	REQ_SENDING,	/* the transmit side reads its buffer */
	REQ_SENT,	/* the socket has taken all of it */
};

/* Its answer. */
enum req_in {
	REQ_UNANSWERED,
	REQ_ARRIVING,	/* the receive side writes to its buffer */
	REQ_ANSWERED,
};

/* Its unlink, if it is cancelled. */
enum req_unlink {
	REQ_UNLINK_NONE,
	REQ_UNLINK_WANTED,	/* to be queued once the submit is sent */
	REQ_UNLINK_QUEUED,
	REQ_UNLINK_SENDING,
	REQ_UNLINK_SENT,	/* RET_UNLINK is to come */
	REQ_UNLINK_ANSWERED,	/* with 0: the submit's answer may follow */
};

/* The packet descriptors of an isochronous request, as they go over the wire. */
struct req_iso {
	u32 n;
	struct usbip_iso packet[];
};

/* As small as it can be: thousands may wait. Changed with the table's lock held. */
struct vhci_req {
	struct list_head node;		/* free, a lane, the batch, waiting, late */
	struct urb *urb;		/* NULL: given back, or our own command */
	union {
		struct req_iso *iso;	/* the request's; see req_packets() */
		void *own;		/* bytes of a REQ_COMMAND, REQ_STATUS */
	};
	u32 seq;			/* of the submit */
	u32 length;			/* bytes of the buffer */
	u32 actual;			/* bytes that the answer told of */
	u32 asked;			/* jiffies of the cancellation */
	u32 since;			/* jiffies of CMD_UNLINK's leaving */
	s32 status:11;			/* of the answer */
	u32 ep:4;			/* endpoint number */
	u32 kind:3;			/* enum req_kind */
	bool isochronous:1;
	bool dir_in:1;
	bool fault:1;			/* storage.c: it is to fail */
	u32 out:2;			/* enum req_out */
	u32 in:2;			/* enum req_in */
	u32 unlink:3;			/* enum req_unlink */
	bool used:1;			/* not free */
	bool told:1;			/* done() was called */
	bool cancelled:1;		/* and not told: a limit in time runs */
	bool offered:1;			/* the running send has all of it */
};

/*
 * Requests are allocated in chunks of a page and freed with the table. The
 * first chunk comes with it, so that a device makes progress when memory is
 * short.
 */
#define REQ_CHUNK_BYTES		4096
#define REQ_CHUNK		((u32)(REQ_CHUNK_BYTES / sizeof(struct vhci_req)))
#define REQ_CHUNKS_MAX		(BIT(REQ_INDEX_BITS) / REQ_CHUNK)

struct req_table;

/* What a table calls. With its lock held. */
struct req_ops {
	/*
	 * @req has ended with @status, and neither side touches its buffer.
	 * Called once for each request that is not dropped. May cancel and end
	 * other requests, and so come to be called again, for those.
	 */
	void (*done)(struct req_table *table, struct vhci_req *req, int status);
	/* A limit in time runs for one that is cancelled. */
	void (*cancelled)(struct req_table *table);
	/* Send CMD_UNLINK of @req, by the node that its submit does not need. */
	void (*unlink)(struct req_table *table, struct vhci_req *req);
	/* An answer came behind that to its unlink, of which done() has told. */
	void (*late)(struct req_table *table, struct vhci_req *req, int status);
};

struct req_table {
	/*
	 * Protects the table and all that happens to its requests. Taken with
	 * interrupts off, inside the socket's lock and RCU, outside of the
	 * USB core's locks for lists of URBs and for giving them back.
	 */
	spinlock_t lock;
	const struct req_ops *ops;
	struct list_head free;
	struct list_head waiting;	/* told; for RET_UNLINK; oldest first */
	struct list_head late;		/* told; RET_SUBMIT may come */
	u32 n_free;
	u32 n_waiting;
	u32 n_late;
	u32 n_cancelled;		/* cancelled, and not told */
	u32 forgotten;			/* RET_UNLINKs that find no request */
	u32 chunks;
	struct vhci_req *chunk[REQ_CHUNKS_MAX];
};

/* How long a server may take with what was cancelled. In jiffies. */
struct req_limits {
	u32 silence;		/* nothing moves */
	u32 whole;		/* since the cancellation */
};

int req_table_init(struct req_table *table, const struct req_ops *ops);
void req_table_free(struct req_table *table);
struct vhci_req *req_chunk_alloc(gfp_t gfp);
bool req_chunk_add(struct req_table *table, struct vhci_req *chunk);
struct vhci_req *req_get(struct req_table *table, u32 reserve);
void req_drop(struct req_table *table, struct vhci_req *req);

void req_sending(struct vhci_req *req);
void req_sent(struct req_table *table, struct vhci_req *req, u32 now);
bool req_withdraw(struct vhci_req *req);
const char *req_arriving(struct req_table *table,
			 const struct proto_answer *answer,
			 struct vhci_req **req, u32 *discard);
void req_answered(struct req_table *table, struct vhci_req *req, int status);
const char *req_ret_unlink(struct req_table *table,
			   const struct proto_answer *answer);
void req_cancel(struct req_table *table, struct vhci_req *req, int status,
		u32 now);
void req_end(struct req_table *table, struct vhci_req *req, int status);
bool req_expired(const struct vhci_req *req, const struct req_limits *limits,
		 u32 now, u32 moved);

/* The request at @i of the table, for walks: NULL behind the last one. */
static inline struct vhci_req *req_at(const struct req_table *table, u32 i)
{
	if (i >= table->chunks * REQ_CHUNK)
		return NULL;
	return &table->chunk[i / REQ_CHUNK][i % REQ_CHUNK];
}

/* Its isochronous packets; 0: it is not isochronous. */
static inline u32 req_packets(const struct vhci_req *req)
{
	return req->isochronous ? req->iso->n : 0;
}

/*
 * Is the message of it that is queued or being sent its unlink? One leaves only
 * behind the submit. RET_UNLINK may have come while it is being sent.
 */
static inline bool req_is_unlink(const struct vhci_req *req)
{
	return req->out == REQ_SENT;
}

#endif /* _HEARTH_VHCI_REQUEST_H */
