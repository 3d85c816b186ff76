// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the parts that need no socket: requests, their table and their
 * states; the filter of mass storage; the wire; buffers; words of a port.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/usb/storage.h>

/* They have no state outside of what they are given, so test a copy. */
#include "portstatus.c"
#include "proto.c"
#include "request.c"
#include "urb.c"
#include "storage.c"

/* --- request.c: the table -------------------------------------------------- */

static struct req_table *table_new(struct kunit *test)
{
	struct req_table *table;

	table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, table);
	KUNIT_ASSERT_EQ(test, req_table_init(table, NULL), 0);
	return table;
}

static void request_found_by_number(struct kunit *test)
{
	struct req_table *table = table_new(test);
	struct vhci_req *req[REQ_CHUNK];
	int i;

	for (i = 0; i < REQ_CHUNK; i++) {
		req[i] = req_get(table, 0);
		KUNIT_ASSERT_NOT_NULL(test, req[i]);
		KUNIT_EXPECT_NE(test, req[i]->seq, 0U);
		KUNIT_EXPECT_EQ(test, req[i]->seq & REQ_SEQ_UNLINK, 0UL);
	}
	KUNIT_EXPECT_NULL(test, req_get(table, 0));
	for (i = 0; i < REQ_CHUNK; i++) {
		KUNIT_EXPECT_PTR_EQ(test, req_find(table, req[i]->seq), req[i]);
		KUNIT_EXPECT_PTR_EQ(test, req_find(table, req[i]->seq |
						   REQ_SEQ_UNLINK), req[i]);
	}
	req_table_free(table);
}

static void request_unknown_number(struct kunit *test)
{
	struct req_table *table = table_new(test);
	struct vhci_req *req = req_get(table, 0);

	KUNIT_ASSERT_NOT_NULL(test, req);
	KUNIT_EXPECT_NULL(test, req_find(table, 0));
	KUNIT_EXPECT_NULL(test, req_find(table, U32_MAX));
	/* free place, place behind the table, place in use but older */
	KUNIT_EXPECT_NULL(test, req_find(table, req->seq + 2));
	KUNIT_EXPECT_NULL(test, req_find(table, req->seq + 2 * REQ_CHUNK));
	KUNIT_EXPECT_NULL(test, req_find(table, req->seq -
					 BIT(REQ_GENERATION_SHIFT)));
	req_table_free(table);
}

static void request_stale_number(struct kunit *test)
{
	struct req_table *table = table_new(test);
	struct vhci_req *req = req_get(table, 0);
	u32 stale = req->seq;
	int i;

	req_drop(table, req);
	KUNIT_EXPECT_NULL(test, req_find(table, stale));
	for (i = 0; i < REQ_CHUNK; i++)
		req_get(table, 0);
	KUNIT_EXPECT_NULL(test, req_find(table, stale));
	req_table_free(table);
}

/* One place, used till its generation is round: only then the number is back. */
static void request_generation_wraps(struct kunit *test)
{
	const u32 uses = BIT(32 - REQ_GENERATION_SHIFT);
	struct req_table *table = table_new(test);
	struct vhci_req *req = NULL;
	u32 first, i;

	for (i = 0; i < REQ_CHUNK; i++)
		req = req_get(table, 0);
	first = req->seq;
	for (i = 1; i < uses; i++) {
		req_drop(table, req);
		KUNIT_ASSERT_PTR_EQ(test, req_get(table, 0), req);
		if (req->seq == first || !req->seq)
			break;
		if (req_find(table, first))
			break;
	}
	KUNIT_EXPECT_EQ(test, i, uses);
	req_drop(table, req);
	req_get(table, 0);
	KUNIT_EXPECT_EQ(test, req->seq, first);
	req_table_free(table);
}

static void request_zero_is_skipped(struct kunit *test)
{
	struct req_table *table = table_new(test);
	struct vhci_req *req = req_get(table, 0);

	KUNIT_ASSERT_EQ(test, req->seq, (u32)BIT(REQ_GENERATION_SHIFT));
	req->seq = -(u32)BIT(REQ_GENERATION_SHIFT);
	req_drop(table, req);
	while (req_get(table, 0) != req)
		;
	KUNIT_EXPECT_EQ(test, req->seq, (u32)BIT(REQ_GENERATION_SHIFT));
	req_table_free(table);
}

static void request_table_grows_to_its_end(struct kunit *test)
{
	struct req_table *table = table_new(test);
	struct vhci_req *chunk, *req;
	u32 n = 0;

	do {
		chunk = req_chunk_alloc(GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, chunk);
	} while (req_chunk_add(table, chunk));
	kfree(chunk);
	while ((req = req_get(table, 0))) {
		if (req_find(table, req->seq) != req)
			break;
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, (u32)(REQ_CHUNKS_MAX * REQ_CHUNK));
	req_table_free(table);
}

static void request_reserve(struct kunit *test)
{
	struct req_table *table = table_new(test);
	int n = 0;

	while (req_get(table, REQ_RESERVE))
		n++;
	KUNIT_EXPECT_EQ(test, n, (int)(REQ_CHUNK - REQ_RESERVE));
	KUNIT_EXPECT_NOT_NULL(test, req_get(table, 0));
	KUNIT_EXPECT_NULL(test, req_get(table, 0));
	req_table_free(table);
}

/* --- request.c: what may happen to a request, in every order ---------------- */

/*
 * A request in a world of its own: one lane, one send at a time, a stream of
 * answers that may tell anything.
 */
struct world {
	struct req_table table;
	struct vhci_req *req;
	struct vhci_req *arriving;
	struct list_head lane;
	struct list_head batch;
	bool unlink;			/* what is in the batch began as one */
	u32 seq;
	int done;
	int late;
	int status;
};

static struct world *world_of(struct req_table *table)
{
	return container_of(table, struct world, table);
}

static void world_done(struct req_table *table, struct vhci_req *req, int status)
{
	world_of(table)->done++;
	world_of(table)->status = status;
}

static void world_cancelled(struct req_table *table)
{
}

static void world_unlink(struct req_table *table, struct vhci_req *req)
{
	list_add_tail(&req->node, &world_of(table)->lane);
}

static void world_late(struct req_table *table, struct vhci_req *req, int status)
{
	world_of(table)->late++;
}

static const struct req_ops world_ops = {
	.done		= world_done,
	.cancelled	= world_cancelled,
	.unlink		= world_unlink,
	.late		= world_late,
};

static struct world *world_new(void)
{
	struct world *w = kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w)
		return NULL;
	if (req_table_init(&w->table, &world_ops)) {
		kfree(w);
		return NULL;
	}
	INIT_LIST_HEAD(&w->lane);
	INIT_LIST_HEAD(&w->batch);
	w->req = req_get(&w->table, 0);
	w->req->length = 512;
	w->req->dir_in = true;
	w->seq = w->req->seq;
	list_add_tail(&w->req->node, &w->lane);
	return w;
}

static void world_free(struct world *w)
{
	req_table_free(&w->table);
	kfree(w);
}

