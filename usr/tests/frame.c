// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../format/frame.h"
#include "test.h"

enum { NUMBER = 1, LONG, TEXT, BYTES, LIST, INNER, DEEP };

static const struct frame_policy leaf;

static const struct frame_attr leaf_attrs[] = {
	{ NUMBER, FRAME_U32, "number", 0, 9, true, false, NULL },
	{ DEEP, FRAME_NEST, "deep", 0, 0, false, false, &leaf },
};
static const struct frame_policy leaf = { 0, "leaf", 2, leaf_attrs };

static const struct frame_attr attrs[] = {
	{ NUMBER, FRAME_U32, "number", 1, 10, true, false, NULL },
	{ LONG, FRAME_U64, "long", 0, UINT64_MAX, false, false, NULL },
	{ TEXT, FRAME_TEXT, "text", 1, 5, false, false, NULL },
	{ BYTES, FRAME_BYTES, "bytes", 2, 2, false, false, NULL },
	{ LIST, FRAME_BYTES, "list", 0, 8, false, true, NULL },
	{ INNER, FRAME_NEST, "inner", 0, 0, false, false, &leaf },
};
static const struct frame_policy policy = { 7, "TEST", 6, attrs };

enum { V_NUMBER, V_LONG, V_TEXT, V_BYTES, V_LIST, V_INNER };

static uint8_t data[256];
static struct frame_value values[FRAME_ATTRS];
static struct error err;

/* What became of the frame that is in @out. */
static int parse(struct frame_out *out)
{
	struct frame frame;
	size_t size = frame_end(out);

	expect(size && frame_next(data, size, &frame, &err) == (long)size);
	return frame_parse(&policy, &frame, values, &err);
}

static void begin(struct frame_out *out)
{
	frame_begin(out, data, sizeof(data), 7, 0, 42);
	frame_put_number(out, &attrs[V_NUMBER], 10);
}

static void frame_goes_there_and_back(void)
{
	static const uint8_t golden[] = {
		0, 0, 0, 44, 0, 7, 0, 0, 0, 0, 0, 42,
		0, NUMBER, 0, 8, 0, 0, 0, 10,
		0, LONG, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8,
		0, TEXT, 0, 9, 'h', 'e', 'l', 'l', 'o', 0, 0, 0,
	};
	struct frame_out out;

	begin(&out);
	frame_put_number(&out, &attrs[V_LONG], 0x0102030405060708);
	frame_put(&out, &attrs[V_TEXT], "hello", 5);
	expect(!parse(&out));
	expect(out.size == sizeof(golden) &&
	       !memcmp(data, golden, sizeof(golden)));
	expect(values[V_NUMBER].number == 10);
	expect(values[V_LONG].number == 0x0102030405060708);
	expect(values[V_TEXT].size == 5 && !memcmp(values[V_TEXT].data, "hello", 5));
	expect(!values[V_BYTES].count);
}

static void frame_waits_for_all_of_it(void)
{
	struct frame_out out;
	struct frame frame;
	size_t size, i;

	begin(&out);
	size = frame_end(&out);
	for (i = 0; i < size; i++)
		expect(!frame_next(data, i, &frame, &err));
	expect(frame_next(data, sizeof(data), &frame, &err) == (long)size);
	expect(frame.id == 42);
}

static void frame_refuses_sizes(void)
{
	static const struct {
		uint8_t head[FRAME_HEADER];
		long ret;
	} cases[] = {
		{ { 0, 0, 0, 11 }, -EPROTO },
		{ { 0, 1, 0, 0 }, 0 },
		{ { 0, 1, 0, 1 }, -EPROTO },
		{ { 0xff, 0xff, 0xff, 0xff }, -EPROTO },
		{ { 0, 1, 0, 1, 0, 7, 0, 1 }, 0 },	/* data may be longer */
		{ { 0, 16, 0, 12, 0, 7, 0, 1 }, 0 },
		{ { 0, 16, 0, 13, 0, 7, 0, 1 }, -EPROTO },
		{ { 0, 0, 0, 12, 0, 7, 0, 2 }, -EPROTO },
	};
	struct frame frame;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		expect(frame_next(cases[i].head, FRAME_HEADER, &frame, &err) ==
		       cases[i].ret);
}

static void frame_holds_to_the_table(void)
{
	struct frame_out out;

	frame_begin(&out, data, sizeof(data), 7, 0, 0);
	expect(parse(&out) == -EPROTO);
	expect_has(err.text, "TEST lacks number");
	begin(&out);
	frame_put_number(&out, &attrs[V_NUMBER], 1);
	expect(parse(&out) == -EPROTO);
	expect_has(err.text, "number twice");
	frame_begin(&out, data, sizeof(data), 7, 0, 0);
	frame_put_number(&out, &attrs[V_NUMBER], 11);
	expect(parse(&out) == -ERANGE);
	begin(&out);
	frame_put(&out, &attrs[V_LONG], "four", 4);
	expect(parse(&out) == -EPROTO);
	begin(&out);
	frame_put(&out, &attrs[V_TEXT], "longer", 6);
	expect(parse(&out) == -EPROTO);
	begin(&out);
	frame_put(&out, &attrs[V_TEXT], "a\xff", 2);
	expect(parse(&out) == -EPROTO);
	expect_has(err.text, "no text");
	begin(&out);
	frame_put(&out, &attrs[V_TEXT], "a\0b", 3);
	expect(parse(&out) == -EPROTO);
	begin(&out);
	frame_put(&out, &attrs[V_BYTES], "a", 1);
	expect(parse(&out) == -EPROTO);
	begin(&out);
	data[out.size - 5] = 7;		/* its length, odd: bytes that are padding */
	expect(parse(&out) == -EPROTO);
	begin(&out);
	data[5] = 8;
	expect(parse(&out) == -EPROTO);
}

