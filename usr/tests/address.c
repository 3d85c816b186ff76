// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../format/address.h"
#include "test.h"

static void address_takes_all_forms(void)
{
	static const struct {
		const char *text, *host, *port;
	} cases[] = {
		{ "10.0.0.2", "10.0.0.2", "3240" },
		{ "10.0.0.2:1", "10.0.0.2", "1" },
		{ "node", "node", "3240" },
		{ "node:65535", "node", "65535" },
		{ "::1", "::1", "3240" },
		{ "fe80::1%eth0", "fe80::1%eth0", "3240" },
		{ "[::1]", "::1", "3240" },
		{ "[::1]:3241", "::1", "3241" },
		{ "[node]:3241", "node", "3241" },
		{ "unix:7", "unix", "7" },
	};
	struct address addr;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		expect(!address_parse(cases[i].text, "3240", &addr, &err));
		expect(addr.kind == ADDRESS_INET);
		expect_text(addr.name, cases[i].text);
		expect_text(addr.host, cases[i].host);
		expect_text(addr.port, cases[i].port);
	}
}

static void address_takes_other_sockets(void)
{
	char longest[sizeof(((struct address *)0)->path) + 6] = "unix:/";
	struct address addr;
	struct error err;

	expect(!address_parse("unix:/run/usbip.sock", "3240", &addr, &err));
	expect(addr.kind == ADDRESS_UNIX);
	expect_text(addr.name, "unix:/run/usbip.sock");
	expect_text(addr.path, "/run/usbip.sock");
	memset(longest + 6, 'a', sizeof(longest) - 8);
	expect(!address_parse(longest, "3240", &addr, &err));
	expect(strlen(addr.path) == sizeof(addr.path) - 1);
	longest[sizeof(longest) - 2] = 'a';
	expect(address_parse(longest, "3240", &addr, &err) == -EINVAL);

	expect(!address_parse("vsock:2:3240", "1", &addr, &err));
	expect(addr.kind == ADDRESS_VSOCK);
	expect_text(addr.name, "vsock:2:3240");
	expect(addr.cid == 2 && addr.cid_port == 3240);
	expect(!address_parse("vsock:4294967294:4294967294", "1", &addr, &err));
	expect(addr.cid == UINT32_MAX - 1 && addr.cid_port == UINT32_MAX - 1);
}

static void address_refuses_the_rest(void)
{
	static const char * const bad[] = {
		"", ":", ":1", "a:", "a:0", "a:65536", "a:-1", "a:1x", "a: 1",
		"a:99999999999", "[", "[]", "[]:1", "[::1", "[::1]x",
		"[::1]:", "[::1]:x", "a b", "a\x1b", "a:00000080x",
		"unix:", "unix:socket", "unix:/a b", "vsock:", "vsock:3",
		"vsock:3:", "vsock::3240", "vsock:x:3240", "vsock:3:x",
		"vsock:4294967295:1", "vsock:1:4294967295", "vsock:3:1:2",
		"vsock:00000000003:1",
	};
	char longest[257];
	struct address addr;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_expect(address_parse(bad[i], "3240", &addr, &err) ==
			    -EINVAL, bad[i], __FILE__, __LINE__);

	memset(longest, 'a', sizeof(longest));
	longest[256] = '\0';
	expect(address_parse(longest, "3240", &addr, &err) == -EINVAL);
	longest[255] = '\0';
	expect(!address_parse(longest, "3240", &addr, &err));
}

const struct test tests[] = {
	TEST(address_takes_all_forms),
	TEST(address_takes_other_sockets),
	TEST(address_refuses_the_rest),
	{ 0 },
};
