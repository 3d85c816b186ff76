// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../format/volumetab.h"
#include "test.h"

static struct volumetab entry;

static void volumetab_reads_lines(void)
{
	struct error err;

	expect(volumetab_parse("data /dev/sdb -\n", &entry, &err) == 1);
	expect_text(entry.name, "data");
	expect(entry.n_devices == 1 && !*entry.key && !entry.noauto);
	expect(volumetab_parse("\tbig UUID=1-2,/dev/sdc\t/etc/k user=ann,meta=PARTUUID=x,header=/h,rate=50M,readonly,discard,noauto,nofail",
			       &entry, &err) == 1);
	expect(entry.n_devices == 2);
	expect_text(entry.devices[0], "/dev/disk/by-uuid/1-2");
	expect_text(entry.devices[1], "/dev/sdc");
	expect_text(entry.key, "/etc/k");
	expect_text(entry.user, "ann");
	expect_text(entry.meta, "/dev/disk/by-partuuid/x");
	expect_text(entry.header, "/h");
	expect(entry.rate == 51200 && entry.readonly && entry.discards &&
	       entry.noauto && entry.nofail);
}

static void volumetab_passes_over_comments(void)
{
	struct error err;

	expect(!volumetab_parse("", &entry, &err));
	expect(!volumetab_parse(" \t\n", &entry, &err));
	expect(!volumetab_parse("# data /dev/sdb -", &entry, &err));
	expect(!volumetab_parse("#data", &entry, &err));
}

static void volumetab_refuses_the_rest(void)
{
	static const char * const lines[] = {
		"data", "data /dev/sdb", "data sdb -", "data /dev/sdb, -",
		"data UUID= -", "data UUID=../x -", "data UUID=a/b -",
		"data /dev/sdb key", "data /dev/sdb - soon",
		"data /dev/sdb - user=", "data /dev/sdb - user=a\001",
		"data /dev/sdb - rate=fast", "data /dev/sdb - rate=1.5",
		"data /dev/sdb - meta=sdc", "data /dev/sdb - header=h",
		"data /dev/sdb - readonly,", "data /dev/sdb - readonly noauto",
	};
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		test_expect(volumetab_parse(lines[i], &entry, &err) == -EINVAL,
			    lines[i], __FILE__, __LINE__);
}

const struct test tests[] = {
	TEST(volumetab_reads_lines),
	TEST(volumetab_passes_over_comments),
	TEST(volumetab_refuses_the_rest),
	{ 0 },
};
