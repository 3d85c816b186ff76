// SPDX-License-Identifier: GPL-2.0
/* KUnit tests of the pure parts: the table of requests, the wire's checks. */
#include <kunit/test.h>
#include <linux/module.h>

/* They have no state outside of what they are given, so test a copy. */
#include "proto.c"
#include "request.c"

/* --- request.c ---------------------------------------------------------- */

static struct req_table *table_new(struct kunit *test)
{
	struct req_table *table;

	table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, table);
	KUNIT_ASSERT_EQ(test, req_table_init(table), 0);
	return table;
}

static void request_found_by_number(struct kunit *test)
{
	struct req_table *table = table_new(test);
	struct vhci_req *req[REQ_CHUNK];
	int i;

	for (i = 0; i < REQ_CHUNK; i++) {
		req[i] = req_get(table);
		KUNIT_ASSERT_NOT_NULL(test, req[i]);
		KUNIT_EXPECT_NE(test, req[i]->seq, 0U);
		KUNIT_EXPECT_EQ(test, req[i]->seq & REQ_SEQ_UNLINK, 0UL);
	}
	KUNIT_EXPECT_NULL(test, req_get(table));
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
	struct vhci_req *req = req_get(table);

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
	struct vhci_req *req = req_get(table);
	u32 stale = req->seq;
	int i;

	req_put(table, req);
	KUNIT_EXPECT_NULL(test, req_find(table, stale));
	for (i = 0; i < REQ_CHUNK; i++)
		req_get(table);
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
		req = req_get(table);
	first = req->seq;
	for (i = 1; i < uses; i++) {
		req_put(table, req);
		KUNIT_ASSERT_PTR_EQ(test, req_get(table), req);
		if (req->seq == first || !req->seq)
			break;
		if (req_find(table, first))
			break;
	}
	KUNIT_EXPECT_EQ(test, i, uses);
	req_put(table, req);
	req_get(table);
	KUNIT_EXPECT_EQ(test, req->seq, first);
	req_table_free(table);
}

static void request_zero_is_skipped(struct kunit *test)
{
	struct req_table *table = table_new(test);
	struct vhci_req *req = req_get(table);

	KUNIT_ASSERT_EQ(test, req->seq, (u32)BIT(REQ_GENERATION_SHIFT));
	req->seq = -(u32)BIT(REQ_GENERATION_SHIFT);
	req_put(table, req);
	while (req_get(table) != req)
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
	while ((req = req_get(table))) {
		if (req_find(table, req->seq) != req)
			break;
		n++;
	}
	KUNIT_EXPECT_EQ(test, n, (u32)BIT(REQ_INDEX_BITS));
	req_table_free(table);
}

static struct kunit_case request_cases[] = {
	KUNIT_CASE(request_found_by_number),
	KUNIT_CASE(request_unknown_number),
	KUNIT_CASE(request_stale_number),
	KUNIT_CASE(request_generation_wraps),
	KUNIT_CASE(request_zero_is_skipped),
	KUNIT_CASE(request_table_grows_to_its_end),
	{}
};

static struct kunit_suite request_suite = {
	.name = "hearth_vhci_request",
	.test_cases = request_cases,
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

static struct kunit_case proto_cases[] = {
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

kunit_test_suites(&request_suite, &proto_suite);

MODULE_DESCRIPTION("KUnit tests of hearth_vhci");
MODULE_LICENSE("GPL");
