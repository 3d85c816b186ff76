// SPDX-License-Identifier: GPL-2.0
#include "../format/number.h"
#include "test.h"

static void number_takes_digits_alone(void)
{
	uint64_t n = 7;

	expect(number_parse("0", 10, &n) && !n);
	expect(number_parse("18446744073709551615", UINT64_MAX, &n) &&
	       n == UINT64_MAX);
	expect(!number_parse("18446744073709551616", UINT64_MAX, &n));
	expect(!number_parse("11", 10, &n));
	expect(!number_parse("", 10, &n));
	expect(!number_parse("+1", 10, &n));
	expect(!number_parse("1 ", 10, &n));
	expect(!number_parse("0x1", 10, &n));
	expect(n == UINT64_MAX);
}

const struct test tests[] = {
	TEST(number_takes_digits_alone),
	{ 0 },
};
