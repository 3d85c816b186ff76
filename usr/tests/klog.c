// SPDX-License-Identifier: GPL-2.0
#include "../format/klog.h"
#include "test.h"

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

const struct test tests[] = {
	TEST(klog_finds_reasons),
	{ 0 },
};