static void frame_skips_what_it_need_not_know(void)
{
	static const struct frame_attr unknown = {
		99, FRAME_BYTES, "unknown", 0, 9, false, false, NULL,
	};
	struct frame_attr must = unknown;
	struct frame_out out;

	begin(&out);
	frame_put(&out, &unknown, "what", 4);
	expect(!parse(&out));
	must.type |= FRAME_MANDATORY;
	begin(&out);
	frame_put(&out, &must, "what", 4);
	expect(parse(&out) == -EOPNOTSUPP);
	expect_has(err.text, "99");
	/* One that is known may be mandatory. */
	must = attrs[V_TEXT];
	must.type |= FRAME_MANDATORY;
	begin(&out);
	frame_put(&out, &must, "a", 1);
	expect(!parse(&out) && values[V_TEXT].count == 1);
}

static void frame_lists(void)
{
	const struct frame_attr *list = &attrs[V_LIST];
	struct frame_value value;
	struct frame_out out;
	size_t at = 0;

	begin(&out);
	frame_put(&out, &attrs[V_LIST], "a", 1);
	frame_put(&out, &attrs[V_TEXT], "b", 1);
	frame_put(&out, &attrs[V_LIST], "cd", 2);
	expect(!parse(&out) && values[V_LIST].count == 2);
	expect(frame_each(list, data + FRAME_HEADER, out.size - FRAME_HEADER,
			  &at, &value) && *value.data == 'a');
	expect(frame_each(list, data + FRAME_HEADER, out.size - FRAME_HEADER,
			  &at, &value) && value.size == 2);
	expect(!frame_each(list, data + FRAME_HEADER, out.size - FRAME_HEADER,
			   &at, &value));
	/* What no table has let pass is not handed out either. */
	begin(&out);
	frame_put(&out, list, "123456789", 9);
	at = 0;
	expect(!frame_each(list, data + FRAME_HEADER, out.size - FRAME_HEADER,
			   &at, &value));
}

static void frame_nests_twice(void)
{
	struct frame_value inner[FRAME_ATTRS];
	struct frame_out out;

	begin(&out);
	frame_nest_begin(&out, &attrs[V_INNER]);
	frame_put_number(&out, &leaf_attrs[0], 3);
	frame_nest_begin(&out, &leaf_attrs[1]);
	frame_put_number(&out, &leaf_attrs[0], 4);
	frame_nest_end(&out);
	frame_nest_end(&out);
	expect(!parse(&out));
	expect(!frame_parse_nest(&leaf, &values[V_INNER], inner, &err));
	expect(inner[0].number == 3 && inner[1].count == 1);

	/* a third one, made by hand behind the second */
	begin(&out);
	frame_nest_begin(&out, &attrs[V_INNER]);
	frame_put_number(&out, &leaf_attrs[0], 3);
	frame_nest_begin(&out, &leaf_attrs[1]);
	frame_put_number(&out, &leaf_attrs[0], 4);
	frame_put(&out, &leaf_attrs[1], "\0\1\0\10\0\0\0\5", 8);
	frame_nest_end(&out);
	frame_nest_end(&out);
	expect(parse(&out) == -EPROTO);
	expect_has(err.text, "too deep");
	/* and the writer does not */
	begin(&out);
	frame_nest_begin(&out, &attrs[V_INNER]);
	frame_nest_begin(&out, &leaf_attrs[1]);
	frame_nest_begin(&out, &leaf_attrs[1]);
	expect(!frame_end(&out));
}

static void frame_has_an_end(void)
{
	struct frame_out out;

	frame_begin(&out, data, 20, 7, 0, 0);
	frame_put_number(&out, &attrs[V_NUMBER], 1);
	expect(frame_end(&out) == 20);
	frame_put_number(&out, &attrs[V_NUMBER], 1);
	expect(!frame_end(&out));
	frame_begin(&out, data, 11, 7, 0, 0);
	expect(!frame_end(&out));
}

const struct test tests[] = {
	TEST(frame_goes_there_and_back),
	TEST(frame_waits_for_all_of_it),
	TEST(frame_refuses_sizes),
	TEST(frame_holds_to_the_table),
	TEST(frame_skips_what_it_need_not_know),
	TEST(frame_lists),
	TEST(frame_nests_twice),
	TEST(frame_has_an_end),
	{ 0 },
};
