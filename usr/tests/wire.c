// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../format/wire.h"
#include "test.h"

static uint8_t data[4096];
static struct error err;

static int again(const struct wire *wire, struct wire *back)
{
	size_t size = wire_format(wire, data, sizeof(data));
	struct frame frame;

	expect(size && frame_next(data, size, &frame, &err) == (long)size);
	return wire_parse(&frame, back, &err);
}

static void wire_goes_there_and_back(void)
{
	struct wire back, join = {
		.type = WIRE_JOIN, .name = "desk", .port = 4820,
		.proof = { 1, 2, 3 },
	};
	const struct wire peer = {
		.type = WIRE_PEER, .name = "laptop", .role = PEER_SELF,
		.id = { 9 }, .n_addresses = 2,
		.addresses = { "10.0.0.2:4820", "[fe80::1%eth0]:4820" },
	};

	const struct wire hello = {
		.type = WIRE_HELLO, .name = "desk", .run = 1ull << 63,
	};
	const struct wire seen = {
		.type = WIRE_SEEN, .name = "desk", .id = { 7 }, .pairing = true,
		.n_addresses = 1, .addresses = { "10.0.0.2:4820" },
	};

	const struct wire watch = { .type = WIRE_WATCH }, device = {
		.type = WIRE_DEVICE, .busid = "3-1.2", .plug = 1ull << 40,
		.vendor = 0x46f4, .product = 1, .serial = "ONE",
		.hold = WIRE_HOLD_OTHER,
		.class = { .n = 1, .interfaces = { { 8, 6, 0x50 } } },
	};

	expect(!again(&watch, &back));
	expect(!memcmp(&back, &watch, sizeof(watch)));
	expect(!again(&device, &back));
	expect(!memcmp(&back, &device, sizeof(device)));
	expect(!again(&hello, &back));
	expect(!memcmp(&back, &hello, sizeof(hello)));
	expect(!again(&seen, &back));
	expect(!memcmp(&back, &seen, sizeof(seen)));
	expect(!again(&join, &back));
	expect(!memcmp(&back, &join, sizeof(join)));
	expect(!again(&peer, &back));
	expect(!memcmp(&back, &peer, sizeof(peer)));
}

static void wire_takes_names_that_show_alone(void)
{
	struct wire back, hello = { .type = WIRE_HELLO, .name = "a\033[2J" };

	expect(again(&hello, &back) == -EPROTO);
	expect_has(err.text, "cannot be shown");
	strcpy(hello.name, "good");
	expect(!again(&hello, &back) && !back.port);
}

static void wire_refuses_the_rest(void)
{
	static const uint8_t unknown[] = { 0, 0, 0, 12, 1, 1, 0, 0, 0, 0, 0, 0 };
	struct wire back, bye = { .type = WIRE_BYE, .reason = WIRE_BYE_LAST + 1 };
	struct frame frame;

	expect(again(&bye, &back) == -ERANGE);
	expect(frame_next(unknown, sizeof(unknown), &frame, &err) == 12);
	expect(wire_parse(&frame, &back, &err) == -EOPNOTSUPP);
	expect(!wire_format(&bye, data, 13));
}

static void wire_addresses_are_counted(void)
{
	struct frame_out out;
	struct frame frame;
	struct wire back;
	unsigned int i;

	frame_begin(&out, data, sizeof(data), WIRE_PEER, 0, 0);
	for (i = 0; i < 3; i++) {
		const struct frame_attr *attr =
			&wire_policies[7].attrs[i];

		if (attr->kind == FRAME_U32)
			frame_put_number(&out, attr, 0);
		else
			frame_put(&out, attr, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
				  attr->kind == FRAME_TEXT ? 4 : PEER_ID);
	}
	for (i = 0; i <= WIRE_ADDRESSES; i++)
		frame_put(&out, &wire_policies[7].attrs[3], "x", 1);
	expect(frame_next(data, frame_end(&out), &frame, &err) > 0);
	expect(wire_parse(&frame, &back, &err) == -EPROTO);
	expect_has(err.text, "more than 8 addresses");
}

/* Whose table has none is not asked for their length either. */
static void wire_has_addresses_where_they_belong(void)
{
	static const char text[WIRE_ADDRESSES * WIRE_ADDRESS + 3000] = "x";
	const struct frame_attr *name = &wire_policies[0].attrs[0];
	struct frame_attr address = wire_policies[7].attrs[3];
	struct frame_out out;
	struct frame frame;
	struct wire back;

	frame_begin(&out, data, sizeof(data), WIRE_HELLO, 0, 0);
	frame_put(&out, name, "desk", 4);
	frame_put(&out, &address, text, sizeof(text));
	expect(frame_next(data, frame_end(&out), &frame, &err) > 0);
	expect(!wire_parse(&frame, &back, &err));
	expect(!back.n_addresses && !*back.addresses[0]);
}

static void wire_has_classes_in_threes(void)
{
	struct wire back, device = {
		.type = WIRE_DEVICE, .busid = "3-1",
		.class = { .n = 1, .interfaces = { { 8, 6, 0x50 } } },
	};
	size_t size = wire_format(&device, data, sizeof(data));
	struct frame frame;

	/* the last attribute: 4 bytes, then 6 and padding; one more for the padding's */
	expect(data[size - 9] == 4 + 6);
	data[size - 9]++;
	expect(frame_next(data, size, &frame, &err) == (long)size);
	expect(wire_parse(&frame, &back, &err) == -EPROTO);
	expect_has(err.text, "classes");
}

static void wire_takes_devices_that_show_alone(void)
{
	struct wire back, device = {
		.type = WIRE_DEVICE, .busid = "3-1", .serial = "a\033",
	};

	expect(again(&device, &back) == -EPROTO);
	expect_has(err.text, "serial number");
	strcpy(device.serial, "");
	expect(!again(&device, &back) && !*back.serial);
	strcpy(device.busid, "3/1");
	expect(again(&device, &back) == -EPROTO);
	expect_has(err.text, "bus id");
	strcpy(device.busid, "3-1");
	device.hold = WIRE_HOLD_LAST + 1;
	expect(again(&device, &back) == -ERANGE);
}

const struct test tests[] = {
	TEST(wire_takes_devices_that_show_alone),
	TEST(wire_has_classes_in_threes),
	TEST(wire_goes_there_and_back),
	TEST(wire_takes_names_that_show_alone),
	TEST(wire_refuses_the_rest),
	TEST(wire_addresses_are_counted),
	TEST(wire_has_addresses_where_they_belong),
	{ 0 },
};