enum event {
	EV_SEND,	/* a send begins that has all of the message */
	EV_SEND_PART,	/* or a part of it */
	EV_SENT,	/* the socket has taken all of it */
	EV_SENT_PART,	/* or not */
	EV_ARRIVING,	/* a header of RET_SUBMIT */
	EV_ANSWERED,	/* and what follows it */
	EV_UNLINKED,	/* RET_UNLINK, -ECONNRESET */
	EV_UNLINKED_0,	/* RET_UNLINK, 0 */
	EV_CANCEL,
	EV_EXPIRE,	/* a look at the limits */
	EVENTS,
	EV_STOP = EVENTS,
};

enum outcome {
	CANNOT,		/* nobody would do it now */
	FINE,
	LIE,		/* the server is found out: the connection ends */
};

static enum outcome world_server(struct world *w, enum event ev)
{
	struct proto_answer answer = { .seq = w->seq };
	const char *broken;
	u32 discard;

	if (w->arriving && ev != EV_ANSWERED)
		return CANNOT;		/* it is one stream of bytes */
	switch (ev) {
	case EV_ARRIVING:
		answer.command = USBIP_RET_SUBMIT;
		answer.actual_length = 7;
		broken = req_arriving(&w->table, &answer, &w->arriving,
				      &discard);
		return broken ? LIE : FINE;
	case EV_ANSWERED:
		if (!w->arriving)
			return CANNOT;
		req_answered(&w->table, w->arriving, -EREMOTEIO);
		w->arriving = NULL;
		return FINE;
	default:
		answer.command = USBIP_RET_UNLINK;
		answer.seq |= REQ_SEQ_UNLINK;
		answer.status = ev == EV_UNLINKED ? -ECONNRESET : 0;
		return req_ret_unlink(&w->table, &answer) ? LIE : FINE;
	}
}

static enum outcome world_send(struct world *w, enum event ev)
{
	struct vhci_req *req = list_first_entry_or_null(&w->batch,
							struct vhci_req, node);

	switch (ev) {
	case EV_SEND:
	case EV_SEND_PART:
		if (req && req->offered)
			return CANNOT;
		if (!req) {
			req = list_first_entry_or_null(&w->lane,
						       struct vhci_req, node);
			if (!req)
				return CANNOT;
			list_move_tail(&req->node, &w->batch);
			req_sending(req);
			w->unlink = req_is_unlink(req);
		} else if (ev == EV_SEND_PART) {
			return CANNOT;
		}
		req->offered = ev == EV_SEND;
		return FINE;
	case EV_SENT:
		if (!req || !req->offered)
			return CANNOT;
		list_del_init(&req->node);
		req_sent(&w->table, req, 0);
		return FINE;
	default:
		if (!req || !req->offered)
			return CANNOT;
		return req_withdraw(req) ? LIE : FINE;
	}
}

static enum outcome world_event(struct world *w, enum event ev)
{
	static const struct req_limits limits = { 10, 100 };

	switch (ev) {
	case EV_SEND ... EV_SENT_PART:
		return world_send(w, ev);
	case EV_ARRIVING ... EV_UNLINKED_0:
		return world_server(w, ev);
	case EV_CANCEL:
		if (!w->req->used || w->req->told || w->req->cancelled)
			return CANNOT;
		req_cancel(&w->table, w->req, -ENOENT, 0);
		return FINE;
	default:
		/* No limit holds for one that nobody waits for. */
		if (!req_expired(w->req, &limits, 1000, 1000))
			return CANNOT;
		return w->req->told || !w->req->cancelled ? CANNOT : LIE;
	}
}

static bool world_is_sound(struct world *w)
{
	struct vhci_req *req = w->req;
	bool told = w->done;

	if (w->done > 1 || w->late > 1)
		return false;
	if (!req->used)
		return told && list_empty(&w->batch) && list_empty(&w->lane) &&
		       !w->arriving && w->table.n_free == REQ_CHUNK;
	if (w->table.n_free != REQ_CHUNK - 1 || req->told != told)
		return false;
	/* An URB that is given back is nobody's buffer. */
	if (told && (w->arriving || req->out == REQ_SENDING))
		return false;
	/* Its length is looked up again when it is sent. */
	if (!list_empty(&w->batch) && req_is_unlink(req) != w->unlink)
		return false;
	if (w->table.n_cancelled != req->cancelled || (told && req->cancelled))
		return false;
	return w->table.n_waiting + w->table.n_late <= 1;
}

#define STEPS_MAX	12

static struct world *world_replay(const u8 *steps, int n)
{
	struct world *w = world_new();
	int i;

	for (i = 0; w && i < n; i++)
		world_event(w, steps[i]);
	return w;
}

static bool world_ends_well(struct world *w)
{
	if (w->req->used)
		req_end(&w->table, w->req, -ESHUTDOWN);
	return w->done == 1;
}

/* Every order of events from here on. Returns orders, or -1: one is not sound. */
static int world_explore(struct kunit *test, u8 *steps, int n)
{
	int orders = 0;
	u8 ev;

	if (n == STEPS_MAX)
		return 1;
	for (ev = 0; ev < EVENTS; ev++) {
		struct world *w = world_replay(steps, n);
		enum outcome outcome;
		bool sound, ends;
		int more = 1;

		if (!w)
			return -1;
		outcome = world_event(w, ev);
		sound = outcome == CANNOT || world_is_sound(w);
		ends = world_ends_well(w);
		world_free(w);
		steps[n] = ev;
		if (!sound || !ends) {
			kunit_err(test, "not sound: %*ph\n", n + 1, steps);
			return -1;
		}
		if (outcome == FINE)
			more = world_explore(test, steps, n + 1);
		if (more < 0)
			return more;
		orders += outcome == CANNOT ? 0 : more;
	}
	return orders;
}

static void request_every_order(struct kunit *test)
{
	u8 steps[STEPS_MAX];
	int orders = world_explore(test, steps, 0);

	kunit_info(test, "%d orders of events\n", orders);
	KUNIT_EXPECT_GT(test, orders, 100);
}

/* play(W, EVENT..., EV_STOP): each must be fine. */
static bool world_play(struct world *w, const enum event *ev)
{
	for (; *ev != EV_STOP; ev++)
		if (world_event(w, *ev) != FINE)
			return false;
	return true;
}

#define play(w, ...) \
	world_play(w, (const enum event[]){ __VA_ARGS__, EV_STOP })

/* The answer crosses CMD_UNLINK; RET_UNLINK comes behind it, or never. */
static void request_answer_crosses_unlink(struct kunit *test)
{
	struct world *w = world_new();

	KUNIT_ASSERT_NOT_NULL(test, w);
	KUNIT_EXPECT_TRUE(test, play(w, EV_SEND, EV_SENT, EV_CANCEL, EV_SEND,
				     EV_SENT, EV_ARRIVING, EV_ANSWERED));
	KUNIT_EXPECT_EQ(test, w->done, 1);
	KUNIT_EXPECT_EQ(test, w->status, -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, w->table.n_waiting, 1U);
	KUNIT_EXPECT_EQ(test, world_event(w, EV_EXPIRE), CANNOT);
	KUNIT_EXPECT_TRUE(test, play(w, EV_UNLINKED_0));
	KUNIT_EXPECT_EQ(test, w->done, 1);
	KUNIT_EXPECT_EQ(test, w->table.n_waiting, 0U);
	KUNIT_EXPECT_FALSE(test, w->req->used);
	world_free(w);
}

