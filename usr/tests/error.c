// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../format/error.h"
#include "test.h"

static void error_is_returned(void)
{
	struct error err;

	expect(error_set(&err, ENOENT, "%s %d", "port", 7) == -ENOENT);
	expect(err.code == ENOENT);
	expect_text(err.text, "port 7");
}

static void error_is_cut(void)
{
	char longest[2 * sizeof(((struct error *)0)->text)];
	struct error err;

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	error_set(&err, EIO, "%s", longest);
	expect(strlen(err.text) == sizeof(err.text) - 1);
}

/* A server's word or the kernel's must not steer a terminal. */
static void error_has_no_controls(void)
{
	struct error err;

	error_set(&err, EIO, "a%cb\x1b[2Jc\x7f d\xc3\xa4", 7);
	expect_text(err.text, "a?b?[2Jc? d\xc3\xa4");
}

const struct test tests[] = {
	TEST(error_is_returned),
	TEST(error_is_cut),
	TEST(error_has_no_controls),
	{ 0 },
};
