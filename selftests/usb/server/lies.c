// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "lies.h"

#define PACKET	1	/* the isochronous packet that is lied about */

/* --- answers ------------------------------------------------------------- */

static void set_field(const struct lie *lie, struct conn *conn,
		      const struct urb *urb, struct msg *msg)
{
	(void)urb;
	put32(msg->data + lie->at, lie->value);
	conn_send(conn, msg);
}

static void add_field(const struct lie *lie, struct conn *conn,
		      const struct urb *urb, struct msg *msg)
{
	uint8_t *p = msg->data + lie->at;

	(void)urb;
	put32(p, get32(p) + lie->value);
	conn_send(conn, msg);
}

static void add_iso(const struct lie *lie, struct conn *conn,
		    const struct urb *urb, struct msg *msg)
{
	uint8_t *p = msg_packets(msg, urb) + PACKET * ISO_SIZE + lie->at;

	put32(p, get32(p) + lie->value);
	conn_send(conn, msg);
}

/* More than was asked for, and the data with it. */
static void too_long(const struct lie *lie, struct conn *conn,
		     const struct urb *urb, struct msg *msg)
{
	uint32_t more = urb->length + lie->value - urb->actual;
	struct msg *extra = msg_new(urb->in ? more : 0);

	put32(msg->data + AT_RET_ACTUAL, urb->length + lie->value);
	conn_send(conn, msg);
	conn_send(conn, extra);
}

/* Every packet is full, so that they sum past what the answer says. */
static void iso_sum(const struct lie *lie, struct conn *conn,
		    const struct urb *urb, struct msg *msg)
{
	uint8_t *p = msg_packets(msg, urb);
	uint32_t i;

	for (i = 0; i < urb->packets; i++, p += ISO_SIZE)
		put32(p + AT_ISO_ACTUAL, lie->value ? get32(p + AT_ISO_LENGTH) :
						      0);
	conn_send(conn, msg);
}

static void twice(const struct lie *lie, struct conn *conn,
		  const struct urb *urb, struct msg *msg)
{
	struct msg *copy = msg_copy(msg);

	(void)lie;
	(void)urb;
	conn_send(conn, msg);
	conn_send(conn, copy);
}

static void slowly(const struct lie *lie, struct conn *conn,
		   const struct urb *urb, struct msg *msg)
{
	(void)lie;
	(void)urb;
	msg->kind = SEND_SLOWLY;
	conn_send(conn, msg);
}

/* A part of the answer, then what lie->value says. */
static void cut(const struct lie *lie, struct conn *conn, struct msg *msg,
		size_t len)
{
	msg->len = len;
	conn_send(conn, msg);
	conn_send(conn, msg_action(lie->value));
}

static void cut_at(const struct lie *lie, struct conn *conn,
		   const struct urb *urb, struct msg *msg)
{
	(void)urb;
	cut(lie, conn, msg, lie->at);
}

static void cut_payload(const struct lie *lie, struct conn *conn,
			const struct urb *urb, struct msg *msg)
{
	(void)urb;
	cut(lie, conn, msg, (HEADER_SIZE + msg->len) / 2);
}

static void cut_behind(const struct lie *lie, struct conn *conn,
		       const struct urb *urb, struct msg *msg)
{
	(void)urb;
	cut(lie, conn, msg, msg->len);
}

/* Data behind an answer that has none. */
static void payload_on_out(const struct lie *lie, struct conn *conn,
			   const struct urb *urb, struct msg *msg)
{
	struct msg *extra = msg_new(urb->length);

	(void)lie;
	memset(extra->data, 0xa5, extra->len);
	conn_send(conn, msg);
	conn_send(conn, extra);
}

/* --- requests ------------------------------------------------------------ */

static bool first(struct conn *conn, const struct urb *urb)
{
	bool now = !conn->lied && urb->ep;

	conn->lied |= now;
	return now;
}

/* Before the data has come; then no more is read. */
static void early_answer(struct conn *conn, const struct urb *urb)
{
	struct urb answer = *urb;

	if (!first(conn, urb))
		return;
	answer.actual = urb->length;
	answer.packets = 0;
	conn_send(conn, pack_ret_submit(&answer));
	conn->deaf = true;
}

static void early_answer_rst(struct conn *conn, const struct urb *urb)
{
	early_answer(conn, urb);
	if (conn->deaf)
		conn_send(conn, msg_action(SEND_RST));
}