/* The answer is overtaken by RET_UNLINK, and dropped when it comes. */
static void request_late_answer(struct kunit *test)
{
	struct world *w = world_new();

	KUNIT_ASSERT_NOT_NULL(test, w);
	KUNIT_EXPECT_TRUE(test, play(w, EV_SEND, EV_SENT, EV_CANCEL, EV_SEND,
				     EV_SENT, EV_UNLINKED_0));
	KUNIT_EXPECT_EQ(test, w->done, 1);
	KUNIT_EXPECT_EQ(test, w->status, -ECONNRESET);
	KUNIT_EXPECT_EQ(test, w->table.n_late, 1U);
	KUNIT_EXPECT_TRUE(test, play(w, EV_ARRIVING));
	KUNIT_EXPECT_EQ(test, w->late, 1);
	KUNIT_EXPECT_EQ(test, w->done, 1);
	KUNIT_EXPECT_FALSE(test, w->req->used);
	KUNIT_EXPECT_EQ(test, world_event(w, EV_ARRIVING), LIE);
	world_free(w);
}

/* More RET_UNLINKs are owed than are waited for: the oldest are forgotten. */
static void request_waiting_is_bounded(struct kunit *test)
{
	struct proto_answer answer = { .command = USBIP_RET_UNLINK };
	struct world *w = world_new();
	u32 first, more = 3, i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	first = w->seq;
	for (i = 0; i < REQ_WAITING_MAX + more; i++) {
		bool ok = play(w, EV_SEND, EV_SENT, EV_CANCEL, EV_SEND, EV_SENT,
			       EV_ARRIVING, EV_ANSWERED);

		if (!ok || w->done != i + 1)
			break;
		w->req = req_get(&w->table, 0);
		if (!w->req) {
			struct vhci_req *chunk = req_chunk_alloc(GFP_KERNEL);

			KUNIT_ASSERT_NOT_NULL(test, chunk);
			req_chunk_add(&w->table, chunk);
			w->req = req_get(&w->table, 0);
		}
		w->req->length = 512;
		w->req->dir_in = true;
		w->seq = w->req->seq;
		list_add_tail(&w->req->node, &w->lane);
	}
	KUNIT_EXPECT_EQ(test, i, REQ_WAITING_MAX + more);
	KUNIT_EXPECT_EQ(test, w->table.n_waiting, (u32)REQ_WAITING_MAX);
	/* As many late ones are borne as were forgotten, and not one more. */
	answer.seq = first | REQ_SEQ_UNLINK;
	for (i = 0; i < more; i++)
		KUNIT_EXPECT_NULL(test, req_ret_unlink(&w->table, &answer));
	KUNIT_EXPECT_NOT_NULL(test, req_ret_unlink(&w->table, &answer));
	world_free(w);
}

/* Silence, progress, and the whole. */
static void request_limits(struct kunit *test)
{
	static const struct req_limits limits = { .silence = 10, .whole = 40 };
	struct vhci_req req = { .cancelled = 1, .out = REQ_SENT };

	/* CMD_UNLINK has not left: no silence of the server's */
	req.unlink = REQ_UNLINK_QUEUED;
	KUNIT_EXPECT_FALSE(test, req_expired(&req, &limits, 39, 0));
	KUNIT_EXPECT_TRUE(test, req_expired(&req, &limits, 40, 40));
	/* it left at 20 */
	req.unlink = REQ_UNLINK_SENT;
	req.since = 20;
	KUNIT_EXPECT_FALSE(test, req_expired(&req, &limits, 29, 0));
	KUNIT_EXPECT_TRUE(test, req_expired(&req, &limits, 30, 0));
	KUNIT_EXPECT_FALSE(test, req_expired(&req, &limits, 30, 25));
	KUNIT_EXPECT_TRUE(test, req_expired(&req, &limits, 35, 25));
	KUNIT_EXPECT_TRUE(test, req_expired(&req, &limits, 40, 40));
	/* its answer is on its way in */
	req.unlink = REQ_UNLINK_NONE;
	req.in = REQ_ARRIVING;
	KUNIT_EXPECT_TRUE(test, req_expired(&req, &limits, 30, 0));
	/* jiffies wrap */
	req.asked = -5;
	req.since = -5;
	KUNIT_EXPECT_FALSE(test, req_expired(&req, &limits, 4, -10));
	KUNIT_EXPECT_TRUE(test, req_expired(&req, &limits, 5, -10));
	req.cancelled = 0;
	KUNIT_EXPECT_FALSE(test, req_expired(&req, &limits, 100, 0));
}

static struct kunit_case request_cases[] = {
	KUNIT_CASE(request_found_by_number),
	KUNIT_CASE(request_unknown_number),
	KUNIT_CASE(request_stale_number),
	KUNIT_CASE(request_generation_wraps),
	KUNIT_CASE(request_zero_is_skipped),
	KUNIT_CASE(request_table_grows_to_its_end),
	KUNIT_CASE(request_reserve),
	KUNIT_CASE(request_every_order),
	KUNIT_CASE(request_answer_crosses_unlink),
	KUNIT_CASE(request_late_answer),
	KUNIT_CASE(request_waiting_is_bounded),
	KUNIT_CASE(request_limits),
	{}
};

static struct kunit_suite request_suite = {
	.name = "hearth_vhci_request",
	.test_cases = request_cases,
};

/* --- storage.c ------------------------------------------------------------- */

#define DISK_IN		1
#define DISK_OUT	2
#define DISK_URBS	4

/* A filter with no connection: what it asks for is noted, a test answers it. */
struct disk {
	struct req_table table;
	struct vhci_storage st;
	struct list_head lane;
	bool held;
	int dones;
	struct urb urb[DISK_URBS];
	bool back[DISK_URBS];
	int status[DISK_URBS];
	u8 buf[DISK_URBS][512];
};

static void disk_back(struct disk *disk, struct vhci_req *req, int status)
{
	int i = req->urb - disk->urb;

	/* Twice, and the test fails by its status. */
	disk->status[i] = disk->back[i] ? -EALREADY : status;
	disk->back[i] = true;
	req->urb = NULL;
}

static void disk_done(struct req_table *table, struct vhci_req *req, int status)
{
	struct disk *disk = container_of(table, struct disk, table);

	disk->dones++;
	status = storage_done(&disk->st, req, status);
	if (req->urb)
		disk_back(disk, req, status);
}

static void disk_unlink(struct req_table *table, struct vhci_req *req)
{
	list_add(&req->node, &container_of(table, struct disk, table)->lane);
}

static void disk_late(struct req_table *table, struct vhci_req *req, int status)
{
	storage_late(&container_of(table, struct disk, table)->st, req, status);
}

