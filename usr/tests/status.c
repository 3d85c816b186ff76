// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../format/status.h"
#include "test.h"

static const char running[] =
	"rw 2048 100/200 30/231 2 0:loaded:60 17:locked:40 rekey 0 17 0 200 running 40 60 4 1 1024 xts-aes-aesni-avx 3";
static const char idle[] =
	"ro 512 0/80 93/96 0 none idle 0 0 0 0 0 xts(ecb(aes-generic)) 0";

static void status_reads_lines(void)
{
	const struct status_slot *slot;
	struct status status;
	struct error err;

	expect(!status_parse(running, &status, &err));
	expect(!status.readonly && !status.suspended);
	expect(status.region == 2048 && status.written == 100 &&
	       status.regions == 200 && status.free == 30 &&
	       status.places == 231);
	expect(status.n_slots == 2);
	slot = status_slot(&status, 17);
	expect(slot && slot->regions == 40);
	expect_text(slot ? slot->state : "", "locked");
	expect(!status_slot(&status, 1));
	expect(status.job == STATUS_REKEY && status.to == 17 &&
	       status.count == 200);
	expect_text(status.state, "running");
	expect(status.moved == 40 && status.todo == 60 &&
	       status.under_way == 4 && status.errors == 1 &&
	       status.rate == 1024);
	expect_text(status.driver, "xts-aes-aesni-avx");
	expect(status.stale == 3);

	expect(!status_parse(idle, &status, &err));
	expect(status.readonly && status.job == STATUS_NONE);
	expect_text(status.driver, "xts(ecb(aes-generic))");
	expect(!status_parse("suspended", &status, &err));
	expect(status.suspended);
}

static void status_refuses_the_rest(void)
{
	static const char * const bad[] = {
		"", "rw", "rx 512 0/80 93/96 0 none idle 0 0 0 0 0 x 0",
		"rw 512 81/80 93/96 0 none idle 0 0 0 0 0 x 0",
		"rw 512 0/80 93 0 none idle 0 0 0 0 0 x 0",
		"rw 512 0/80 93/96 1 none idle 0 0 0 0 0 x 0",
		"rw 512 0/80 93/96 1 0:open:0 none idle 0 0 0 0 0 x 0",
		"rw 512 0/80 93/96 1 248:locked:0 none idle 0 0 0 0 0 x 0",
		"rw 512 0/80 93/96 249 0:locked:0 none idle 0 0 0 0 0 x 0",
		"rw 512 0/80 93/96 0 sleep idle 0 0 0 0 0 x 0",
		"rw 512 0/80 93/96 0 rekey idle 0 0 0 0 0 x 0",
		"rw 512 0/80 93/96 0 none idle 0 -1 0 0 0 x 0",
		"rw 512 0/80 93/96 0 none idle 0 0 0 0 0",
		"rw 512 0/80 93/96 0 none idle 0 0 0 0 0 x",
		"rw 512 0/80 93/96 0 none idle 0 0 0 0 0 x -1",
		"rw 512 0/80 93/96 0 none idle 0 0 0 0 0 x 0 y",
		"rw 512 0/80 93/96 0 none idle 0 99999999999999999999 0 0 0 x 0",
	};
	struct status status;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_expect(status_parse(bad[i], &status, &err) == -EINVAL,
			    bad[i], __FILE__, __LINE__);
}

const struct test tests[] = {
	TEST(status_reads_lines),
	TEST(status_refuses_the_rest),
	{ 0 },
};