static void end_in_request(struct conn *conn, const struct urb *urb, int how)
{
	if (!first(conn, urb))
		return;
	conn->deaf = true;
	conn_send(conn, msg_action(how));
}

static void fin_in_request(struct conn *conn, const struct urb *urb)
{
	end_in_request(conn, urb, SEND_FIN);
}

static void rst_in_request(struct conn *conn, const struct urb *urb)
{
	end_in_request(conn, urb, SEND_RST);
}

static void deaf_header(struct conn *conn, const struct urb *urb)
{
	if (first(conn, urb))
		conn->deaf = true;
}

static bool deaf_submit(struct conn *conn, const struct urb *urb)
{
	deaf_header(conn, urb);
	return conn->deaf;
}

static bool silent(struct conn *conn, const struct urb *urb)
{
	(void)conn;
	(void)urb;
	return true;
}

static bool silent_unlink(struct conn *conn, uint32_t seq, struct urb *urb)
{
	(void)conn;
	(void)seq;
	(void)urb;
	return true;
}

/* From the first request that is not enumeration's on, not a word. */
static bool mute(struct conn *conn, const struct urb *urb)
{
	first(conn, urb);
	return conn->lied;
}

static bool mute_unlink(struct conn *conn, uint32_t seq, struct urb *urb)
{
	(void)seq;
	(void)urb;
	return conn->lied;
}

static bool no_unlink(struct conn *conn, uint32_t seq, struct urb *urb)
{
	(void)conn;
	(void)seq;
	return urb && urb->ep;
}

/*
 * The answer to a request that was not sent: the client counts in steps of 2,
 * and while nothing is read, a request a few steps on waits to be sent.
 */
static void unsent_seq(struct conn *conn, const struct urb *urb)
{
	struct urb answer = *urb;

	if (!first(conn, urb))
		return;
	answer.seq += 2 * 4;
	answer.packets = 0;
	answer.actual = 0;
	conn_send(conn, pack_ret_submit(&answer));
	conn->deaf = true;
}

/* RET_UNLINK for a request that nobody cancelled. */
static bool ret_unlink(struct conn *conn, const struct urb *urb, uint32_t bit)
{
	if (first(conn, urb))
		conn_send(conn, pack_ret_unlink(urb->seq | bit, -ECONNRESET));
	return false;
}

static bool ret_unlink_live(struct conn *conn, const struct urb *urb)
{
	return ret_unlink(conn, urb, 1);
}

static bool ret_unlink_submit(struct conn *conn, const struct urb *urb)
{
	return ret_unlink(conn, urb, 0);
}

static bool ret_unlink_unknown(struct conn *conn, const struct urb *urb)
{
	return ret_unlink(conn, urb, 0x70000001);
}

/* --- cancelled requests --------------------------------------------------- */

static void unlinked(struct conn *conn, uint32_t seq, int32_t status)
{
	conn_send(conn, pack_ret_unlink(seq, status));
}

/* Cancelled, the server said: then no answer may follow. */
static bool answer_unlinked(struct conn *conn, uint32_t seq, struct urb *urb)
{
	if (!urb)
		return false;
	unlinked(conn, seq, -ECONNRESET);
	conn_send(conn, pack_ret_submit(urb));
	return true;
}

/* Not cancelled: one answer may. Stock servers do so. */
static bool answer_late(struct conn *conn, uint32_t seq, struct urb *urb)
{
	if (!urb)
		return false;
	unlinked(conn, seq, 0);
	if (urb->in)
		urb->actual = urb->length;
	conn_send(conn, pack_ret_submit(urb));
	return true;
}

static bool answer_late_twice(struct conn *conn, uint32_t seq, struct urb *urb)
{
	if (!answer_late(conn, seq, urb))
		return false;
	conn_send(conn, pack_ret_submit(urb));
	return true;
}

static bool answer_late_long(struct conn *conn, uint32_t seq, struct urb *urb)
{
	struct msg *msg;

	if (!urb)
		return false;
	unlinked(conn, seq, 0);
	msg = pack_ret_submit(urb);
	put32(msg->data + AT_RET_ACTUAL, urb->length + 1);
	conn_send(conn, msg);
	return true;
}