static const struct req_ops disk_req_ops = {
	.done		= disk_done,
	.cancelled	= world_cancelled,
	.unlink		= disk_unlink,
	.late		= disk_late,
};

static void disk_queue(struct vhci_storage *st, struct vhci_req *req)
{
	list_add_tail(&req->node,
		      &container_of(st, struct disk, st)->lane);
}

static void disk_giveback(struct vhci_storage *st, struct vhci_req *req,
			  int status)
{
	disk_back(container_of(st, struct disk, st), req, status);
}

static void disk_hold(struct vhci_storage *st, bool hold)
{
	container_of(st, struct disk, st)->held = hold;
}

static void disk_told(struct vhci_storage *st, const char *what, const char *why)
{
}

static const struct storage_ops disk_ops = {
	.queue		= disk_queue,
	.giveback	= disk_giveback,
	.hold		= disk_hold,
	.told		= disk_told,
};

static struct disk *disk_new(struct kunit *test)
{
	struct disk *disk = kunit_kzalloc(test, sizeof(*disk), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, disk);
	KUNIT_ASSERT_EQ(test, req_table_init(&disk->table, &disk_req_ops), 0);
	storage_init(&disk->st, &disk->table, &disk_ops);
	INIT_LIST_HEAD(&disk->lane);
	disk->st.in = DISK_IN;
	disk->st.out = DISK_OUT;
	return disk;
}

static enum storage_verdict disk_submit(struct disk *disk, int i, bool in,
					u32 len)
{
	struct vhci_req *req = req_get(&disk->table, REQ_RESERVE);
	struct urb *urb = &disk->urb[i];

	urb->pipe = PIPE_BULK << 30 | (in ? DISK_IN : DISK_OUT) << 15;
	urb->transfer_flags = in ? URB_DIR_IN : URB_DIR_OUT;
	urb->transfer_buffer = disk->buf[i];
	urb->transfer_buffer_length = len;
	disk->back[i] = false;
	disk->status[i] = -EINPROGRESS;
	urb_bind(urb, req, NULL);
	return storage_submit(&disk->st, req);
}

static enum storage_verdict disk_command(struct disk *disk, int i, u32 len,
					 bool in)
{
	struct bulk_cb_wrap *cb = (void *)disk->buf[i];

	memset(cb, 0, sizeof(*cb));
	cb->Signature = cpu_to_le32(US_BULK_CB_SIGN);
	cb->DataTransferLength = cpu_to_le32(len);
	cb->Flags = in ? US_BULK_FLAG_IN : 0;
	return disk_submit(disk, i, false, US_BULK_CB_WRAP_LEN);
}

/* The first message of the lane leaves. Returns whose it was. */
static struct vhci_req *disk_send(struct disk *disk)
{
	struct vhci_req *req = list_first_entry_or_null(&disk->lane,
							struct vhci_req, node);

	if (!req)
		return NULL;
	list_del_init(&req->node);
	req_sending(req);
	req_sent(&disk->table, req, 0);
	return req;
}

/* Its answer comes, with @data where it has room for that. */
static bool disk_answer(struct disk *disk, u32 seq, int status, u32 actual,
			const void *data)
{
	struct proto_answer answer = {
		.command = USBIP_RET_SUBMIT,
		.seq = seq,
		.status = status,
		.actual_length = actual,
	};
	struct vhci_req *req = NULL;
	struct cursor at;
	u32 discard;
	void *p;

	if (req_arriving(&disk->table, &answer, &req, &discard))
		return false;
	if (!req)
		return true;
	urb_cursor(req, &at);
	if (data && cursor_chunk(&at, actual, &p) >= actual)
		memcpy(p, data, actual);
	if (req->urb)
		req->urb->actual_length = actual;
	req_answered(&disk->table, req, status);
	return true;
}

static bool disk_unlinked(struct disk *disk, u32 seq, int status)
{
	struct proto_answer answer = {
		.command = USBIP_RET_UNLINK,
		.seq = seq | REQ_SEQ_UNLINK,
		.status = status,
	};

	return !req_ret_unlink(&disk->table, &answer);
}

static const u8 disk_csw[US_BULK_CS_WRAP_LEN] = { 'U', 'S', 'B', 'S', 1 };

/* Three messages leave before the first answer is there. */
static void storage_one_round_trip(struct kunit *test)
{
	struct vhci_req *command, *data, *status;
	struct disk *disk = disk_new(test);

	KUNIT_EXPECT_EQ(test, disk_command(disk, 0, 512, true), STORAGE_HOLD);
	KUNIT_EXPECT_TRUE(test, disk->back[0]);
	KUNIT_EXPECT_EQ(test, disk->status[0], 0);
	KUNIT_EXPECT_EQ(test, disk_submit(disk, 1, true, 512), STORAGE_PASS);
	command = disk_send(disk);
	data = disk_send(disk);
	status = disk_send(disk);
	KUNIT_ASSERT_NOT_NULL(test, status);
	KUNIT_EXPECT_TRUE(test, status->kind == REQ_STATUS);
	KUNIT_EXPECT_PTR_EQ(test, disk->st.posted, command);
	KUNIT_EXPECT_TRUE(test, disk_answer(disk, command->seq, 0,
					    US_BULK_CB_WRAP_LEN, NULL));
	KUNIT_EXPECT_NULL(test, disk->st.posted);
	KUNIT_EXPECT_TRUE(test, disk_answer(disk, data->seq, 0, 512, NULL));
	KUNIT_EXPECT_EQ(test, disk->status[1], 0);
	/* the driver's URB claims it */
	KUNIT_EXPECT_EQ(test, disk_submit(disk, 2, true, US_BULK_CS_WRAP_LEN),
			STORAGE_DONE);
	KUNIT_EXPECT_FALSE(test, disk->back[2]);
	KUNIT_EXPECT_TRUE(test, disk_answer(disk, status->seq, 0,
					    US_BULK_CS_WRAP_LEN, disk_csw));
	KUNIT_EXPECT_EQ(test, disk->status[2], 0);
	KUNIT_EXPECT_MEMEQ(test, disk->buf[2], disk_csw, US_BULK_CS_WRAP_LEN);
	KUNIT_EXPECT_EQ(test, disk->table.n_free, (u32)REQ_CHUNK);
	req_table_free(&disk->table);
}

/* The status comes before the driver asks for it. */
static void storage_status_first(struct kunit *test)
{
	struct vhci_req *command, *data, *status;
	struct disk *disk = disk_new(test);

	disk_command(disk, 0, 512, false);
	disk_submit(disk, 1, false, 512);
	command = disk_send(disk);
	data = disk_send(disk);
	status = disk_send(disk);
	KUNIT_ASSERT_NOT_NULL(test, status);
	disk_answer(disk, command->seq, 0, US_BULK_CB_WRAP_LEN, NULL);
	disk_answer(disk, data->seq, 0, 512, NULL);
	disk_answer(disk, status->seq, 0, US_BULK_CS_WRAP_LEN, disk_csw);
	KUNIT_EXPECT_EQ(test, disk_submit(disk, 2, true, US_BULK_CS_WRAP_LEN),
			STORAGE_DONE);
	KUNIT_EXPECT_TRUE(test, disk->back[2]);
	KUNIT_EXPECT_EQ(test, disk->status[2], 0);
	KUNIT_EXPECT_MEMEQ(test, disk->buf[2], disk_csw, US_BULK_CS_WRAP_LEN);
	req_table_free(&disk->table);
}

