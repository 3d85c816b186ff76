// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "../format/usbip.h"
#include "golden.h"
#include "test.h"

_Static_assert(sizeof(struct golden_device) == USBIP_DEVICE_SIZE, "wire");
_Static_assert(sizeof(struct golden_list) == 8 + 4 + 312 + 4, "wire");

static struct error err;

/* Feeds all of @buf; what is too short returns -EAGAIN. */
static int feed(struct usbip_list *list, const void *buf, size_t len)
{
	const uint8_t *p = buf;
	size_t need;
	uint8_t *piece;
	int ret;

	usbip_list_init(list);
	while ((need = usbip_list_need(list))) {
		if (len < need)
			return -EAGAIN;
		/* Its own memory, so that ASan sees the end of it. */
		piece = malloc(need);
		memcpy(piece, p, need);
		ret = usbip_list_feed(list, piece, &err);
		free(piece);
		if (ret)
			return ret;
		p += need;
		len -= need;
	}
	return len ? -E2BIG : 0;
}

static void usbip_packs_devlist(void)
{
	static const uint8_t want[] = { 1, 0x11, 0x80, 5, 0, 0, 0, 0 };
	uint8_t buf[USBIP_OP_SIZE];

	usbip_pack_devlist(buf);
	expect(!memcmp(buf, want, sizeof(want)));
}

static void usbip_packs_import(void)
{
	static const uint8_t want[40] = { 1, 0x11, 0x80, 3, 0, 0, 0, 0,
					  '3', '-', '1' };
	uint8_t buf[USBIP_IMPORT_SIZE];

	memset(buf, 0xff, sizeof(buf));
	expect(!usbip_pack_import(buf, "3-1", &err));
	expect(!memcmp(buf, want, sizeof(want)));
}

static void usbip_refuses_bad_busids(void)
{
	static const char * const bad[] = {
		"", "1 1", "1/1", "1\n", "\x1b[2J", "\xff",
		"12345678901234567890123456789012",
	};
	uint8_t buf[USBIP_IMPORT_SIZE];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(usbip_pack_import(buf, bad[i], &err) == -EINVAL);
	expect(!usbip_pack_import(buf, "1234567890123456789012345678901",
				  &err));
	expect(!buf[USBIP_IMPORT_SIZE - 1]);
}

static void usbip_parses_golden_list(void)
{
	struct usbip_list list;
	struct usbip_device *dev;

	expect(!feed(&list, &golden_list, sizeof(golden_list)));
	expect(list.n == 1);
	if (list.n == 1) {
		dev = &list.devices[0];
		expect_text(dev->path, GOLDEN_PATH);
		expect_text(dev->busid, "3-1");
		expect(dev->busnum == 3 && dev->devnum == 2 && dev->speed == 3);
		expect(dev->vendor == 0x46f4 && dev->product == 1);
		expect(dev->release == 0x0100);
		expect(dev->configuration == 1 && dev->n_configurations == 1);
		expect(!dev->class && !dev->subclass);
		expect(dev->n_interfaces == 1);
		expect(dev->interfaces[0].class == 8 &&
		       dev->interfaces[0].subclass == 6 &&
		       dev->interfaces[0].protocol == 0x50);
	}
	usbip_list_clear(&list);
}

static void usbip_parses_empty_list(void)
{
	static const uint8_t buf[] = { GOLDEN_OP(5, 0), 0, 0, 0, 0 };
	struct usbip_list list;

	expect(!feed(&list, buf, sizeof(buf)));
	expect(!list.n);
	usbip_list_clear(&list);
}

static void usbip_parses_many_devices(void)
{
	enum { N = 37 };
	size_t size = 12 + N * 316;
	uint8_t *buf = malloc(size);
	struct usbip_list list;
	size_t i;

	memcpy(buf, &golden_list, 12);
	buf[11] = N;
	for (i = 0; i < N; i++) {
		memcpy(buf + 12 + i * 316, &golden_list.dev, 316);
		/* The low byte of the device number. */
		buf[12 + i * 316 + 256 + 32 + 7] = (uint8_t)(i + 1);
	}
	expect(!feed(&list, buf, size));
	expect(list.n == N);
	for (i = 0; i < list.n; i++)
		expect(list.devices[i].devnum == i + 1);
	usbip_list_clear(&list);
	free(buf);
}

