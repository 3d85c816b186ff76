// SPDX-License-Identifier: GPL-2.0
#include "../format/hex.h"
#include "test.h"

static void hex_goes_there_and_back(void)
{
	uint8_t bytes[4];
	char text[9];

	expect(hex_parse("00fFa10b", bytes, 4));
	hex_text(bytes, 4, text);
	expect_text(text, "00ffa10b");
}

static void hex_refuses_the_rest(void)
{
	uint8_t bytes[4];

	expect(!hex_parse("", bytes, 4));
	expect(!hex_parse("00ffa1", bytes, 4));
	expect(!hex_parse("00ffa10", bytes, 4));
	expect(!hex_parse("00ffa10b0", bytes, 4));
	expect(!hex_parse("00ffa10g", bytes, 4));
	expect(!hex_parse(" 0ffa10b", bytes, 4));
}

static void hex_tells_digits(void)
{
	expect(hex_digits("09afAF", 6));
	expect(hex_digits("0g", 1) && !hex_digits("0g", 2));
	expect(!hex_digits("\0", 1));
}

const struct test tests[] = {
	TEST(hex_goes_there_and_back),
	TEST(hex_refuses_the_rest),
	TEST(hex_tells_digits),
	{ 0 },
};
