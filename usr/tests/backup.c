// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../format/backup.h"
#include "test.h"

static const struct backup good = {
	.passes = 4, .memory = 1 << 18, .lanes = 4, .salt = { 1 }, .nonce = { 2 },
	.size = 100,
};
static struct error err;

static int again(const struct backup *backup, size_t size, struct backup *back)
{
	uint8_t file[BACKUP_HEAD + 100] = { 0 };

	backup_format(backup, file);
	return backup_parse(file, size, back, &err);
}

static void backup_goes_there_and_back(void)
{
	struct backup back;

	expect(!again(&good, BACKUP_HEAD + 100, &back));
	expect(!memcmp(&back, &good, sizeof(good)));
}

static void backup_refuses_the_rest(void)
{
	uint8_t file[BACKUP_HEAD] = "something else";
	struct backup back, bad = good;

	expect(backup_parse(file, sizeof(file), &back, &err) == -EINVAL);
	expect_has(err.text, "no backup");
	expect(again(&good, BACKUP_HEAD - 1, &back) == -EINVAL);
	expect(again(&good, BACKUP_HEAD + 99, &back) == -EINVAL);
	expect_has(err.text, "not whole");
	bad.memory = UINT32_MAX;
	expect(again(&bad, BACKUP_HEAD + 100, &back) == -EINVAL);
	bad = good;
	bad.passes = 0;
	expect(again(&bad, BACKUP_HEAD + 100, &back) == -EINVAL);
	bad = good;
	bad.lanes = 17;
	expect(again(&bad, BACKUP_HEAD + 100, &back) == -EINVAL);
	backup_format(&good, file);
	file[19] = 2;
	expect(backup_parse(file, sizeof(file), &back, &err) == -EINVAL);
	expect_has(err.text, "version 2");
}

const struct test tests[] = {
	TEST(backup_goes_there_and_back),
	TEST(backup_refuses_the_rest),
	{ 0 },
};
