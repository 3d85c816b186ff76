// SPDX-License-Identifier: GPL-2.0
/*
 * Requests: their table, and what may happen to one, in which order.
 *
 * Three things go on at the same time: the submit leaves, its answer arrives,
 * and it may be cancelled. Each has a state of its own in struct vhci_req, and
 * each event changes one. Two functions draw the conclusions:
 *
 *	req_tell()	the request has ended; here and nowhere else done() is
 *			called, and never for one that was told
 *	req_settle()	a told request that nothing refers to any more is free
 *
 * The one circle of calls in the engine begins here, and is one of the matter:
 * the end of a request may cancel others (a failed command block its data), and
 * to cancel one that was not sent is its end. req_tell() marks a request before
 * it calls done(), so a circle ends at a request that it has been through.
 */
#include <linux/slab.h>

#include "request.h"

/* --- the table ----------------------------------------------------------- */

/**
 * req_chunk_alloc() - memory for REQ_CHUNK requests
 * @gfp: how to allocate; may sleep if it says so, so take no lock
 *
 * Return: the chunk, for req_chunk_add(), or NULL.
 */
struct vhci_req *req_chunk_alloc(gfp_t gfp)
{
	/* 73 of them; what one costs is compared with in-tree's 64 bytes. */
	BUILD_BUG_ON(sizeof(struct vhci_req) > 56);

	return kcalloc(REQ_CHUNK, sizeof(struct vhci_req), gfp);
}

/**
 * req_chunk_add() - let a table grow by a chunk
 * @table: the table
 * @chunk: from req_chunk_alloc(); the table's from here on
 *
 * Return: false if the table is full; the chunk is then still the caller's.
 */
bool req_chunk_add(struct req_table *table, struct vhci_req *chunk)
{
	u32 first = table->chunks * REQ_CHUNK;
	u32 i;

	if (table->chunks == REQ_CHUNKS_MAX)
		return false;
	for (i = 0; i < REQ_CHUNK; i++) {
		chunk[i].seq = (first + i) << REQ_INDEX_SHIFT;
		list_add_tail(&chunk[i].node, &table->free);
	}
	table->n_free += REQ_CHUNK;
	table->chunk[table->chunks++] = chunk;
	return true;
}

/**
 * req_table_init() - make a table
 * @table: zeroed
 * @ops: what it calls
 *
 * Return: 0 or -ENOMEM. In either case req_table_free() may be called.
 */
int req_table_init(struct req_table *table, const struct req_ops *ops)
{
	struct vhci_req *chunk = req_chunk_alloc(GFP_KERNEL);

	spin_lock_init(&table->lock);
	table->ops = ops;
	INIT_LIST_HEAD(&table->free);
	INIT_LIST_HEAD(&table->waiting);
	INIT_LIST_HEAD(&table->late);
	if (!chunk)
		return -ENOMEM;
	req_chunk_add(table, chunk);
	return 0;
}

void req_table_free(struct req_table *table)
{
	struct vhci_req *req;
	u32 i;

	for (i = 0; (req = req_at(table, i)); i++)
		if (req->isochronous)
			kfree(req->iso);
	while (table->chunks)
		kfree(table->chunk[--table->chunks]);
}

/**
 * req_get() - take a free request
 * @table: the table
 * @reserve: how many must be left free behind it
 *
 * It is REQ_QUEUED, though in no lane. It has a sequence number that none had
 * for the last 2^17 uses of its place, and never 0, which some servers take for
 * "none".
 *
 * Return: the request, or NULL if none is free.
 */
struct vhci_req *req_get(struct req_table *table, u32 reserve)
{
	struct vhci_req *req;
	u32 seq;

	if (table->n_free <= reserve)
		return NULL;
	req = list_first_entry(&table->free, struct vhci_req, node);
	list_del(&req->node);
	table->n_free--;
	seq = req->seq + BIT(REQ_GENERATION_SHIFT);
	if (!seq)
		seq += BIT(REQ_GENERATION_SHIFT);
	memset(req, 0, sizeof(*req));
	INIT_LIST_HEAD(&req->node);
	req->seq = seq;
	req->used = true;
	return req;
}

static void req_free(struct req_table *table, struct vhci_req *req)
{
	if (req->isochronous)
		kfree(req->iso);
	req->isochronous = false;
	req->iso = NULL;
	req->urb = NULL;
	req->used = false;
	/* Last in, first out would wear one generation out; and cold is fine. */
	list_move_tail(&req->node, &table->free);
	table->n_free++;
}

/**
 * req_drop() - a request is not needed after all
 * @table: the table
 * @req: from req_get(); nothing has happened to it. done() is not called.
 */
void req_drop(struct req_table *table, struct vhci_req *req)
{
	req_free(table, req);
}

