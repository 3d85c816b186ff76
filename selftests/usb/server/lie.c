// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "cancel.h"
#include "gate.h"
#include "hostile.h"
#include "lie.h"
#include "log.h"
#include "msg.h"
#include "op.h"
#include "random.h"
#include "request.h"
#include "teller.h"
#include "urb.h"
#include "wire.h"

/* Answers that a lie is for. */
#define ON_IN		1
#define ON_OUT		2
#define ON_ISO		4	/* and only then */
#define ON_CONTROL	8	/* endpoint 0 too */
#define ON_STATUS	16	/* 13 bytes, as of a disk's status wrapper */

/* Where a lie takes hold; what is NULL is honest. */
struct lie {
	const char *name;
	int when;			/* of @answer */
	answer_lie *answer;
	struct answer_arg arg;
	bool always;			/* @answer: not only once a connection */
	void (*behind)(struct teller *t);	/* behind each other answer */
	request_header_lie *header;
	request_lie *submit;
	cancel_lie *cancel;
	op_import_lie *import;
	op_list_lie *devlist;
	hostile_lie *descriptor;
	bool narrow;			/* the receive buffer is small */
};

#define FIELD(lie_name, lie_when, function, where, what) \
	{ .name = (lie_name), .when = (lie_when), .answer = (function), \
	  .arg = { (where), (uint32_t)(what) } }

