// SPDX-License-Identifier: GPL-2.0
#include "../format/unitname.h"
#include "test.h"

/* As systemd-escape has them. */
static void unitname_escapes(void)
{
	char name[64];

	expect(unitname_escape("data_1.x", false, name, sizeof(name)));
	expect_text(name, "data_1.x");
	expect(unitname_escape("my-data+", false, name, sizeof(name)));
	expect_text(name, "my\\x2ddata\\x2b");
	expect(unitname_escape(".x", false, name, sizeof(name)));
	expect_text(name, "\\x2ex");
	expect(unitname_escape("/dev/disk/by-uuid/1-2", true, name,
			       sizeof(name)));
	expect_text(name, "dev-disk-by\\x2duuid-1\\x2d2");
	expect(unitname_escape("//dev//sda/", true, name, sizeof(name)));
	expect_text(name, "dev-sda");
}

static void unitname_has_limits(void)
{
	char name[8];

	expect(unitname_escape("abc", false, name, sizeof(name)));
	expect(!unitname_escape("abcdef", false, name, sizeof(name)));
	expect(!unitname_escape("", false, name, sizeof(name)));
	expect(!unitname_escape("/", true, name, sizeof(name)));
}

const struct test tests[] = {
	TEST(unitname_escapes),
	TEST(unitname_has_limits),
	{ 0 },
};
