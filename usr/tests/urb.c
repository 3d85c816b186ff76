// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "../format/urb.h"
#include "test.h"

#define DEVID	0x00030002u

static struct error err;

/* CMD_SUBMIT: number 7, bulk IN of endpoint 2, 512 bytes. */
static const uint8_t golden[URB_HEADER] = {
	0, 0, 0, 1, 0, 0, 0, 7, 0, 3, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2,
	0, 0, 0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
	0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
};

/* The golden one, with @value at @at. */
static int parse(size_t at, uint32_t value, struct urb *urb)
{
	uint8_t buf[URB_HEADER];

	memcpy(buf, golden, sizeof(buf));
	buf[at] = (uint8_t)(value >> 24);
	buf[at + 1] = (uint8_t)(value >> 16);
	buf[at + 2] = (uint8_t)(value >> 8);
	buf[at + 3] = (uint8_t)value;
	return urb_parse(buf, DEVID, urb, &err);
}

static void urb_parses_golden_submit(void)
{
	struct urb urb;

	expect(!urb_parse(golden, DEVID, &urb, &err));
	expect(urb.command == URB_SUBMIT && urb.seq == 7);
	expect(urb.in && urb.ep == 2 && urb.length == 512);
	expect(urb.flags == URB_SHORT_NOT_OK && !urb.packets);
	expect(urb.setup[0] == 1 && urb.setup[7] == 8);
	expect(!urb_data_size(&urb) && !urb_packets_size(&urb));
}

static void urb_parses_an_unlink(void)
{
	static const uint8_t buf[URB_HEADER] = {
		0, 0, 0, 2, 0, 0, 0, 8, 0, 3, 0, 2, 9, 9, 9, 9, 9, 9, 9, 9,
		0, 0, 0, 7,
	};
	struct urb urb;

	/* direction and endpoint mean nothing there */
	expect(!urb_parse(buf, DEVID, &urb, &err));
	expect(urb.command == URB_UNLINK && urb.seq == 8 && urb.victim == 7);
	expect(!urb_data_size(&urb) && !urb_packets_size(&urb));
}

static void urb_refuses_what_breaks_the_protocol(void)
{
	static const struct {
		size_t at;
		uint32_t value;
		const char *text;
	} bad[] = {
		{ 0, 0, "command 0" }, { 0, 3, "command 3" },
		{ 0, 4, "command 4" }, { 0, 0x80000001, "command" },
		{ 8, 0x00030003, "not the one" }, { 8, 0, "not the one" },
		{ 12, 2, "direction 2" }, { 12, UINT32_MAX, "direction" },
		{ 16, 16, "endpoint 16" }, { 16, UINT32_MAX, "endpoint" },
		{ 24, 0x80000000, "buffer" }, { 24, UINT32_MAX, "buffer" },
		{ 32, URB_PACKETS_MAX + 1, "packets" },
		{ 32, UINT32_MAX - 1, "packets" },
	};
	struct urb urb;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		expect(parse(bad[i].at, bad[i].value, &urb) == -EPROTO);
		expect_has(err.text, bad[i].text);
	}
	expect(!parse(32, URB_PACKETS_MAX, &urb));
	expect(urb_packets_size(&urb) == 16 * URB_PACKETS_MAX);
	expect(!parse(24, INT32_MAX, &urb));
	expect(!parse(12, 0, &urb) && urb_data_size(&urb) == 512);
}

static void urb_refuses_what_a_device_is_not_asked(void)
{
	struct urb urb = { .command = URB_SUBMIT, .in = true, .length = 512 };

	expect(!urb_refused(&urb, URB_BULK) && !urb_refused(&urb, URB_INTERRUPT));
	expect(urb_refused(&urb, URB_NO_ENDPOINT) == -EINVAL);
	expect(urb_refused(&urb, URB_ISO) == -EINVAL);
	urb.packets = 1;
	expect(!urb_refused(&urb, URB_ISO));
	expect(urb_refused(&urb, URB_BULK) == -EINVAL);
	expect(urb_refused(&urb, URB_CONTROL) == -EINVAL);
	urb.packets = 0;
	urb.length = URB_LENGTH_MAX;
	expect(!urb_refused(&urb, URB_BULK));
	urb.length++;
	expect(urb_refused(&urb, URB_BULK) == -EINVAL);
}

static void urb_holds_a_setup_against_its_buffer(void)
{
	struct urb urb = {
		.command = URB_SUBMIT, .in = true, .length = 18,
		.setup = { 0x80, 6, 0, 1, 0, 0, 18, 0 },
	};

	expect(urb_setup_length(urb.setup) == 18);
	expect(!urb_refused(&urb, URB_CONTROL));
	urb.length = 17;
	expect(urb_refused(&urb, URB_CONTROL) == -EINVAL);
	urb.length = 18;
	urb.in = false;
	expect(urb_refused(&urb, URB_CONTROL) == -EINVAL);
	/* without data there is no direction */
	urb.setup[6] = 0;
	expect(!urb_refused(&urb, URB_CONTROL));
	/* the high byte counts */
	urb.setup[7] = 1;
	urb.in = true;
	expect(urb_refused(&urb, URB_CONTROL) == -EINVAL);
}

