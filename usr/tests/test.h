/* SPDX-License-Identifier: GPL-2.0 */
/* A test is a function that calls expect(); the output is KTAP. */
#ifndef HEARTH_TEST_H
#define HEARTH_TEST_H

#include <stdbool.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
};

#define TEST(fn)	{ #fn, fn }

/* Of the one file that is linked with main.c; a test without name ends them. */
extern const struct test tests[];

void test_expect(bool ok, const char *what, const char *file, int line);

#define expect(cond)	test_expect(cond, #cond, __FILE__, __LINE__)
#define expect_text(a, b) do {						\
	const char *a_ = (a), *b_ = (b);				\
									\
	test_expect(!strcmp(a_, b_), a_, __FILE__, __LINE__);		\
} while (0)
/* Does @a have @b in it? */
#define expect_has(a, b) do {						\
	const char *a_ = (a), *b_ = (b);				\
									\
	test_expect(strstr(a_, b_), a_, __FILE__, __LINE__);		\
} while (0)

#endif
