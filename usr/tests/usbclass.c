// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "../format/usbclass.h"
#include "test.h"

#define DEVICE(class)	18, 1, 0, 2, class, 0, 0, 64, 0xf4, 0x46, 1, 0, 0, 1, 1, 2, 3
#define CONFIGURATION	9, 2, 99, 99, 1, 1, 0, 0x80, 50
#define INTERFACE(a, b, c)	9, 4, 0, 0, 0, a, b, c, 0
#define ENDPOINT	7, 5, 0x81, 2, 0, 2, 0

static struct usbclass class;
static struct usbclass_id id;
static struct error err;

#define parse(bytes)	usbclass_parse(bytes, sizeof(bytes), &class, &id, &err)

static bool is(const char *text)
{
	char now[USBCLASS_TEXT];

	usbclass_text(&class, now);
	expect_text(now, text);
	return !strcmp(now, text);
}

static void usbclass_finds_every_interface(void)
{
	/* two alternate settings, and one more configuration */
	static const uint8_t uas[] = {
		DEVICE(0), 2,
		CONFIGURATION, INTERFACE(8, 6, 0x62), ENDPOINT, 4, 0x24, 2, 0,
		INTERFACE(8, 6, 0x50), ENDPOINT, ENDPOINT,
		CONFIGURATION, INTERFACE(3, 1, 1), ENDPOINT,
		INTERFACE(8, 6, 0x50),
	};

	expect(!parse(uas));
	expect(id.vendor == 0x46f4 && id.product == 1);
	expect(is("00/00/00 03/01/01 08/06/50 08/06/62"));
}

static void usbclass_reads_as_the_kernel_does(void)
{
	static const uint8_t inside[] = {
		DEVICE(9), 1, CONFIGURATION, INTERFACE(9, 0, 0),
		/* what is inside another descriptor is none, and one that is too short */
		12, 0x24, 0, INTERFACE(3, 1, 1), 8, 4, 0, 0, 0, 3, 1, 1,
		/* a longer one is one */
		11, 4, 0, 0, 0, 0xff, 1, 2, 0, 0, 0,
		/* of a configuration in a configuration it passes over the head */
		CONFIGURATION, INTERFACE(2, 2, 1),
	};

	expect(!parse(inside));
	expect(is("09/00/00 02/02/01 09/00/00 ff/01/02"));
}

static void usbclass_refuses_what_is_none(void)
{
	static const uint8_t whole[] = {
		DEVICE(0), 1, CONFIGURATION, INTERFACE(8, 6, 0x50), 3, 0x24, 0,
	};
	uint8_t bytes[sizeof(whole)];
	size_t size;

	for (size = 0; size < sizeof(whole); size++) {
		int ret = usbclass_parse(whole, size, &class, &id, &err);

		/* at the ends of descriptors alone */
		expect(ret == (size == 36 ? 0 : size == 18 || size == 27 ?
			       -ENODATA : -EPROTO));
		expect(ret ? !class.n : class.n == 1);
	}
	expect(!parse(whole));
	memcpy(bytes, whole, sizeof(bytes));
	bytes[1] = 2;
	expect(parse(bytes) == -EPROTO);
	memcpy(bytes, whole, sizeof(bytes));
	bytes[36] = 1;
	expect(parse(bytes) == -EPROTO);
	bytes[36] = 0;
	expect(parse(bytes) == -EPROTO && !class.n);
	bytes[36] = 4;
	expect(parse(bytes) == -EPROTO);
}

static void usbclass_has_room_for_some(void)
{
	uint8_t bytes[18 + 9 * (USBCLASS_MAX + 1)] = { DEVICE(0), 1 };
	const uint8_t one[] = { INTERFACE(0xff, 0, 0) };
	unsigned int i;

	for (i = 0; i <= USBCLASS_MAX; i++) {
		memcpy(bytes + 18 + 9 * i, one, sizeof(one));
		bytes[18 + 9 * i + 7] = (uint8_t)(i ? i - 1 : 0);
	}
	expect(!parse(bytes) && class.n == USBCLASS_MAX);
	bytes[18 + 7] = 0xff;
	expect(parse(bytes) == -E2BIG && !class.n);
}

static bool fits(const char *kept, const char *now)
{
	struct usbclass a, b;

	expect(usbclass_unpack((const uint8_t *)kept, strlen(kept), &a));
	expect(usbclass_unpack((const uint8_t *)now, strlen(now), &b));
	return usbclass_fits(&a, &b, &err);
}

static void usbclass_judges(void)
{
	expect(fits("---aaabbb", "---aaabbb"));
	expect(fits("---aaabbb", "---bbb"));
	expect(!fits("---bbb", "---aaabbb"));
	expect_has(err.text, "an interface of the class 61/61/61");
	expect(!fits("---bbb", "---bbB"));
	expect_has(err.text, "62/62/42");
	expect(!fits("---bbb", "--+bbb"));
	expect_has(err.text, "a device of the class 2d/2d/2b");
	/* of a disk a keyboard was made */
	expect(!fits("---\x08\x06P", "---\x08\x06P\x03\x01\x01"));
	expect_has(err.text, "03/01/01 (human interface)");
}

static void usbclass_goes_there_and_back(void)
{
	uint8_t bytes[USBCLASS_BYTES], more[USBCLASS_BYTES + 3] = { 0 };

	expect(usbclass_unpack((const uint8_t *)"---bbbaaabbb", 12, &class));
	expect(is("2d/2d/2d 61/61/61 62/62/62"));
	expect(usbclass_pack(&class, bytes) == 9);
	expect(!memcmp(bytes, "---aaabbb", 9));
	expect(!usbclass_unpack(bytes, 0, &class));
	expect(!usbclass_unpack(bytes, 3, &class));
	expect(!usbclass_unpack(bytes, 7, &class));
	expect(usbclass_unpack(more, USBCLASS_BYTES, &class) && class.n == 1);
	expect(!usbclass_unpack(more, sizeof(more), &class));
}

const struct test tests[] = {
	TEST(usbclass_finds_every_interface),
	TEST(usbclass_reads_as_the_kernel_does),
	TEST(usbclass_refuses_what_is_none),
	TEST(usbclass_has_room_for_some),
	TEST(usbclass_judges),
	TEST(usbclass_goes_there_and_back),
	{ 0 },
};