static void usbip_sees_every_truncation(void)
{
	struct usbip_list list;
	size_t len;

	for (len = 0; len < sizeof(golden_list); len++) {
		expect(feed(&list, &golden_list, len) == -EAGAIN);
		usbip_list_clear(&list);
	}
}

static void usbip_refuses_huge_count(void)
{
	struct golden_list bad = golden_list;
	struct usbip_list list;

	memset(bad.n, 0xff, sizeof(bad.n));
	expect(feed(&list, &bad, sizeof(bad)) == -EPROTO);
	expect_has(err.text, "4294967295");
	usbip_list_clear(&list);
}

static void usbip_refuses_endless_strings(void)
{
	struct golden_list bad = golden_list;
	struct usbip_list list;

	memset(bad.dev.path, 'a', sizeof(bad.dev.path));
	expect(feed(&list, &bad, sizeof(bad)) == -EPROTO);
	expect_has(err.text, "path");
	usbip_list_clear(&list);

	bad = golden_list;
	memset(bad.dev.busid, '1', sizeof(bad.dev.busid));
	expect(feed(&list, &bad, sizeof(bad)) == -EPROTO);
	expect_has(err.text, "bus id");
	usbip_list_clear(&list);
}

static void usbip_keeps_terminals_safe(void)
{
	struct golden_list bad = golden_list;
	struct usbip_list list;

	bad.dev.path[0] = '\x1b';
	expect(!feed(&list, &bad, sizeof(bad)));
	expect(list.devices[0].path[0] == '?');
	usbip_list_clear(&list);

	bad = golden_list;
	bad.dev.busid[0] = '\x1b';
	expect(feed(&list, &bad, sizeof(bad)) == -EPROTO);
	usbip_list_clear(&list);
}

