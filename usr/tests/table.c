// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>

#include "../format/table.h"
#include "test.h"

static struct table table, again;

static void table_reads_lines(void)
{
	struct error err;

	expect(!table_parse("1:0 aes-xts-plain64 2 1:1 34816 - 0 6 meta_key::32:logon:hearth:x:meta region_size:512 sector_size:4096 meta_offset:32768 no_read_workqueue key:7::64:logon:hearth:x:7",
			    &table, &err));
	expect_text(table.meta, "1:0");
	expect_text(table.cipher, "aes-xts-plain64");
	expect(table.n_devices == 2 && table.devices[0].offset == 34816 &&
	       table.meta_offset == 32768);
	expect_text(table.devices[1].name, "-");
	expect(table.region == 512 && table.sector_size == 4096);
	expect(!table.create && !table.adopt && !table.discards);
	expect_text(table.meta_key, ":32:logon:hearth:x:meta");
	expect(table.n_keys == 1 && table.keys[0].slot == 7);
	expect_text(table.keys[0].source, ":64:logon:hearth:x:7");
	expect_text(table.old_meta_key, "");
	expect(!table_parse("1:0 aes 1 1:1 0 2 meta_key::32:logon:hearth:x:meta old_meta_key::32:logon:hearth:x:old-meta",
			    &table, &err));
	expect_text(table.meta_key, ":32:logon:hearth:x:meta");
	expect_text(table.old_meta_key, ":32:logon:hearth:x:old-meta");
}

static void table_refuses_the_rest(void)
{
	static const char * const lines[] = {
		"", "1:0", "1:0 aes", "1:0 aes 65 1:1 0", "1:0 aes 1 1:1",
		"1:0 aes 1 1:1 x 0", "1:0 aes 1 1:1 0", "1:0 aes 1 1:1 0 1",
		"1:0 aes 1 1:1 0 0 create", "1:0 aes 1 1:1 0 1 rate:x",
		"1:0 aes 1 1:1 0 1 rate:4294967296",
		"1:0 aes 1 1:1 0 1 key:248:x", "1:0 aes 1 1:1 0 1 key:1",
		"1:0 aes 1 1:1 0 1 key::x",
		"12345678901234567890123456789012 aes 1 1:1 0 0",
	};
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		test_expect(table_parse(lines[i], &table, &err) == -EINVAL,
			    lines[i], __FILE__, __LINE__);
}

static void table_writes_what_it_reads(void)
{
	static const char line[] =
		"1:0 aes-xts-plain64 2 1:1 8 - 0 10 meta_key::32:logon:m region_size:512 sector_size:512 meta_offset:8 iv_large_sectors create adopt:3 allow_discards rate:1024 key:247::64:logon:k";
	char *text;
	struct error err;

	expect(!table_parse(line, &table, &err));
	text = table_format(&table);
	expect_text(text ?: "", line);
	expect(!table_parse(text ?: "", &again, &err));
	expect(!memcmp(&again, &table, sizeof(table)));
	free(text);
}

const struct test tests[] = {
	TEST(table_reads_lines),
	TEST(table_refuses_the_rest),
	TEST(table_writes_what_it_reads),
	{ 0 },
};
