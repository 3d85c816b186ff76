// SPDX-License-Identifier: GPL-2.0
#include "../format/names.h"
#include "test.h"

static const char ids[] =
	"# comment\n"
	"0001  First\n"
	"\t0001  Wrong one\n"
	"46f4  QEMU\n"
	"# in between\n"
	"\t0001  QEMU USB HARDDRIVE\n"
	"\t\t01  interface\n"
	"\t0002  Other\n"
	"46f5  Next\n"
	"\t0003  Not of QEMU\n"
	"C 08  Mass Storage\n";

static void names_finds(void)
{
	char vendor[NAMES_SIZE], product[NAMES_SIZE];

	names_find(ids, sizeof(ids) - 1, 0x46f4, 2, vendor, product);
	expect_text(vendor, "QEMU");
	expect_text(product, "Other");
	names_find(ids, sizeof(ids) - 1, 0x46f4, 1, vendor, product);
	expect_text(product, "QEMU USB HARDDRIVE");
	names_find(ids, sizeof(ids) - 1, 0x46f4, 3, vendor, product);
	expect_text(vendor, "QEMU");
	expect_text(product, "");
	names_find(ids, sizeof(ids) - 1, 0x4444, 1, vendor, product);
	expect_text(vendor, "");
	expect_text(product, "");
}

static void names_does_without(void)
{
	char vendor[NAMES_SIZE] = "x", product[NAMES_SIZE] = "x";

	names_find(NULL, 0, 1, 1, vendor, product);
	expect_text(vendor, "");
	expect_text(product, "");
}

const struct test tests[] = {
	TEST(names_finds),
	TEST(names_does_without),
	{ 0 },
};
