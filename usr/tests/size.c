// SPDX-License-Identifier: GPL-2.0
#include "../format/size.h"
#include "test.h"

static bool is(const char *text, uint64_t unit, uint64_t bytes)
{
	uint64_t n = 1;

	return size_parse(text, unit, &n) && n == bytes;
}

static bool bad(const char *text, uint64_t unit)
{
	uint64_t n = 1;

	return !size_parse(text, unit, &n) && n == 1;
}

static void size_takes_units(void)
{
	expect(is("0", 0, 0) && is("0", 1024, 0));
	expect(is("7", 1, 7) && is("7", 1024, 7168));
	expect(is("512b", 1024, 512) && is("512B", 0, 512));
	expect(is("1k", 1, 1024) && is("1K", 1, 1024));
	expect(is("1m", 1, 1 << 20) && is("1MiB", 1024, 1 << 20));
	expect(is("20mib", 1, 20 << 20) && is("3G", 1, 3ull << 30));
	expect(is("1T", 1, 1ull << 40) && is("1024P", 1, 1ull << 60));
	expect(is("16s", 0, 8192) && is("4096s", 1, 2 << 20));
}

static void size_takes_fractions(void)
{
	expect(is("21.5M", 1, 43ull << 19));
	expect(is("0.125K", 1, 128) && is("1.500G", 1, 3ull << 29));
	expect(bad("0.1K", 1));		/* 102.4 bytes */
	expect(bad("1.0625K", 1));	/* four digits */
	expect(bad("1.", 1) && bad(".5K", 1) && bad("1.5", 1));
}

static void size_refuses_the_rest(void)
{
	expect(bad("", 1) && bad("K", 1) && bad("-1", 1) && bad("+1", 1));
	expect(bad("1 K", 1) && bad("1KB", 1) && bad("1Ki", 1) && bad("1MM", 1));
	expect(bad("1S", 1) && bad("1x", 1) && bad("0x10", 1));
	expect(bad("8", 0) && bad("8.5", 0));
	expect(bad("1025P", 1) && bad("99999999T", 1));
	expect(bad("1152921504606846977", 1) &&
	       is("1152921504606846976", 1, 1ull << 60));
	expect(bad("99999999999999999999", 1));
	expect(bad("1023.999P1", 1));
}

static void size_is_read_by_people(void)
{
	char text[SIZE_TEXT];

	expect_text(size_text(0, text), "0 KiB");
	expect_text(size_text(1536, text), "2 KiB");
	expect_text(size_text(3 << 19, text), "1.5 MiB");
	expect_text(size_text(20ull << 40, text), "20 TiB");
	expect_text(size_time(0, text), "0:00");
	expect_text(size_time(185, text), "3:05");
	expect_text(size_time(3661, text), "1:01:01");
}

const struct test tests[] = {
	TEST(size_takes_units),
	TEST(size_takes_fractions),
	TEST(size_refuses_the_rest),
	TEST(size_is_read_by_people),
	{ 0 },
};