static bool answer_first(struct conn *conn, uint32_t seq, struct urb *urb)
{
	if (!urb)
		return false;
	conn_send(conn, pack_ret_submit(urb));
	unlinked(conn, seq, 0);
	return true;
}

static bool unlink_twice(struct conn *conn, uint32_t seq, struct urb *urb)
{
	if (!urb)
		return false;
	unlinked(conn, seq, -ECONNRESET);
	unlinked(conn, seq, -ECONNRESET);
	return true;
}

static bool unlink_odd(struct conn *conn, uint32_t seq, struct urb *urb)
{
	if (!urb)
		return false;
	unlinked(conn, seq, 12345);
	return true;
}

/* --- before the first request --------------------------------------------- */

#define AT_LIST_DEVICE	(OP_SIZE + 4)
#define AT_DEV_BUSID	OP_PATH_SIZE
#define AT_DEV_BUSNUM	(AT_DEV_BUSID + OP_BUSID_SIZE)
#define AT_DEV_SPEED	(AT_DEV_BUSNUM + 8)

static void list_huge(struct msg *msg)
{
	put32(msg->data + OP_SIZE, UINT32_MAX);
}

static void list_path(struct msg *msg)
{
	memset(msg->data + AT_LIST_DEVICE, 'x', OP_PATH_SIZE);
}

static void list_busid(struct msg *msg)
{
	memset(msg->data + AT_LIST_DEVICE + AT_DEV_BUSID, 'x', OP_BUSID_SIZE);
}

static void list_version(struct msg *msg)
{
	put16(msg->data, 0x0200);
}

static void import_path(struct conn *conn, struct msg *msg)
{
	memset(msg->data + OP_SIZE, 'x', OP_PATH_SIZE);
	conn_send(conn, msg);
}

static void import_busid(struct conn *conn, struct msg *msg)
{
	memset(msg->data + OP_SIZE + AT_DEV_BUSID, 'x', OP_BUSID_SIZE);
	conn_send(conn, msg);
}

static void import_other(struct conn *conn, struct msg *msg)
{
	memcpy(msg->data + OP_SIZE + AT_DEV_BUSID, "7-7", 4);
	conn_send(conn, msg);
}

static void import_speed(struct conn *conn, struct msg *msg)
{
	put32(msg->data + OP_SIZE + AT_DEV_SPEED, 99);
	conn_send(conn, msg);
}

static void import_devid(struct conn *conn, struct msg *msg)
{
	put32(msg->data + OP_SIZE + AT_DEV_BUSNUM, 70000);
	conn_send(conn, msg);
}

static void import_silent(struct conn *conn, struct msg *msg)
{
	msg->kind = SEND_SILENCE;
	conn_send(conn, msg);
}

static void import_half(struct conn *conn, struct msg *msg)
{
	msg->len /= 2;
	conn_send(conn, msg);
	conn_send(conn, msg_action(SEND_SILENCE));
}

static void import_fin(struct conn *conn, struct msg *msg)
{
	conn_send(conn, msg);
	conn_send(conn, msg_action(SEND_FIN));
}

static void import_rst(struct conn *conn, struct msg *msg)
{
	conn_send(conn, msg);
	conn_send(conn, msg_action(SEND_RST));
}

/* --- all of them ---------------------------------------------------------- */

#define FIELD(lie_name, lie_when, function, where, what) \
	{ .name = (lie_name), .when = (lie_when), .answer = (function), \
	  .at = (where), .value = (uint32_t)(what) }