static void pack_packet(uint8_t *buf, uint32_t offset, uint32_t length)
{
	const struct urb_packet packet = { .offset = offset, .length = length };

	urb_pack_packet(buf, &packet);
}

/* Of two packets in a buffer of 300 bytes. */
static int parse_packets(uint32_t a, uint32_t a_length, uint32_t b,
			 uint32_t b_length)
{
	const struct urb urb = { .length = 300, .packets = 2 };
	uint8_t *buf = malloc((size_t)2 * URB_PACKET);
	struct urb_packet packets[2];
	int ret;

	pack_packet(buf, a, a_length);
	pack_packet(buf + URB_PACKET, b, b_length);
	ret = urb_parse_packets(buf, &urb, packets, &err);
	if (!ret)
		expect(packets[0].offset == a && packets[1].length == b_length);
	free(buf);
	return ret;
}

static void urb_keeps_packets_in_the_buffer(void)
{
	expect(!parse_packets(0, 100, 100, 200));
	expect(!parse_packets(200, 100, 0, 100));
	expect(!parse_packets(0, 0, 300, 0));
	expect(parse_packets(0, 100, 101, 200) == -EPROTO);
	expect(parse_packets(0, 100, 301, 0) == -EPROTO);
	expect(parse_packets(0, 100, UINT32_MAX, 2) == -EPROTO);
	expect(parse_packets(0, 100, 100, UINT32_MAX) == -EPROTO);
	expect(parse_packets(UINT32_MAX - 10, 20, 0, 0) == -EPROTO);
	/* each is in it, but not both */
	expect(parse_packets(0, 200, 100, 200) == -EPROTO);
	expect_has(err.text, "longer than the buffer");
}

static void urb_knows_what_the_kernel_must_know(void)
{
	static const struct {
		uint8_t setup[URB_SETUP];
		enum urb_special special;
		uint16_t value, index;
	} cases[] = {
		{ { 0, 5, 9, 0 }, URB_SET_ADDRESS, 9, 0 },
		{ { 0, 9, 2, 1 }, URB_SET_CONFIGURATION, 0x102, 0 },
		{ { 1, 11, 3, 0, 1, 0 }, URB_SET_INTERFACE, 3, 1 },
		{ { 2, 1, 0, 0, 0x81, 0 }, URB_CLEAR_HALT, 0, 0x81 },
		{ { 0x23, 3, 4, 0, 1, 0 }, URB_RESET_PORT, 4, 1 },
		/* other features, and who else is asked */
		{ { 2, 1, 1, 0, 0x81, 0 }, URB_PLAIN, 1, 0x81 },
		{ { 0x23, 3, 8, 0, 1, 0 }, URB_PLAIN, 8, 1 },
		{ { 0, 1, 1, 0 }, URB_PLAIN, 1, 0 },
		{ { 0x21, 9, 2, 1 }, URB_PLAIN, 0x102, 0 },
		{ { 0x80, 6, 0, 1 }, URB_PLAIN, 0x100, 0 },
	};
	uint16_t value, index;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		expect(urb_special(cases[i].setup, &value, &index) ==
		       cases[i].special);
		expect(value == cases[i].value && index == cases[i].index);
	}
}

static void urb_packs_answers(void)
{
	static const uint8_t submitted[URB_HEADER] = {
		0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xff, 0xff, 0xff, 0xe0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2,
		0, 0, 0, 1,
	};
	static const uint8_t unlinked[URB_HEADER] = {
		0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0xff, 0xff, 0xff, 0x98,
	};
	static const uint8_t packed[URB_PACKET] = {
		0, 0, 1, 0, 0, 0, 0, 16, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xb9,
	};
	const struct urb_answer answer = {
		.seq = 7, .status = -32, .actual = 256, .packets = 2,
		.errors = 1,
	};
	const struct urb_packet packet = {
		.offset = 256, .length = 16, .actual = 3, .status = -71,
	};
	uint8_t buf[URB_HEADER];

	memset(buf, 0xaa, sizeof(buf));
	urb_pack_submitted(buf, &answer);
	expect(!memcmp(buf, submitted, sizeof(buf)));
	memset(buf, 0xaa, sizeof(buf));
	urb_pack_unlinked(buf, 8, -104);
	expect(!memcmp(buf, unlinked, sizeof(buf)));
	urb_pack_packet(buf, &packet);
	expect(!memcmp(buf, packed, sizeof(packed)));
}

const struct test tests[] = {
	TEST(urb_parses_golden_submit),
	TEST(urb_parses_an_unlink),
	TEST(urb_refuses_what_breaks_the_protocol),
	TEST(urb_refuses_what_a_device_is_not_asked),
	TEST(urb_holds_a_setup_against_its_buffer),
	TEST(urb_keeps_packets_in_the_buffer),
	TEST(urb_knows_what_the_kernel_must_know),
	TEST(urb_packs_answers),
	{ 0 },
};