static const struct lie lies[] = {
	FIELD("actual-negative", ON_IN, answer_set_field, AT_RET_ACTUAL, -1),
	FIELD("actual-long", ON_IN, answer_too_long, 0, 1),
	FIELD("actual-wrong-out", ON_OUT, answer_too_long, 0, 1),
	FIELD("actual-negative-out", ON_OUT, answer_set_field, AT_RET_ACTUAL, -1),
	FIELD("actual-short-out", ON_OUT, answer_set_field, AT_RET_ACTUAL, 1),
	FIELD("iso-packets", ON_ISO | ON_IN, answer_add_field, AT_RET_PACKETS, 1),
	FIELD("iso-no-packets", ON_ISO | ON_IN, answer_set_field, AT_RET_PACKETS, 0),
	FIELD("iso-negative-packets", ON_ISO | ON_IN, answer_set_field,
	      AT_RET_PACKETS, -1),
	FIELD("iso-errors", ON_ISO | ON_IN, answer_set_field, AT_RET_ERRORS, -1),
	FIELD("iso-offset", ON_ISO | ON_IN, answer_add_iso, AT_ISO_OFFSET, 1),
	FIELD("iso-length", ON_ISO | ON_IN, answer_add_iso, AT_ISO_LENGTH, 1),
	FIELD("iso-actual", ON_ISO | ON_IN, answer_add_iso, AT_ISO_ACTUAL, 4096),
	FIELD("iso-sum", ON_ISO | ON_IN, answer_iso_sum, 0, 1),
	FIELD("iso-sum-short", ON_ISO | ON_IN, answer_iso_sum, 0, 0),
	FIELD("iso-out-offset", ON_ISO | ON_OUT, answer_add_iso, AT_ISO_OFFSET, -1),
	FIELD("iso-out-sum", ON_ISO | ON_OUT, answer_iso_sum, 0, 0),
	FIELD("status-positive", ON_IN, answer_set_field, AT_RET_STATUS, 1),
	FIELD("status-weird", ON_IN, answer_set_field, AT_RET_STATUS, -4095),
	FIELD("status-min", ON_IN, answer_set_field, AT_RET_STATUS, INT32_MIN),
	FIELD("status-inprogress", ON_IN, answer_set_field, AT_RET_STATUS,
	      -EINPROGRESS),
	FIELD("unknown-seq", ON_IN, answer_add_field, AT_SEQ, 0x40000000),
	FIELD("far-seq", ON_IN, answer_add_field, AT_SEQ, 0x7ffe),
	FIELD("unlink-seq", ON_IN, answer_add_field, AT_SEQ, 1),
	FIELD("zero-seq", ON_IN, answer_set_field, AT_SEQ, 0),
	FIELD("duplicate", ON_IN, answer_twice, 0, 0),
	FIELD("unknown-command", ON_IN, answer_set_field, AT_COMMAND, 7),
	FIELD("own-command", ON_IN, answer_set_field, AT_COMMAND, CMD_SUBMIT),
	FIELD("payload-on-out", ON_OUT, answer_payload_on_out, 0, 0),
	FIELD("stall-header", ON_IN, answer_cut_at, 20, SEND_SILENCE),
	FIELD("stall-payload", ON_IN, answer_cut_payload, 0, SEND_SILENCE),
	FIELD("fin-before", ON_IN, answer_cut_at, 0, SEND_FIN),
	FIELD("fin-header", ON_IN, answer_cut_at, 20, SEND_FIN),
	FIELD("fin-payload", ON_IN, answer_cut_payload, 0, SEND_FIN),
	FIELD("fin-behind", ON_IN, answer_cut_behind, 0, SEND_FIN),
	FIELD("rst-before", ON_IN, answer_cut_at, 0, SEND_RST),
	FIELD("rst-header", ON_IN, answer_cut_at, 20, SEND_RST),
	FIELD("rst-payload", ON_IN, answer_cut_payload, 0, SEND_RST),
	FIELD("rst-behind", ON_IN, answer_cut_behind, 0, SEND_RST),
	FIELD("fin-first", ON_CONTROL | ON_IN, answer_cut_at, 0, SEND_FIN),
	FIELD("rst-first", ON_CONTROL | ON_IN, answer_cut_at, 0, SEND_RST),
	{ .name = "fin-request", .header = request_fin, .narrow = true },
	{ .name = "rst-request", .header = request_rst, .narrow = true },
	{ .name = "split-header", .answer = answer_slowly, .always = true,
	  .when = ON_IN | ON_OUT | ON_CONTROL },
	{ .name = "random", .answer = random_answer, .always = true,
	  .when = ON_IN | ON_OUT | ON_CONTROL },
	{ .name = "early-answer", .header = request_early_answer,
	  .narrow = true },
	{ .name = "early-answer-rst", .header = request_early_answer_rst,
	  .narrow = true },
	{ .name = "unsent-seq", .header = request_unsent_seq, .narrow = true },
	{ .name = "never-reads", .header = request_deaf_header,
	  .submit = request_deaf_submit, .narrow = true },
	{ .name = "silent", .submit = request_silent, .cancel = cancel_silent },
	{ .name = "mute", .submit = request_mute, .cancel = cancel_mute },
	{ .name = "no-unlink", .cancel = cancel_unconfirmed },
	{ .name = "ret-unlink-live", .submit = request_ret_unlink_live },
	{ .name = "ret-unlink-submit", .submit = request_ret_unlink_submit },
	{ .name = "ret-unlink-unknown", .submit = request_ret_unlink_unknown },
	{ .name = "unlinked-seq", .cancel = cancel_answer_behind },
	{ .name = "late-answer", .cancel = cancel_late },
	{ .name = "late-answer-twice", .cancel = cancel_late_twice },
	{ .name = "late-answer-long", .cancel = cancel_late_long },
	{ .name = "answer-then-unlink", .cancel = cancel_answer_first },
	{ .name = "unlink-twice", .cancel = cancel_twice },
	{ .name = "unlink-status", .cancel = cancel_odd_status },
	{ .name = "dribble", .when = ON_IN, .answer = answer_dribble,
	  .arg = { 1, 300 } },
	{ .name = "trickle", .when = ON_IN, .answer = answer_dribble,
	  .arg = { 1100, 300 } },
	{ .name = "crossed", .when = ON_IN | ON_CONTROL,
	  .answer = answer_hold, .cancel = cancel_crossed },
	{ .name = "crossed-late", .when = ON_IN | ON_CONTROL,
	  .answer = answer_hold, .cancel = cancel_crossed_late },
	{ .name = "crossed-lazy", .when = ON_IN | ON_CONTROL,
	  .answer = answer_hold, .cancel = cancel_crossed_alone,
	  .behind = cancel_pay },
	{ .name = "crossed-silent", .when = ON_IN | ON_CONTROL,
	  .answer = answer_hold, .cancel = cancel_crossed_alone },
	{ .name = "crossed-all", .when = ON_IN, .always = true,
	  .answer = answer_hold, .cancel = cancel_crossed_alone },
	{ .name = "crossed-status", .when = ON_STATUS,
	  .answer = answer_hold, .cancel = cancel_crossed_alone,
	  .submit = cancel_pay_at_status },
	{ .name = "devlist-huge", .devlist = op_list_huge },
	{ .name = "devlist-path", .devlist = op_list_path },
	{ .name = "devlist-busid", .devlist = op_list_busid },
	{ .name = "devlist-version", .devlist = op_list_version },
	{ .name = "import-path", .import = op_import_path },
	{ .name = "import-busid", .import = op_import_busid },
	{ .name = "import-other", .import = op_import_other },
	{ .name = "import-speed", .import = op_import_speed },
	{ .name = "import-devid", .import = op_import_devid },
	{ .name = "import-half", .import = op_import_half },
	{ .name = "silent-import", .import = op_import_silent },
	{ .name = "fin-import", .import = op_import_fin },
	{ .name = "rst-import", .import = op_import_rst },
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
	{ .name = "desc-keyboard", .descriptor = hostile_keyboard },
};