/*
 * The status of a command without data is cancelled, and its answer crosses
 * CMD_UNLINK: it ends once, and RET_UNLINK touches nothing of the next command.
 */
static void storage_answer_crosses_unlink(struct kunit *test)
{
	struct disk *disk = disk_new(test);
	struct vhci_req *command, *status;
	u32 seq;

	disk_command(disk, 0, 0, false);
	KUNIT_EXPECT_EQ(test, disk_submit(disk, 1, true, US_BULK_CS_WRAP_LEN),
			STORAGE_PASS);
	command = disk_send(disk);
	status = disk_send(disk);
	KUNIT_ASSERT_NOT_NULL(test, status);
	seq = status->seq;
	disk_answer(disk, command->seq, 0, US_BULK_CB_WRAP_LEN, NULL);
	req_cancel(&disk->table, status, -ENOENT, 0);
	KUNIT_EXPECT_PTR_EQ(test, disk_send(disk), status);
	KUNIT_EXPECT_TRUE(test, disk_answer(disk, seq, 0, US_BULK_CS_WRAP_LEN,
					    disk_csw));
	KUNIT_EXPECT_EQ(test, disk->status[1], 0);

	disk_command(disk, 2, 512, true);
	disk_submit(disk, 3, true, 512);
	KUNIT_EXPECT_TRUE(test, disk->st.running);
	KUNIT_EXPECT_TRUE(test, disk_unlinked(disk, seq, 0));
	KUNIT_EXPECT_EQ(test, disk->status[1], 0);
	KUNIT_EXPECT_EQ(test, disk->dones, 2);
	KUNIT_EXPECT_TRUE(test, disk->st.running);
	KUNIT_EXPECT_NOT_NULL(test, disk->st.posted);
	KUNIT_EXPECT_FALSE(test, disk_unlinked(disk, seq, 0));
	req_table_free(&disk->table);
}

/* A posted command block fails: what its driver waits for fails, once. */
static void storage_command_fails(struct kunit *test)
{
	struct vhci_req *command, *data, *status, *unlink;
	struct disk *disk = disk_new(test);

	disk_command(disk, 0, 512, true);
	disk_submit(disk, 1, true, 512);
	command = disk_send(disk);
	data = disk_send(disk);
	status = disk_send(disk);
	KUNIT_ASSERT_NOT_NULL(test, status);
	disk_answer(disk, command->seq, -EPIPE, 0, NULL);
	KUNIT_EXPECT_TRUE(test, disk->held);
	KUNIT_EXPECT_FALSE(test, disk->back[1]);
	while ((unlink = disk_send(disk)))
		KUNIT_EXPECT_TRUE(test, unlink == data || unlink == status);
	KUNIT_EXPECT_TRUE(test, disk_unlinked(disk, data->seq, -ECONNRESET));
	KUNIT_EXPECT_TRUE(test, disk_unlinked(disk, status->seq, -ECONNRESET));
	KUNIT_EXPECT_EQ(test, disk->status[1], -EPROTO);
	KUNIT_EXPECT_FALSE(test, disk->held);
	KUNIT_EXPECT_EQ(test, disk->table.n_free, (u32)REQ_CHUNK);
	req_table_free(&disk->table);
}

/* Nothing has been submitted behind it: then the next URB fails. */
static void storage_next_urb_fails(struct kunit *test)
{
	struct disk *disk = disk_new(test);
	struct vhci_req *command;

	disk_command(disk, 0, 512, true);
	command = disk_send(disk);
	disk_answer(disk, command->seq, -EPIPE, 0, NULL);
	KUNIT_EXPECT_EQ(test, disk_submit(disk, 1, true, 512), STORAGE_DONE);
	KUNIT_EXPECT_EQ(test, disk->status[1], -EPROTO);
	KUNIT_EXPECT_EQ(test, disk_submit(disk, 2, true, 512), STORAGE_PASS);
	req_table_free(&disk->table);
}

/* The driver was told that it was sent, and then it is not. */
static void storage_reset_drops_command(struct kunit *test)
{
	struct disk *disk = disk_new(test);

	disk_command(disk, 0, 512, true);
	storage_reset(&disk->st);
	KUNIT_EXPECT_TRUE(test, list_empty(&disk->lane));
	KUNIT_EXPECT_NULL(test, disk->st.posted);
	KUNIT_EXPECT_EQ(test, disk->dones, 1);
	KUNIT_EXPECT_EQ(test, disk_submit(disk, 1, true, 512), STORAGE_DONE);
	KUNIT_EXPECT_EQ(test, disk->status[1], -EPROTO);
	KUNIT_EXPECT_TRUE(test, disk->st.state.off);
	KUNIT_EXPECT_NOT_NULL(test, disk->st.state.why);
	req_table_free(&disk->table);
}

/* A status that nobody wants any more comes all the same: the command failed. */
static void storage_doomed_status(struct kunit *test)
{
	struct vhci_req *command, *data, *status;
	struct disk *disk = disk_new(test);

	disk_command(disk, 0, 512, true);
	disk_submit(disk, 1, true, 512);
	command = disk_send(disk);
	data = disk_send(disk);
	status = disk_send(disk);
	KUNIT_ASSERT_NOT_NULL(test, status);
	disk_answer(disk, command->seq, 0, US_BULK_CB_WRAP_LEN, NULL);
	disk_answer(disk, data->seq, -EPIPE, 0, NULL);
	KUNIT_EXPECT_TRUE(test, disk->held);
	KUNIT_EXPECT_PTR_EQ(test, disk_send(disk), status);
	/* RET_UNLINK overtakes it */
	KUNIT_EXPECT_TRUE(test, disk_unlinked(disk, status->seq, 0));
	KUNIT_EXPECT_FALSE(test, disk->held);
	KUNIT_EXPECT_TRUE(test, disk_answer(disk, status->seq, 0,
					    US_BULK_CS_WRAP_LEN, disk_csw));
	KUNIT_EXPECT_EQ(test, disk_submit(disk, 2, true, US_BULK_CS_WRAP_LEN),
			STORAGE_DONE);
	KUNIT_EXPECT_EQ(test, disk->status[2], -EPROTO);
	req_table_free(&disk->table);
}

static void storage_early_stall(struct kunit *test)
{
	struct vhci_req *data;
	struct disk *disk = disk_new(test);

	disk_command(disk, 0, 512, true);
	disk_submit(disk, 1, true, 512);
	disk_send(disk);
	data = disk_send(disk);
	/* before the command block is answered */
	disk_answer(disk, data->seq, -EPIPE, 0, NULL);
	KUNIT_EXPECT_TRUE(test, disk->st.state.off);
	KUNIT_EXPECT_EQ(test, disk->status[1], -EPROTO);
	KUNIT_EXPECT_EQ(test, disk_command(disk, 2, 512, true), STORAGE_PASS);
	KUNIT_EXPECT_FALSE(test, disk->back[2]);
	req_table_free(&disk->table);
}