static void usbip_explains_every_status(void)
{
	static const struct {
		uint8_t status;
		int ret;
		const char *text;
	} cases[] = {
		{ USBIP_ST_NA, -EREMOTEIO, "not available" },
		{ USBIP_ST_DEV_BUSY, -EBUSY, "in use" },
		{ USBIP_ST_DEV_ERR, -EIO, "error state" },
		{ USBIP_ST_NODEV, -ENODEV, "no such device" },
		{ USBIP_ST_ERROR, -EREMOTEIO, "unexpected" },
		{ 99, -EREMOTEIO, "99" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t op[] = { GOLDEN_OP(3, cases[i].status) };

		expect(usbip_parse_op(op, 3, &err) == cases[i].ret);
		expect_has(err.text, cases[i].text);
		expect(err.code == -cases[i].ret);
	}
}

static void usbip_refuses_other_protocols(void)
{
	static const uint8_t version[] = { 0x01, 0x06, 0, 3, 0, 0, 0, 0 };
	static const uint8_t code[] = { GOLDEN_OP(5, 0) };

	expect(usbip_parse_op(version, 3, &err) == -EPROTO);
	expect_has(err.text, "1.0.6");
	expect(usbip_parse_op(code, 3, &err) == -EPROTO);
	expect_has(err.text, "0x0005");
	expect(usbip_parse_op((const uint8_t *)"HTTP/1.1", 3, &err) == -EPROTO);
	expect_has(err.text, "not USB/IP");
}

static void usbip_makes_device_ids(void)
{
	struct usbip_device dev = { .busnum = 3, .devnum = 2 };
	uint32_t id = 0;

	expect(!usbip_devid(&dev, &id, &err) && id == 0x30002);
	dev.busnum = 0x10000;
	expect(usbip_devid(&dev, &id, &err) == -EPROTO);
	dev.busnum = 0xffff;
	dev.devnum = 0xffff;
	expect(!usbip_devid(&dev, &id, &err) && id == 0xffffffff);
	/* the stock vudc has no bus */
	dev.busnum = 0;
	dev.devnum = 0;
	expect(!usbip_devid(&dev, &id, &err) && !id);
}

static void usbip_has_words(void)
{
	unsigned int i;

	expect_text(usbip_speed_name(3), "high");
	expect_text(usbip_speed_name(6), "super-plus");
	expect_text(usbip_speed_name(7), "unknown");
	expect_text(usbip_speed_name(UINT32_MAX), "unknown");
	expect_text(usbip_class_name(8), "mass storage");
	for (i = 0; i < 256; i++)
		expect(usbip_class_name((uint8_t)i));
}

/* The side of the server gives back what the client's takes. */
static void usbip_packs_what_it_parses(void)
{
	struct usbip_list list;
	uint8_t buf[sizeof(golden_list)];

	expect(!feed(&list, &golden_list, sizeof(golden_list)));
	memset(buf, 0xff, sizeof(buf));
	usbip_pack_reply(buf, USBIP_OP_REP_DEVLIST, USBIP_ST_OK);
	usbip_pack_count(buf + 8, 1);
	usbip_pack_device(buf + 12, &list.devices[0]);
	usbip_pack_interface(buf + 12 + 312, &list.devices[0].interfaces[0]);
	expect(!memcmp(buf, &golden_list, sizeof(buf)));
	usbip_list_clear(&list);
}

static void usbip_parses_requests(void)
{
	uint8_t buf[USBIP_IMPORT_SIZE];
	char busid[USBIP_BUSID_SIZE];

	usbip_pack_devlist(buf);
	expect(usbip_parse_request(buf, &err) == USBIP_OP_REQ_DEVLIST);
	expect(!usbip_pack_import(buf, "3-1", &err));
	expect(usbip_parse_request(buf, &err) == USBIP_OP_REQ_IMPORT);
	expect(!usbip_parse_busid(buf + 8, busid, &err));
	expect_text(busid, "3-1");
	buf[9] = '\x1b';
	expect(usbip_parse_busid(buf + 8, busid, &err) == -EPROTO);
	buf[8] = '\0';
	expect(usbip_parse_busid(buf + 8, busid, &err) == -EPROTO);
	memset(buf + 8, '1', USBIP_BUSID_SIZE);
	expect(usbip_parse_busid(buf + 8, busid, &err) == -EPROTO);
	expect_has(err.text, "does not end");
	buf[0] = 2;
	expect(usbip_parse_request(buf, &err) == -EPROTO);
	expect_has(err.text, "version 2.1.1");
	buf[3] = 6;
	expect(usbip_parse_request(buf, &err) == -EPROTO);
	expect_has(err.text, "0x8006");
}

static void usbip_takes_a_request(void)
{
	uint8_t buf[USBIP_IMPORT_SIZE];
	char busid[USBIP_BUSID_SIZE];
	size_t n;

	usbip_pack_devlist(buf);
	for (n = 0; n < USBIP_OP_SIZE; n++)
		expect(!usbip_take_request(buf, n, busid, &err));
	expect(usbip_take_request(buf, n, busid, &err) == USBIP_OP_SIZE);
	expect_text(busid, "");
	usbip_pack_import(buf, "3-1", &err);
	for (n = 0; n < USBIP_IMPORT_SIZE; n++)
		expect(!usbip_take_request(buf, n, busid, &err));
	expect(usbip_take_request(buf, n, busid, &err) == USBIP_IMPORT_SIZE);
	expect_text(busid, "3-1");
	buf[8] = ' ';
	expect(usbip_take_request(buf, n, busid, &err) == -EPROTO);
	buf[3] = 9;
	expect(usbip_take_request(buf, 8, busid, &err) == -EPROTO);
}

const struct test tests[] = {
	TEST(usbip_takes_a_request),
	TEST(usbip_packs_what_it_parses),
	TEST(usbip_parses_requests),
	TEST(usbip_packs_devlist),
	TEST(usbip_packs_import),
	TEST(usbip_refuses_bad_busids),
	TEST(usbip_parses_golden_list),
	TEST(usbip_parses_empty_list),
	TEST(usbip_parses_many_devices),
	TEST(usbip_sees_every_truncation),
	TEST(usbip_refuses_huge_count),
	TEST(usbip_refuses_endless_strings),
	TEST(usbip_keeps_terminals_safe),
	TEST(usbip_explains_every_status),
	TEST(usbip_refuses_other_protocols),
	TEST(usbip_makes_device_ids),
	TEST(usbip_has_words),
	{ 0 },
};
