// SPDX-License-Identifier: GPL-2.0
#include "../format/words.h"
#include "test.h"

static void words_come_one_by_one(void)
{
	static const char * const names[] = { "one", "two", NULL };
	struct words words = { .at = "  7 two  18446744073709551615 text" };
	char text[5];
	uint32_t small = 0;
	uint64_t n = 0;

	expect(words_u32(&words, 7, &small) && small == 7);
	expect(words_of(&words, names) == 1);
	expect(words_u64(&words, &n) && n == UINT64_MAX);
	expect(words_text(&words, text, sizeof(text)));
	expect_text(text, "text");
	expect(!words_next(&words) && !words_u64(&words, &n));
	expect(words_of(&words, names) == -1);
}

static void words_have_limits(void)
{
	struct words words = { .at = "8 text -1" };
	char text[4], line[600];
	uint32_t small = 1;

	expect(!words_u32(&words, 7, &small) && small == 1);
	expect(!words_text(&words, text, sizeof(text)));
	expect(!words_u32(&words, 7, &small));
	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	words.at = line;
	expect(!words_next(&words));
}

const struct test tests[] = {
	TEST(words_come_one_by_one),
	TEST(words_have_limits),
	{ 0 },
};