static void storage_refused(struct kunit *test)
{
	struct disk *disk = disk_new(test);

	disk->st.state.refused = true;
	KUNIT_EXPECT_EQ(test, disk_command(disk, 0, 512, true), STORAGE_PASS);
	KUNIT_EXPECT_FALSE(test, disk->back[0]);
	KUNIT_EXPECT_FALSE(test, disk->st.state.off);
	req_table_free(&disk->table);
}

/* Who wants a pause, by unusual_devs.h, gets it, and so does QEMU's disk. */
static void storage_strict_devices(struct kunit *test)
{
	static const u16 ids[][2] = {
		{ 0x46f4, 0x0001 }, { 0x059f, 0x0643 }, { 0x05e3, 0x0701 },
		{ 0x05e3, 0x0702 }, { 0x067b, 0x2507 }, { 0x067b, 0x3507 },
		{ 0x0ed1, 0x7636 }, { 0x2735, 0x100b },
	};
	struct usb_device *udev = kunit_kzalloc(test, sizeof(*udev), GFP_KERNEL);
	struct disk *disk;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, udev);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		udev->descriptor.idVendor = cpu_to_le16(ids[i][0]);
		udev->descriptor.idProduct = cpu_to_le16(ids[i][1]);
		disk = disk_new(test);
		KUNIT_EXPECT_FALSE(test, storage_bears_it(&disk->st, udev));
		KUNIT_EXPECT_TRUE(test, disk->st.state.off);
		KUNIT_EXPECT_NOT_NULL(test, disk->st.state.why);
		KUNIT_EXPECT_EQ(test, disk_command(disk, 0, 512, true),
				STORAGE_PASS);
		req_table_free(&disk->table);
	}
	/* another product of one of them */
	udev->descriptor.idProduct = cpu_to_le16(0x100c);
	disk = disk_new(test);
	KUNIT_EXPECT_TRUE(test, storage_bears_it(&disk->st, udev));
	KUNIT_EXPECT_FALSE(test, disk->st.state.off);
	req_table_free(&disk->table);
}

static struct kunit_case storage_cases[] = {
	KUNIT_CASE(storage_one_round_trip),
	KUNIT_CASE(storage_status_first),
	KUNIT_CASE(storage_answer_crosses_unlink),
	KUNIT_CASE(storage_command_fails),
	KUNIT_CASE(storage_next_urb_fails),
	KUNIT_CASE(storage_reset_drops_command),
	KUNIT_CASE(storage_doomed_status),
	KUNIT_CASE(storage_early_stall),
	KUNIT_CASE(storage_refused),
	KUNIT_CASE(storage_strict_devices),
	{}
};

static struct kunit_suite storage_suite = {
	.name = "hearth_vhci_storage",
	.test_cases = storage_cases,
};

/* --- cursor.h, urb.c ------------------------------------------------------- */

/* Entries without bytes: first, in the middle, last. */
static void cursor_empty_entries(struct kunit *test)
{
	static const u32 lens[] = { 0, 5, 0, 0, 7, 0 };
	struct scatterlist sg[ARRAY_SIZE(lens)];
	u8 *buf = kunit_kzalloc(test, 12, GFP_KERNEL);
	struct cursor at;
	u32 off = 0, n;
	void *p;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	sg_init_table(sg, ARRAY_SIZE(lens));
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		sg_set_buf(&sg[i], buf + off, lens[i]);
		off += lens[i];
	}
	cursor_init_sg(&at, sg);
	for (off = 0; off < 12; off += n) {
		n = cursor_chunk(&at, 12 - off, &p);
		KUNIT_ASSERT_GT(test, n, 0U);
		KUNIT_EXPECT_PTR_EQ(test, p, (void *)(buf + off));
		cursor_advance(&at, n);
	}
	KUNIT_EXPECT_EQ(test, cursor_chunk(&at, 1, &p), 0U);
}

/* In pieces of any size the same bytes come to the same places, and no further. */
static void cursor_write_in_pieces(struct kunit *test)
{
	static const u32 lens[] = { 5, 0, 4, 3 };
	struct scatterlist sg[ARRAY_SIZE(lens)];
	u8 *buf = kunit_kzalloc(test, 16, GFP_KERNEL);
	struct cursor at;
	u32 size, off;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	sg_init_table(sg, ARRAY_SIZE(lens));
	for (i = 0, off = 13; i < ARRAY_SIZE(lens); i++) {
		off -= lens[i];
		sg_set_buf(&sg[i], buf + off, lens[i]);
	}
	for (size = 1; size <= 12; size++) {
		memset(buf, '.', 16);
		cursor_init_sg(&at, sg);
		for (off = 0; off < 12; off += size)
			cursor_write(&at, "abcdefghijkl" + off,
				     min(size, 12 - off));
		cursor_write(&at, "x", 1);
		KUNIT_EXPECT_MEMEQ(test, buf, ".jklfghiabcde...", 16);

		memset(buf, '.', 16);
		cursor_init_buf(&at, buf);
		for (off = 0; off < 12; off += size)
			cursor_write(&at, "abcdefghijkl" + off,
				     min(size, 12 - off));
		KUNIT_EXPECT_MEMEQ(test, buf, "abcdefghijkl....", 16);
	}
}

/* What lets the stock server take a long buffer in pages. */
static u32 urb_sends_flags(struct kunit *test, bool scattered, u32 len)
{
	struct usb_device *udev = kunit_kzalloc(test, sizeof(*udev), GFP_KERNEL);
	struct vhci_req req = { .dir_in = 1, .length = len };
	struct usbip_header hdr;
	struct urb urb = {
		.dev = udev,
		.pipe = PIPE_BULK << 30 | USB_DIR_IN,
		.transfer_flags = URB_DIR_IN,
		.transfer_buffer_length = len,
		.num_sgs = scattered,
	};

	req.urb = &urb;
	urb_pack(&req, 1, &hdr);
	return be32_to_cpu(hdr.cmd_submit.transfer_flags);
}

static void urb_scatter_flag(struct kunit *test)
{
	const u32 in = USBIP_URB_DIR_IN, sg = in | USBIP_URB_DMA_MAP_SG;

	KUNIT_EXPECT_EQ(test, urb_sends_flags(test, true, 4096), sg);
	KUNIT_EXPECT_EQ(test, urb_sends_flags(test, true, 0), in);
	KUNIT_EXPECT_EQ(test, urb_sends_flags(test, false, 1 << 20), in);
	KUNIT_EXPECT_EQ(test, urb_sends_flags(test, false, 5 << 20), sg);
}

static struct kunit_case urb_cases[] = {
	KUNIT_CASE(cursor_empty_entries),
	KUNIT_CASE(cursor_write_in_pieces),
	KUNIT_CASE(urb_scatter_flag),
	{}
};