static const struct lie lies[] = {
	FIELD("actual-negative", WHEN_IN, set_field, AT_RET_ACTUAL, -1),
	FIELD("actual-long", WHEN_IN, too_long, 0, 1),
	FIELD("actual-wrong-out", WHEN_OUT, too_long, 0, 1),
	FIELD("actual-negative-out", WHEN_OUT, set_field, AT_RET_ACTUAL, -1),
	FIELD("actual-short-out", WHEN_OUT, set_field, AT_RET_ACTUAL, 1),
	FIELD("iso-packets", WHEN_ISO | WHEN_IN, add_field, AT_RET_PACKETS, 1),
	FIELD("iso-no-packets", WHEN_ISO | WHEN_IN, set_field, AT_RET_PACKETS, 0),
	FIELD("iso-negative-packets", WHEN_ISO | WHEN_IN, set_field,
	      AT_RET_PACKETS, -1),
	FIELD("iso-errors", WHEN_ISO | WHEN_IN, set_field, AT_RET_ERRORS, -1),
	FIELD("iso-offset", WHEN_ISO | WHEN_IN, add_iso, AT_ISO_OFFSET, 1),
	FIELD("iso-length", WHEN_ISO | WHEN_IN, add_iso, AT_ISO_LENGTH, 1),
	FIELD("iso-actual", WHEN_ISO | WHEN_IN, add_iso, AT_ISO_ACTUAL, 4096),
	FIELD("iso-sum", WHEN_ISO | WHEN_IN, iso_sum, 0, 1),
	FIELD("iso-sum-short", WHEN_ISO | WHEN_IN, iso_sum, 0, 0),
	FIELD("iso-out-offset", WHEN_ISO | WHEN_OUT, add_iso, AT_ISO_OFFSET, -1),
	FIELD("iso-out-sum", WHEN_ISO | WHEN_OUT, iso_sum, 0, 0),
	FIELD("status-positive", WHEN_IN, set_field, AT_RET_STATUS, 1),
	FIELD("status-weird", WHEN_IN, set_field, AT_RET_STATUS, -4095),
	FIELD("status-min", WHEN_IN, set_field, AT_RET_STATUS, INT32_MIN),
	FIELD("status-inprogress", WHEN_IN, set_field, AT_RET_STATUS,
	      -EINPROGRESS),
	FIELD("unknown-seq", WHEN_IN, add_field, AT_SEQ, 0x40000000),
	FIELD("far-seq", WHEN_IN, add_field, AT_SEQ, 0x7ffe),
	FIELD("unlink-seq", WHEN_IN, add_field, AT_SEQ, 1),
	FIELD("zero-seq", WHEN_IN, set_field, AT_SEQ, 0),
	FIELD("duplicate", WHEN_IN, twice, 0, 0),
	FIELD("unknown-command", WHEN_IN, set_field, AT_COMMAND, 7),
	FIELD("own-command", WHEN_IN, set_field, AT_COMMAND, CMD_SUBMIT),
	FIELD("payload-on-out", WHEN_OUT, payload_on_out, 0, 0),
	FIELD("stall-header", WHEN_IN, cut_at, 20, SEND_SILENCE),
	FIELD("stall-payload", WHEN_IN, cut_payload, 0, SEND_SILENCE),
	FIELD("fin-before", WHEN_IN, cut_at, 0, SEND_FIN),
	FIELD("fin-header", WHEN_IN, cut_at, 20, SEND_FIN),
	FIELD("fin-payload", WHEN_IN, cut_payload, 0, SEND_FIN),
	FIELD("fin-behind", WHEN_IN, cut_behind, 0, SEND_FIN),
	FIELD("rst-before", WHEN_IN, cut_at, 0, SEND_RST),
	FIELD("rst-header", WHEN_IN, cut_at, 20, SEND_RST),
	FIELD("rst-payload", WHEN_IN, cut_payload, 0, SEND_RST),
	FIELD("rst-behind", WHEN_IN, cut_behind, 0, SEND_RST),
	FIELD("fin-first", WHEN_CONTROL | WHEN_IN, cut_at, 0, SEND_FIN),
	FIELD("rst-first", WHEN_CONTROL | WHEN_IN, cut_at, 0, SEND_RST),
	{ .name = "fin-request", .header = fin_in_request, .narrow = true },
	{ .name = "rst-request", .header = rst_in_request, .narrow = true },
	{ .name = "split-header", .answer = slowly, .always = true,
	  .when = WHEN_IN | WHEN_OUT | WHEN_CONTROL },
	{ .name = "random", .answer = random_answer, .always = true,
	  .when = WHEN_IN | WHEN_OUT | WHEN_CONTROL },
	{ .name = "early-answer", .header = early_answer, .narrow = true },
	{ .name = "early-answer-rst", .header = early_answer_rst,
	  .narrow = true },
	{ .name = "unsent-seq", .header = unsent_seq, .narrow = true },
	{ .name = "never-reads", .header = deaf_header, .submit = deaf_submit,
	  .narrow = true },
	{ .name = "silent", .submit = silent, .unlink = silent_unlink },
	{ .name = "mute", .submit = mute, .unlink = mute_unlink },
	{ .name = "no-unlink", .unlink = no_unlink },
	{ .name = "ret-unlink-live", .submit = ret_unlink_live },
	{ .name = "ret-unlink-submit", .submit = ret_unlink_submit },
	{ .name = "ret-unlink-unknown", .submit = ret_unlink_unknown },
	{ .name = "unlinked-seq", .unlink = answer_unlinked },
	{ .name = "late-answer", .unlink = answer_late },
	{ .name = "late-answer-twice", .unlink = answer_late_twice },
	{ .name = "late-answer-long", .unlink = answer_late_long },
	{ .name = "answer-then-unlink", .unlink = answer_first },
	{ .name = "unlink-twice", .unlink = unlink_twice },
	{ .name = "unlink-status", .unlink = unlink_odd },
	{ .name = "devlist-huge", .devlist = list_huge },
	{ .name = "devlist-path", .devlist = list_path },
	{ .name = "devlist-busid", .devlist = list_busid },
	{ .name = "devlist-version", .devlist = list_version },
	{ .name = "import-path", .import = import_path },
	{ .name = "import-busid", .import = import_busid },
	{ .name = "import-other", .import = import_other },
	{ .name = "import-speed", .import = import_speed },
	{ .name = "import-devid", .import = import_devid },
	{ .name = "import-half", .import = import_half },
	{ .name = "silent-import", .import = import_silent },
	{ .name = "fin-import", .import = import_fin },
	{ .name = "rst-import", .import = import_rst },
	{ .name = "desc-total-long", .descriptor = hostile_total_long },
	{ .name = "desc-total-short", .descriptor = hostile_total_short },
	{ .name = "desc-interfaces", .descriptor = hostile_interfaces },
	{ .name = "desc-endpoints", .descriptor = hostile_endpoints },
	{ .name = "desc-endpoint-short", .descriptor = hostile_endpoint_short },
	{ .name = "desc-zero", .descriptor = hostile_zero },
	{ .name = "desc-max-packet-0", .descriptor = hostile_max_packet_zero },
	{ .name = "desc-max-packet-huge",
	  .descriptor = hostile_max_packet_huge },
	{ .name = "desc-configurations",
	  .descriptor = hostile_configurations },
	{ .name = "desc-device-short", .descriptor = hostile_device_short },
	{ .name = "desc-string", .descriptor = hostile_string },
	{ .name = "desc-bos", .descriptor = hostile_bos },
};

