// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "../format/export.h"
#include "golden.h"
#include "test.h"

static struct error err;

static void export_takes_an_order(void)
{
	uint8_t order[EXPORT_ORDER];
	struct usbip_device about;
	uint32_t devid = 0;

	usbip_pack_reply(order, USBIP_OP_REP_IMPORT, USBIP_ST_OK);
	memcpy(order + USBIP_OP_SIZE, &golden_list.dev, USBIP_DEVICE_SIZE);
	expect(!export_parse_order(order, sizeof(order), &about, &devid, &err));
	expect_text(about.busid, "3-1");
	expect(devid == 0x00030002);
	expect(export_parse_order(order, sizeof(order) - 1, &about, &devid,
				  &err) == -EPROTO);
	order[7] = 1;
	expect(export_parse_order(order, sizeof(order), &about, &devid,
				  &err) == -EPROTO);
	order[7] = 0;
	/* no device has such a number */
	order[USBIP_OP_SIZE + 256 + 32] = 1;
	expect(export_parse_order(order, sizeof(order), &about, &devid,
				  &err) == -EPROTO);
}

static void export_knows_a_release(void)
{
	uint8_t buf[EXPORT_RELEASE];

	export_pack_release(buf);
	expect(export_is_release(buf, sizeof(buf)));
	expect(!export_is_release(buf, sizeof(buf) - 1));
	buf[3] = 2;
	expect(!export_is_release(buf, sizeof(buf)));
}

static void export_gives_reports_back(void)
{
	struct export_report report = {
		.state = EXPORT_REFUSED, .status = USBIP_ST_DEV_BUSY,
		.text = "another program has it",
	}, back;
	uint8_t buf[EXPORT_REPORT_MAX];
	size_t size = export_pack_report(buf, &report);

	expect(size == 8 + strlen(report.text));
	expect(!export_parse_report(buf, size, &back, &err));
	expect(back.state == EXPORT_REFUSED && back.status == USBIP_ST_DEV_BUSY);
	expect_text(back.text, report.text);
	memset(report.text, 'x', sizeof(report.text) - 1);
	report.text[sizeof(report.text) - 1] = '\0';
	size = export_pack_report(buf, &report);
	expect(size == EXPORT_REPORT_MAX);
	expect(!export_parse_report(buf, size, &back, &err));
	expect_text(back.text, report.text);
}

static void export_refuses_other_reports(void)
{
	uint8_t buf[EXPORT_REPORT_MAX + 1] = { 0 };
	struct export_report report;

	expect(!export_parse_report(buf, 8, &report, &err));
	expect_text(report.text, "");
	expect(export_parse_report(buf, 7, &report, &err) == -EPROTO);
	expect(export_parse_report(buf, sizeof(buf), &report, &err) == -EPROTO);
	/* a zero, and what a terminal would take for itself */
	expect(export_parse_report(buf, 9, &report, &err) == -EPROTO);
	buf[8] = '\x1b';
	expect(export_parse_report(buf, 9, &report, &err) == -EPROTO);
	buf[3] = EXPORT_ENDED + 1;
	expect(export_parse_report(buf, 8, &report, &err) == -EPROTO);
	buf[3] = 0;
	buf[7] = USBIP_ST_ERROR + 1;
	expect(export_parse_report(buf, 8, &report, &err) == -EPROTO);
}

static void export_names_come_back(void)
{
	static const char * const bad[] = {
		"", "_", "_plain", "3-1", "3-1_", "3-1_plane", "3 1_plain", "3-1_12",
		"11111111111111111111111111111111_plain",
	};
	static const uint8_t id[PEER_ID] = { 1, [31] = 0xff };
	char name[EXPORT_NAME], busid[USBIP_BUSID_SIZE];
	uint8_t back[PEER_ID];
	bool plain;
	size_t i;

	export_name(name, "3-1.2", id);
	expect(export_parse_name(name, busid, &plain, back));
	expect(!plain && !memcmp(back, id, PEER_ID));
	expect_text(busid, "3-1.2");
	export_name(name, "1111111111111111111111111111111", NULL);
	expect_text(name, "1111111111111111111111111111111_plain");
	expect(export_parse_name(name, busid, &plain, back) && plain);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_expect(!export_parse_name(bad[i], busid, &plain, back),
			    bad[i], __FILE__, __LINE__);
}

const struct test tests[] = {
	TEST(export_names_come_back),
	TEST(export_takes_an_order),
	TEST(export_knows_a_release),
	TEST(export_gives_reports_back),
	TEST(export_refuses_other_reports),
	{ 0 },
};