/* The request a number names, submit or unlink; NULL: of none in use. */
static struct vhci_req *req_find(const struct req_table *table, u32 seq)
{
	u32 index = (seq >> REQ_INDEX_SHIFT) & GENMASK(REQ_INDEX_BITS - 1, 0);
	struct vhci_req *req = req_at(table, index);

	if (!req || !req->used || req->seq != (seq & ~REQ_SEQ_UNLINK))
		return NULL;
	return req;
}

/* --- conclusions --------------------------------------------------------- */

static void req_tell(struct req_table *table, struct vhci_req *req, int status)
{
	if (req->told)
		return;
	req->told = true;
	if (req->cancelled)
		table->n_cancelled--;
	req->cancelled = false;
	/* Of an unlink that has not begun to leave there is no need now. */
	if (req->unlink == REQ_UNLINK_WANTED ||
	    req->unlink == REQ_UNLINK_QUEUED) {
		if (req->unlink == REQ_UNLINK_QUEUED)
			list_del_init(&req->node);
		req->unlink = REQ_UNLINK_NONE;
	}
	table->ops->done(table, req, status);
}

/* The oldest in a list of told requests has waited for long enough. */
static struct vhci_req *req_oldest(struct list_head *list)
{
	struct vhci_req *req = list_first_entry(list, struct vhci_req, node);

	list_del_init(&req->node);
	return req;
}

static void req_settle(struct req_table *table, struct vhci_req *req)
{
	/* The transmit side has its node as long as it sends. */
	if (!req->told || req->out == REQ_SENDING || req->offered)
		return;
	switch (req->unlink) {
	case REQ_UNLINK_SENDING:
		return;
	case REQ_UNLINK_SENT:
		/*
		 * The stock server sends RET_UNLINK of a request that has ended
		 * with its next answer, whenever that is, or never.
		 */
		list_add_tail(&req->node, &table->waiting);
		if (++table->n_waiting <= REQ_WAITING_MAX)
			return;
		table->n_waiting--;
		table->forgotten++;
		req = req_oldest(&table->waiting);
		break;
	case REQ_UNLINK_ANSWERED:
		if (req->status || req->in != REQ_UNANSWERED)
			break;
		/* Its answer was overtaken, or there is none. */
		list_add_tail(&req->node, &table->late);
		if (++table->n_late <= REQ_WAITING_MAX)
			return;
		table->n_late--;
		req = req_oldest(&table->late);
		break;
	default:
		break;
	}
	req_free(table, req);
}

/* --- the submit, and the unlink, leave ------------------------------------ */

/* The transmit side begins with what of @req is queued. */
void req_sending(struct vhci_req *req)
{
	if (req_is_unlink(req))
		req->unlink = REQ_UNLINK_SENDING;
	else
		req->out = REQ_SENDING;
}

/**
 * req_sent() - the socket has taken all of a message
 * @table: the table
 * @req: whose submit or unlink it was; in no lane any more
 * @now: jiffies
 */
void req_sent(struct req_table *table, struct vhci_req *req, u32 now)
{
	req->offered = false;
	if (req->unlink == REQ_UNLINK_SENDING) {
		req->unlink = REQ_UNLINK_SENT;
		req->since = now;
	} else if (req->unlink != REQ_UNLINK_ANSWERED) {
		req->out = REQ_SENT;
		if (req->in == REQ_ANSWERED) {
			req_tell(table, req, req->status);
		} else if (req->unlink == REQ_UNLINK_WANTED) {
			req->unlink = REQ_UNLINK_QUEUED;
			table->ops->unlink(table, req);
		}
	}
	req_settle(table, req);
}

/**
 * req_withdraw() - the send is over, and has not taken all of the message
 * @req: whose message it is
 *
 * No answer can come to it, and none can have come.
 *
 * Return: true if one has: the server has guessed.
 */
bool req_withdraw(struct vhci_req *req)
{
	if (!req->offered)
		return false;
	req->offered = false;
	if (req->unlink == REQ_UNLINK_ANSWERED)
		return true;
	return req->out == REQ_SENDING && req->in != REQ_UNANSWERED;
}

/* --- answers ------------------------------------------------------------- */

/**
 * req_arriving() - the header of a RET_SUBMIT is there
 * @table: the table
 * @answer: not believed yet
 * @req: set to the request it answers, whose buffer takes what follows; or to
 *	NULL if what follows is of no use
 * @discard: in that case set to how many bytes follow
 *
 * Return: NULL, or what is wrong with the answer.
 */
const char *req_arriving(struct req_table *table,
			 const struct proto_answer *answer,
			 struct vhci_req **req, u32 *discard)
{
	struct vhci_req *r = req_find(table, answer->seq);
	struct proto_request asked;
	const char *broken;

