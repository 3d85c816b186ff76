// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>

#include "../format/usbrule.h"
#include "test.h"

static struct error err;

static void usbrule_comes_back_as_text(void)
{
	static const struct {
		const char *in, *out;
		enum usbrule_kind kind;
	} cases[] = {
		{ "3-1", "3-1", USBRULE_BUSID },
		{ "10-1.4.2", "10-1.4.2", USBRULE_BUSID },
		{ "46F4:000a", "46f4:000a", USBRULE_ID },
		{ "46f4:0001:HEARTH 1", "46f4:0001:HEARTH 1", USBRULE_ID },
		{ "46f4:0001:a:b", "46f4:0001:a:b", USBRULE_ID },
		{ "class:0E", "class:0e", USBRULE_CLASS },
	};
	char text[USBRULE_TEXT];
	struct usbrule rule;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		expect(!usbrule_parse(cases[i].in, &rule, &err));
		expect(rule.kind == cases[i].kind);
		usbrule_text(&rule, text);
		expect_text(text, cases[i].out);
	}
}

static void usbrule_refuses_other_texts(void)
{
	static const char * const bad[] = {
		"", "3", "3-", "-1", "3-1:1.0", "usb3", "3-.1", "3-1/2", "a-1",
		"46f4", "46f4:", "46f4:001", "46f4:00011", "46f4:0001:",
		"46f4:0001:\x1b", "46f4:0001:\xff", "46g4:0001",
		"class:", "class:8", "class:088", "class:zz", "classy",
		"3-11111111111111111111111111111111111",
	};
	char text[300];
	struct usbrule rule;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(usbrule_parse(bad[i], &rule, &err) == -EINVAL);
	snprintf(text, sizeof(text), "46f4:0001:%0*d", USBRULE_SERIAL - 1, 0);
	expect(!usbrule_parse(text, &rule, &err));
	snprintf(text, sizeof(text), "46f4:0001:%0*d", USBRULE_SERIAL, 0);
	expect(usbrule_parse(text, &rule, &err) == -EINVAL);
}

static bool matches(const char *text, const char *serial)
{
	static const struct usbip_device about = {
		.busid = "3-1", .vendor = 0x46f4, .product = 1, .class = 0xef,
		.n_interfaces = 2,
		.interfaces = { { .class = 8 }, { .class = 3 } },
	};
	struct usbrule rule;

	expect(!usbrule_parse(text, &rule, &err));
	return usbrule_matches(&rule, &about, serial);
}

static void usbrule_finds_devices(void)
{
	expect(matches("3-1", "") && !matches("3-1.1", "") && !matches("3-2", ""));
	expect(matches("46f4:0001", "") && matches("46f4:0001", "any"));
	expect(!matches("46f4:0002", "") && !matches("46f5:0001", ""));
	expect(matches("46f4:0001:one", "one"));
	expect(!matches("46f4:0001:one", "two") && !matches("46f4:0001:one", ""));
	expect(matches("class:08", "") && matches("class:03", ""));
	expect(matches("class:ef", "") && !matches("class:01", ""));
}

const struct test tests[] = {
	TEST(usbrule_comes_back_as_text),
	TEST(usbrule_refuses_other_texts),
	TEST(usbrule_finds_devices),
	{ 0 },
};