static const struct lie honest;
static const struct lie *the_lie = &honest;

bool lie_choose(const char *name)
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

void lie_print(void)
{
	size_t i;

	for (i = 0; i < sizeof(lies) / sizeof(*lies); i++)
		puts(lies[i].name);
}

bool lie_is_narrow(void)
{
	return the_lie->narrow;
}

static const struct lie *lie_now(void)
{
	return gate_is_open() ? the_lie : &honest;
}

void lie_devlist(struct msg *msg)
{
	if (lie_now()->devlist)
		lie_now()->devlist(msg);
}

void lie_import(struct teller *t, struct msg *msg)
{
	if (lie_now()->import)
		lie_now()->import(t, msg);
	else
		teller_send(t, msg);
}

size_t lie_descriptor(uint16_t value, uint8_t *buf, size_t len)
{
	if (!lie_now()->descriptor)
		return len;
	return lie_now()->descriptor(value, buf, len);
}

void lie_header(struct teller *t, const struct urb *urb)
{
	if (lie_now()->header)
		lie_now()->header(t, urb);
}

bool lie_submit(struct teller *t, const struct urb *urb)
{
	return lie_now()->submit && lie_now()->submit(t, urb);
}

void lie_cancel(struct teller *t, const struct cancel *cancel)
{
	const struct lie *lie = lie_now();

	if (lie->cancel && lie->cancel(t, cancel))
		log_line("told %s", lie->name);
	else	/* As the stock server: 0 says that there was nothing to cancel. */
		teller_send(t, msg_ret_unlink(cancel->seq,
					      cancel->urb ? -ECONNRESET : 0));
}

static bool fits(const struct lie *lie, const struct urb *urb)
{
	int when = lie->when;

	if (when & ON_STATUS)
		return urb->in && urb->length == CANCEL_STATUS_LENGTH;
	if (!(when & (urb->in ? ON_IN : ON_OUT)))
		return false;
	if (when & ON_ISO)
		return urb->packets > ANSWER_PACKET;
	return urb->ep || when & ON_CONTROL;
}

void lie_answer(struct teller *t, const struct urb *urb)
{
	struct msg *msg = msg_ret_submit(urb);
	const struct lie *lie = lie_now();

	if (lie->answer && fits(lie, urb) && (!t->told || lie->always)) {
		t->told = true;
		lie->answer(&lie->arg, t, urb, msg);
		return;
	}
	teller_send(t, msg);
	if (lie->behind)
		lie->behind(t);
}