	if (!r || answer->seq & REQ_SEQ_UNLINK)
		return "answer to an unknown request";
	asked.length = r->length;
	asked.packets = req_packets(r);
	asked.in = r->dir_in;
	broken = proto_check(&asked, answer);
	if (broken)
		return broken;
	if (r->unlink == REQ_UNLINK_ANSWERED && !r->status &&
	    r->in == REQ_UNANSWERED) {
		*discard = proto_payload(&asked, answer);
		*req = NULL;
		r->in = REQ_ANSWERED;
		/* While its unlink is being sent it is the transmit side's. */
		if (!r->offered) {
			list_del_init(&r->node);
			table->n_late--;
		}
		table->ops->late(table, r, proto_status(answer->status));
		req_settle(table, r);
		return NULL;
	}
	if (r->told || r->in != REQ_UNANSWERED)
		return "second answer to a request";
	if (r->out == REQ_QUEUED)
		return "answer to a request that was not sent";
	if (r->out == REQ_SENDING && !r->offered)
		return "answer to a request that was not sent in full";
	r->in = REQ_ARRIVING;
	r->actual = answer->actual_length;
	*req = r;
	return NULL;
}

/**
 * req_answered() - all of an answer is there
 * @table: the table
 * @req: what req_arriving() found
 * @status: how it ended, 0 or a negative errno
 *
 * While the submit is still being sent its buffer is in use; then req_sent()
 * tells.
 */
void req_answered(struct req_table *table, struct vhci_req *req, int status)
{
	req->in = REQ_ANSWERED;
	req->status = status;
	if (req->out != REQ_SENT)
		return;
	req_tell(table, req, status);
	req_settle(table, req);
}

/**
 * req_ret_unlink() - a RET_UNLINK is there
 * @table: the table
 * @answer: not believed yet
 *
 * With 0 either the request had ended by itself and no answer will come, or its
 * answer was overtaken: stock servers do both.
 *
 * Return: NULL, or what is wrong with it.
 */
const char *req_ret_unlink(struct req_table *table,
			   const struct proto_answer *answer)
{
	struct vhci_req *req = NULL;

	if (answer->seq & REQ_SEQ_UNLINK)
		req = req_find(table, answer->seq);
	if (req && req->unlink == REQ_UNLINK_SENT) {
		if (req->told) {
			list_del_init(&req->node);
			table->n_waiting--;
		}
	} else if (!req && answer->seq & REQ_SEQ_UNLINK && table->forgotten) {
		table->forgotten--;
		return NULL;
	} else if (!req || req->unlink != REQ_UNLINK_SENDING || !req->offered) {
		return "RET_UNLINK for a request that was not unlinked";
	}
	req->unlink = REQ_UNLINK_ANSWERED;
	if (!req->told) {
		req->status = answer->status ? -ECONNRESET : 0;
		req_tell(table, req, -ECONNRESET);
	}
	req_settle(table, req);
	return NULL;
}

/* --- cancellation -------------------------------------------------------- */

/**
 * req_cancel() - a request is no longer wanted
 * @table: the table
 * @req: in use
 * @status: what it is to end with, if the server need not be asked
 * @now: jiffies
 *
 * One that the server has not seen ends at once. For any other the server is
 * asked, and has a limit in time: till then it may use the buffer.
 */
void req_cancel(struct req_table *table, struct vhci_req *req, int status,
		u32 now)
{
	if (req->told || req->cancelled)
		return;
	if (req->out == REQ_QUEUED) {
		req_end(table, req, status);
		return;
	}
	req->cancelled = true;
	req->asked = now;
	req->since = now;
	table->n_cancelled++;
	table->ops->cancelled(table);
	/* Of one whose answer is on its way in the server knows no more. */
	if (req->in != REQ_UNANSWERED)
		return;
	if (req->out == REQ_SENDING) {
		req->unlink = REQ_UNLINK_WANTED;
		return;
	}
	req->unlink = REQ_UNLINK_QUEUED;
	table->ops->unlink(table, req);
}

/**
 * req_end() - a request is over without the server
 * @table: the table
 * @req: in use; REQ_QUEUED, or else no side runs any more
 * @status: how it ends
 */
void req_end(struct req_table *table, struct vhci_req *req, int status)
{
	if (req->told)
		return;
	list_del_init(&req->node);
	req_tell(table, req, status);
	req_settle(table, req);
}

/**
 * req_expired() - has the server had its time with a cancelled request?
 * @req: the request
 * @limits: what it has
 * @now: jiffies
 * @moved: jiffies when bytes moved last, in either direction
 *
 * Silence counts from when the server could know, or its answer has begun, and
 * from the last progress; the whole from the cancellation.
 */
bool req_expired(const struct vhci_req *req, const struct req_limits *limits,
		 u32 now, u32 moved)
{
	u32 quiet = min(now - req->since, now - moved);

	if (!req->cancelled)
		return false;
	if (now - req->asked >= limits->whole)
		return true;
	if (req->in == REQ_UNANSWERED && req->unlink != REQ_UNLINK_SENT)
		return false;	/* what holds it up is the transmit side's */
	return quiet >= limits->silence;
}