static struct kunit_suite urb_suite = {
	.name = "hearth_vhci_urb",
	.test_cases = urb_cases,
};

/* --- proto.c ------------------------------------------------------------ */

static struct usbip_header ret_submit(s32 status, u32 actual, u32 packets,
				      u32 errors)
{
	struct usbip_header hdr = {
		.command = cpu_to_be32(USBIP_RET_SUBMIT),
		.seqnum = cpu_to_be32(0x8002),
		.ret_submit = {
			.status = cpu_to_be32(status),
			.actual_length = cpu_to_be32(actual),
			.number_of_packets = cpu_to_be32(packets),
			.error_count = cpu_to_be32(errors),
		},
	};

	return hdr;
}

static void proto_commands(struct kunit *test)
{
	struct usbip_header hdr = ret_submit(-EPIPE, 7, 0, 0);
	struct proto_answer answer;
	u32 command;

	BUILD_BUG_ON(sizeof(struct usbip_header) != 48);
	BUILD_BUG_ON(sizeof(struct usbip_iso) != 16);

	for (command = 0; command < 8; command++) {
		bool known = command == USBIP_RET_SUBMIT ||
			     command == USBIP_RET_UNLINK;

		hdr.command = cpu_to_be32(command);
		KUNIT_EXPECT_EQ(test, !proto_parse(&hdr, &answer), known);
	}
	hdr.command = cpu_to_be32(USBIP_RET_SUBMIT);
	KUNIT_EXPECT_NULL(test, proto_parse(&hdr, &answer));
	KUNIT_EXPECT_EQ(test, answer.seq, 0x8002U);
	KUNIT_EXPECT_EQ(test, answer.status, -EPIPE);
	KUNIT_EXPECT_EQ(test, answer.actual_length, 7U);
}

static bool proto_accepts(u32 length, u32 packets, u32 actual, u32 got,
			  u32 errors)
{
	struct proto_request asked = { .length = length, .packets = packets };
	struct usbip_header hdr = ret_submit(0, actual, got, errors);
	struct proto_answer answer;

	return !proto_parse(&hdr, &answer) && !proto_check(&asked, &answer);
}

static void proto_lengths(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, proto_accepts(512, 0, 0, 0, 0));
	KUNIT_EXPECT_TRUE(test, proto_accepts(512, 0, 512, 0, 0));
	KUNIT_EXPECT_TRUE(test, proto_accepts(0, 0, 0, 0, 0));
	KUNIT_EXPECT_FALSE(test, proto_accepts(512, 0, 513, 0, 0));
	KUNIT_EXPECT_FALSE(test, proto_accepts(0, 0, 1, 0, 0));
	KUNIT_EXPECT_FALSE(test, proto_accepts(512, 0, -1, 0, 0));
	KUNIT_EXPECT_FALSE(test, proto_accepts(512, 0, 0x80000000, 0, 0));
	/* Some servers say -1, as the standard has it; nobody looks. */
	KUNIT_EXPECT_TRUE(test, proto_accepts(512, 0, 512, -1, 0));
}

static void proto_packets(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, proto_accepts(512, 8, 512, 8, 8));
	KUNIT_EXPECT_FALSE(test, proto_accepts(512, 8, 512, 7, 0));
	KUNIT_EXPECT_FALSE(test, proto_accepts(512, 8, 512, 9, 0));
	KUNIT_EXPECT_FALSE(test, proto_accepts(512, 8, 512, -1, 0));
	KUNIT_EXPECT_FALSE(test, proto_accepts(512, 8, 512, 8, 9));
}

static bool proto_accepts_iso(u32 offset, u32 length, u32 actual, u32 total)
{
	struct usbip_iso iso = {
		.offset = cpu_to_be32(offset),
		.length = cpu_to_be32(length),
		.actual_length = cpu_to_be32(actual),
	};

	/* asked: 64 bytes at 128; the whole answer has 100 */
	return !proto_check_iso(&iso, 128, 64, &total, 100);
}

static void proto_iso(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, proto_accepts_iso(128, 64, 64, 0));
	KUNIT_EXPECT_TRUE(test, proto_accepts_iso(128, 64, 64, 36));
	KUNIT_EXPECT_TRUE(test, proto_accepts_iso(128, 64, 0, 100));
	KUNIT_EXPECT_FALSE(test, proto_accepts_iso(127, 64, 64, 0));
	KUNIT_EXPECT_FALSE(test, proto_accepts_iso(128, 65, 64, 0));
	KUNIT_EXPECT_FALSE(test, proto_accepts_iso(128, 64, 65, 0));
	KUNIT_EXPECT_FALSE(test, proto_accepts_iso(128, 64, 64, 37));
	KUNIT_EXPECT_FALSE(test, proto_accepts_iso(128, 64, -1, 0));
}

static void proto_statuses(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, proto_status(0), 0);
	KUNIT_EXPECT_EQ(test, proto_status(-EPIPE), -EPIPE);
	KUNIT_EXPECT_EQ(test, proto_status(-EREMOTEIO), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, proto_status(1), -EPROTO);
	KUNIT_EXPECT_EQ(test, proto_status(-EINPROGRESS), -EPROTO);
	KUNIT_EXPECT_EQ(test, proto_status(-4095), -EPROTO);
	KUNIT_EXPECT_EQ(test, proto_status(S32_MIN), -EPROTO);
}

static void proto_packs(struct kunit *test)
{
	static const u8 setup[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	const struct proto_submit submit = {
		.seq = 0x18002, .devid = 0x10002, .ep = 3, .in = true,
		.flags = USBIP_URB_SHORT_NOT_OK, .length = 512, .packets = 4,
		.start_frame = 9, .interval = 8, .setup = setup,
	};
	const u8 wire[48] = {
		0, 0, 0, 1, 0, 1, 0x80, 2, 0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3,
		0, 0, 2, 1, 0, 0, 2, 0, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0, 0, 8,
		1, 2, 3, 4, 5, 6, 7, 8,
	};
	const u8 unlink[48] = {
		0, 0, 0, 2, 0, 1, 0x80, 3, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 1, 0x80, 2,
	};
	struct usbip_header hdr;

	memset(&hdr, 0xff, sizeof(hdr));
	proto_pack_submit(&hdr, &submit);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&hdr, wire, sizeof(wire));
	memset(&hdr, 0xff, sizeof(hdr));
	proto_pack_unlink(&hdr, 0x18003, 0x10002, 0x18002);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&hdr, unlink, sizeof(unlink));
}

/* How much has to be read over if nobody wants it. */
static void proto_payloads(struct kunit *test)
{
	struct proto_answer answer = { .actual_length = 100 };
	struct proto_request asked = { .length = 512, .in = true };

	KUNIT_EXPECT_EQ(test, proto_payload(&asked, &answer), 100U);
	asked.packets = 3;
	KUNIT_EXPECT_EQ(test, proto_payload(&asked, &answer), 148U);
	asked.in = false;
	KUNIT_EXPECT_EQ(test, proto_payload(&asked, &answer), 48U);
}