static const struct lie honest;
static const struct lie *the_lie = &honest;

bool lies_set(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		if (strcmp(name, lies[i].name))
			continue;
		the_lie = &lies[i];
		return true;
	}
	return false;
}

void lies_print(void)
{
	size_t i;

	for (i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		puts(lies[i].name);
}

bool lies_narrow(void)
{
	return the_lie->narrow;
}

void lies_devlist(struct msg *msg)
{
	if (the_lie->devlist)
		the_lie->devlist(msg);
}

void lies_import(struct conn *conn, struct msg *msg)
{
	if (the_lie->import)
		the_lie->import(conn, msg);
	else
		conn_send(conn, msg);
}

void lies_header(struct conn *conn, const struct urb *urb)
{
	if (the_lie->header)
		the_lie->header(conn, urb);
}

bool lies_submit(struct conn *conn, struct urb *urb)
{
	if (!the_lie->submit || !the_lie->submit(conn, urb))
		return false;
	urb_free(urb);
	return true;
}

bool lies_unlink(struct conn *conn, uint32_t seq, struct urb *urb)
{
	return the_lie->unlink && the_lie->unlink(conn, seq, urb);
}

static bool lie_fits(const struct urb *urb)
{
	int when = the_lie->when;

	if (!(when & (urb->in ? WHEN_IN : WHEN_OUT)))
		return false;
	if (when & WHEN_ISO)
		return urb->packets > PACKET;
	return urb->ep || when & WHEN_CONTROL;
}

void lies_answer(struct conn *conn, const struct urb *urb, struct msg *msg)
{
	if (!the_lie->answer || !lie_fits(urb) ||
	    (conn->lied && !the_lie->always)) {
		conn_send(conn, msg);
		return;
	}
	conn->lied = true;
	the_lie->answer(the_lie, conn, urb, msg);
}

size_t lies_descriptor(uint16_t value, uint8_t *buf, size_t len)
{
	return the_lie->descriptor ? the_lie->descriptor(value, buf, len) : len;
}
