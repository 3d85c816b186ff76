// SPDX-License-Identifier: GPL-2.0
#include "../format/utf8.h"
#include "test.h"

static bool valid(const char *text)
{
	return utf8_valid(text, strlen(text));
}

static bool shows(const char *text)
{
	return utf8_shows(text, strlen(text));
}

static void utf8_takes_all_lengths(void)
{
	uint32_t c;

	expect(utf8_next("a", 1, &c) == 1 && c == 'a');
	expect(utf8_next("\xc3\xa4", 2, &c) == 2 && c == 0xe4);
	expect(utf8_next("\xe2\x82\xac", 3, &c) == 3 && c == 0x20ac);
	expect(utf8_next("\xf0\x9f\x94\xa5", 4, &c) == 4 && c == 0x1f525);
	expect(!utf8_next("", 0, &c));
}

static void utf8_refuses_what_is_none(void)
{
	static const char *const bad[] = {
		"\x80", "\xc3", "\xc3(", "\xc0\xaf", "\xe0\x80\xaf",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(!valid(bad[i]));
	expect(!utf8_valid("a\0b", 3));
}

static void utf8_hides_what_steers(void)
{
	static const char *const bad[] = {
		"\x1b[31m", "a\nb", "\x7f", "\xc2\x9b" "31m",	/* C1's CSI */
		"\xe2\x80\xae" "abc",	/* right to left from here */
		"\xe2\x81\xa6", "\xd8\x9c", "a\xe2\x80\x8b", "\xe2\x80\xa8",
		"\xef\xbb\xbf", "\xf3\xa0\x80\xa1", "\xef\xbf\xbf",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(!shows(bad[i]));
	expect(shows("k\xc3\xbc" "che \xf0\x9f\x94\xa5"));
}

const struct test tests[] = {
	TEST(utf8_takes_all_lengths),
	TEST(utf8_refuses_what_is_none),
	TEST(utf8_hides_what_steers),
	{ 0 },
};