static struct kunit_case proto_cases[] = {
	KUNIT_CASE(proto_packs),
	KUNIT_CASE(proto_payloads),
	KUNIT_CASE(proto_commands),
	KUNIT_CASE(proto_lengths),
	KUNIT_CASE(proto_packets),
	KUNIT_CASE(proto_iso),
	KUNIT_CASE(proto_statuses),
	{}
};

static struct kunit_suite proto_suite = {
	.name = "hearth_vhci_proto",
	.test_cases = proto_cases,
};

/* --- portstatus.c ---------------------------------------------------------- */

static void portstatus_plugged(struct kunit *test)
{
	struct portstatus ps;

	portstatus_init(&ps, false);
	KUNIT_EXPECT_EQ(test, ps.status, USB_PORT_STAT_POWER);
	KUNIT_EXPECT_EQ(test, ps.change, 0);
	portstatus_plug(&ps, HEARTH_USB_SPEED_LOW);
	KUNIT_EXPECT_EQ(test, ps.status, USB_PORT_STAT_POWER |
			USB_PORT_STAT_CONNECTION | USB_PORT_STAT_LOW_SPEED);
	KUNIT_EXPECT_EQ(test, ps.change, USB_PORT_STAT_C_CONNECTION);
	KUNIT_EXPECT_EQ(test, portstatus_set_feature(&ps, USB_PORT_FEAT_RESET,
						     0), 0);
	KUNIT_EXPECT_TRUE(test, ps.status & USB_PORT_STAT_ENABLE);
	KUNIT_EXPECT_TRUE(test, ps.change & USB_PORT_STAT_C_RESET);
	ps.change = 0;
	portstatus_unplug(&ps);
	KUNIT_EXPECT_EQ(test, ps.status, USB_PORT_STAT_POWER);
	KUNIT_EXPECT_EQ(test, ps.change, USB_PORT_STAT_C_CONNECTION);
	/* A device that is not there is not reset. */
	portstatus_set_feature(&ps, USB_PORT_FEAT_RESET, 0);
	KUNIT_EXPECT_EQ(test, ps.status, USB_PORT_STAT_POWER);
}

static void portstatus_powered(struct kunit *test)
{
	bool super[] = { false, true };
	struct portstatus ps, before;
	int i;

	for (i = 0; i < ARRAY_SIZE(super); i++) {
		portstatus_init(&ps, super[i]);
		portstatus_plug(&ps, super[i] ? HEARTH_USB_SPEED_SUPER :
						HEARTH_USB_SPEED_HIGH);
		portstatus_clear_feature(&ps, USB_PORT_FEAT_C_CONNECTION);
		before = ps;
		/* It has power already. */
		portstatus_set_feature(&ps, USB_PORT_FEAT_POWER, 0);
		KUNIT_EXPECT_EQ(test, ps.status, before.status);
		KUNIT_EXPECT_EQ(test, ps.change, 0);

		portstatus_clear_feature(&ps, USB_PORT_FEAT_POWER);
		KUNIT_EXPECT_FALSE(test, ps.status & USB_PORT_STAT_CONNECTION);
		KUNIT_EXPECT_FALSE(test, ps.status & portstatus_power(&ps));
		KUNIT_EXPECT_EQ(test, ps.change, USB_PORT_STAT_C_CONNECTION);

		portstatus_clear_feature(&ps, USB_PORT_FEAT_C_CONNECTION);
		portstatus_set_feature(&ps, USB_PORT_FEAT_POWER, 0);
		KUNIT_EXPECT_EQ(test, ps.status, before.status);
		KUNIT_EXPECT_EQ(test, ps.change, USB_PORT_STAT_C_CONNECTION);

		/* What is unplugged meanwhile does not come back. */
		portstatus_clear_feature(&ps, USB_PORT_FEAT_POWER);
		portstatus_unplug(&ps);
		ps.change = 0;
		portstatus_set_feature(&ps, USB_PORT_FEAT_POWER, 0);
		KUNIT_EXPECT_FALSE(test, ps.status & USB_PORT_STAT_CONNECTION);
		KUNIT_EXPECT_EQ(test, ps.change, 0);
	}
}

static void portstatus_slept(struct kunit *test)
{
	struct portstatus ps;

	portstatus_init(&ps, false);
	/* A port that is not enabled does not sleep. */
	portstatus_set_feature(&ps, USB_PORT_FEAT_SUSPEND, 0);
	KUNIT_EXPECT_FALSE(test, ps.status & USB_PORT_STAT_SUSPEND);
	portstatus_plug(&ps, HEARTH_USB_SPEED_HIGH);
	portstatus_set_feature(&ps, USB_PORT_FEAT_RESET, 0);
	portstatus_set_feature(&ps, USB_PORT_FEAT_SUSPEND, 0);
	KUNIT_EXPECT_TRUE(test, ps.status & USB_PORT_STAT_SUSPEND);
	portstatus_clear_feature(&ps, USB_PORT_FEAT_SUSPEND);
	KUNIT_EXPECT_FALSE(test, ps.status & USB_PORT_STAT_SUSPEND);
	KUNIT_EXPECT_TRUE(test, ps.change & USB_PORT_STAT_C_SUSPEND);
	/* Link states are of super-speed ports alone, as is this of others. */
	KUNIT_EXPECT_EQ(test, portstatus_set_feature(&ps,
						     USB_PORT_FEAT_LINK_STATE,
						     0), -EPIPE);
	portstatus_init(&ps, true);
	KUNIT_EXPECT_EQ(test, portstatus_set_feature(&ps,
						     USB_PORT_FEAT_SUSPEND, 0),
			-EPIPE);
	portstatus_plug(&ps, HEARTH_USB_SPEED_SUPER_PLUS);
	ps.change = 0;
	portstatus_set_feature(&ps, USB_PORT_FEAT_LINK_STATE,
			       USB_SS_PORT_LS_U3 >> 5);
	KUNIT_EXPECT_EQ(test, ps.status & USB_PORT_STAT_LINK_STATE,
			USB_SS_PORT_LS_U3);
	portstatus_set_feature(&ps, USB_PORT_FEAT_LINK_STATE, 0);
	KUNIT_EXPECT_EQ(test, ps.status & USB_PORT_STAT_LINK_STATE,
			USB_SS_PORT_LS_U0);
	KUNIT_EXPECT_EQ(test, ps.change, USB_PORT_STAT_C_LINK_STATE);
	KUNIT_EXPECT_EQ(test, portstatus_extended(&ps), 0x11U);
}

static struct kunit_case portstatus_cases[] = {
	KUNIT_CASE(portstatus_plugged),
	KUNIT_CASE(portstatus_powered),
	KUNIT_CASE(portstatus_slept),
	{}
};

static struct kunit_suite portstatus_suite = {
	.name = "hearth_vhci_portstatus",
	.test_cases = portstatus_cases,
};

kunit_test_suites(&request_suite, &storage_suite, &urb_suite, &proto_suite,
		  &portstatus_suite);

MODULE_DESCRIPTION("KUnit tests of hearth_vhci");
MODULE_LICENSE("GPL");
