// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "test.h"

static bool failed;

void test_expect(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	failed = true;
	printf("# %s:%d: %s\n", file, line, what);
}

int main(void)
{
	unsigned int n = 0, bad = 0;
	const struct test *test;

	for (test = tests; test->name; test++)
		n++;
	printf("KTAP version 1\n1..%u\n", n);
	n = 0;
	for (test = tests; test->name; test++) {
		failed = false;
		test->run();
		bad += failed;
		printf("%sok %u %s\n", failed ? "not " : "", ++n, test->name);
		fflush(stdout);
	}
	printf("%u passed, %u failed\n", n - bad, bad);
	return bad > 0;
}
