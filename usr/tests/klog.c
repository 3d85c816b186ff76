// SPDX-License-Identifier: GPL-2.0
#include "../format/klog.h"
#include "test.h"

static void klog_ranks_what_is_said(void)
{
	static const struct {
		const char *record, *number, *verb;
		enum klog_rank rank;
		const char *reason;
	} cases[] = {
		{ "3,339,5140900,-;device-mapper: rekey: 254:0: key refused: Wrong key: it is not the one of this slot: -129\n SUBSYSTEM=block\n",
		  "254:0", "key", KLOG_REASON,
		  "Wrong key: it is not the one of this slot" },
		{ "3,1,1,-;device-mapper: rekey: 254:0: A data device is not one of this volume: -74",
		  NULL, NULL, KLOG_REASON,
		  "A data device is not one of this volume" },
		{ "3,1,1,-;device-mapper: table: 254:0: rekey: No such data device (-ENODEV)",
		  "254:0", NULL, KLOG_REASON, "No such data device" },
		{ "3,1,1,-;device-mapper: table: 254:0: rekey: No such data device",
		  NULL, NULL, KLOG_REASON, "No such data device" },
		/* only says that it failed */
		{ "3,1,1,-;device-mapper: table: 254:0: rekey: preresume failed, error = -74",
		  "254:0", NULL, KLOG_HINT, "preresume failed, error = -74" },
		/* whose? */
		{ "6,1,1,-;device-mapper: rekey: superblock: an unknown version",
		  "254:0", NULL, KLOG_HINT, "superblock: an unknown version" },
		/* another device's */
		{ "3,1,1,-;device-mapper: rekey: 254:1: assign refused: x: -1",
		  "254:0", "assign", KLOG_NONE, NULL },
		{ "3,1,1,-;device-mapper: table: 254:1: rekey: x", "254:0",
		  NULL, KLOG_NONE, NULL },
		/* this device's, but not of this request */
		{ "3,1,1,-;device-mapper: rekey: 254:0: region 7: key 3 is not loaded",
		  "254:0", "rekey", KLOG_NONE, NULL },
		{ "3,1,1,-;device-mapper: rekey: 254:0: assign refused: x: -1",
		  "254:0", "rekey", KLOG_NONE, NULL },
		{ "3,1,1,-;device-mapper: rekey: 254:0: assign refused: x: -1",
		  "254:0", NULL, KLOG_NONE, NULL },
		{ "3,1,1,-;device-mapper: table: 254:0: rekey: x", "254:0",
		  "rekey", KLOG_NONE, NULL },
		{ "3,1,1,-;device-mapper: table: 254:0: crypt: Error", NULL,
		  NULL, KLOG_NONE, NULL },
		{ "3,1,1,-;usb 1-1: rekey: x", NULL, NULL, KLOG_NONE, NULL },
		{ "device-mapper: rekey: x", NULL, NULL, KLOG_NONE, NULL },
		{ "", NULL, NULL, KLOG_NONE, NULL },
	};
	char text[64];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum klog_rank rank;

		rank = klog_reason(cases[i].record, cases[i].number,
				   cases[i].verb, text, sizeof(text));
		test_expect(rank == cases[i].rank, cases[i].record, __FILE__,
			    __LINE__);
		if (rank != KLOG_NONE && cases[i].reason)
			expect_text(text, cases[i].reason);
	}
}

const struct test tests[] = {
	TEST(klog_ranks_what_is_said),
	{ 0 },
};
