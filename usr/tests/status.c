// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../lib/klog.h"
#include "../lib/number.h"
#include "../lib/status.h"
#include "test.h"

static const char running[] =
	"rw 2048 100/200 30/231 2 0:loaded:60 17:locked:40 rekey 0 17 0 200 running 40 60 4 1 1024 xts-aes-aesni-avx";
static const char idle[] =
	"ro 512 0/80 93/96 0 none idle 0 0 0 0 0 xts(ecb(aes-generic))";

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

	expect(!status_parse(idle, &status, &err));
	expect(status.readonly && status.job == STATUS_NONE);
	expect_text(status.driver, "xts(ecb(aes-generic))");
	expect(!status_parse("suspended", &status, &err));
	expect(status.suspended);
}

static void status_refuses_the_rest(void)
{
	static const char * const bad[] = {
		"", "rw", "rx 512 0/80 93/96 0 none idle 0 0 0 0 0 x",
		"rw 512 81/80 93/96 0 none idle 0 0 0 0 0 x",
		"rw 512 0/80 93 0 none idle 0 0 0 0 0 x",
		"rw 512 0/80 93/96 1 none idle 0 0 0 0 0 x",
		"rw 512 0/80 93/96 1 0:open:0 none idle 0 0 0 0 0 x",
		"rw 512 0/80 93/96 1 248:locked:0 none idle 0 0 0 0 0 x",
		"rw 512 0/80 93/96 249 0:locked:0 none idle 0 0 0 0 0 x",
		"rw 512 0/80 93/96 0 sleep idle 0 0 0 0 0 x",
		"rw 512 0/80 93/96 0 rekey idle 0 0 0 0 0 x",
		"rw 512 0/80 93/96 0 none idle 0 -1 0 0 0 x",
		"rw 512 0/80 93/96 0 none idle 0 0 0 0 0",
		"rw 512 0/80 93/96 0 none idle 0 0 0 0 0 x y",
		"rw 512 0/80 93/96 0 none idle 0 99999999999999999999 0 0 0 x",
	};
	struct status status;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_expect(status_parse(bad[i], &status, &err) == -EINVAL,
			    bad[i], __FILE__, __LINE__);
}

static void table_reads_lines(void)
{
	struct table table;
	struct error err;

	expect(!table_parse("1:0 aes-xts-plain64 2 1:1 34816 - 0 3 meta_key::32:logon:hearth:x:meta region_size:512 meta_offset:32768",
			    &table, &err));
	expect_text(table.meta, "1:0");
	expect_text(table.cipher, "aes-xts-plain64");
	expect(table.n_devices == 2 && table.devices[0].offset == 34816 &&
	       table.meta_offset == 32768);
	expect_text(table.devices[1].name, "-");
	expect(table_parse("1:0 aes", &table, &err) == -EINVAL);
	expect(table_parse("1:0 aes 65 1:1 0", &table, &err) == -EINVAL);
	expect(table_parse("1:0 aes 1 1:1 0 1 meta_offset:x", &table, &err) ==
	       -EINVAL);
}

static void klog_finds_reasons(void)
{
	static const struct {
		const char *record, *number, *reason;
	} cases[] = {
		{ "3,339,5140900,-;device-mapper: rekey: 254:0: key refused: Wrong key: it is not the one of this slot: -129\n SUBSYSTEM=block\n",
		  "254:0", "Wrong key: it is not the one of this slot" },
		{ "3,1,1,-;device-mapper: rekey: 254:0: A data device is not one of this volume: -74",
		  NULL, "A data device is not one of this volume" },
		{ "3,1,1,-;device-mapper: table: 254:0: rekey: No such data device (-ENODEV)",
		  NULL, "No such data device" },
		{ "3,1,1,-;device-mapper: table: 254:0: rekey: No such data device",
		  NULL, "No such data device" },
		{ "6,1,1,-;device-mapper: rekey: superblock: an unknown version",
		  "254:0", "superblock: an unknown version" },
		{ "3,1,1,-;device-mapper: rekey: 254:1: assign refused: x: -1",
		  "254:0", NULL },
		{ "3,1,1,-;device-mapper: table: 254:0: crypt: Error", NULL, NULL },
		{ "3,1,1,-;usb 1-1: rekey: x", NULL, NULL },
		{ "device-mapper: rekey: x", NULL, NULL },
		{ "", NULL, NULL },
	};
	char text[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool found = klog_reason(cases[i].record, cases[i].number, text,
					 sizeof(text));

		test_expect(found == !!cases[i].reason, cases[i].record,
			    __FILE__, __LINE__);
		if (found && cases[i].reason)
			expect_text(text, cases[i].reason);
	}
}

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

const struct test status_tests[] = {
	TEST(status_reads_lines),
	TEST(status_refuses_the_rest),
	TEST(table_reads_lines),
	TEST(klog_finds_reasons),
	TEST(number_takes_digits_alone),
	{ 0 },
};
