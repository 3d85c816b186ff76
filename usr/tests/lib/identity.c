// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../lib/identity.h"
#include "../test.h"

static char dir[] = "/tmp/hearth-test-XXXXXX";
static char path[64], other[64];
static struct error err;

static void begin(void)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/key", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
}

static void end(void)
{
	unlink(path);
	unlink(other);
	expect(!rmdir(dir));	/* nothing else was left there */
}

static void identity_is_kept(void)
{
	struct identity a, b;
	struct stat st;

	begin();
	expect(identity_load(&a, path, &err) == -ENOENT);
	expect(!identity_make(path, &err));
	expect(!stat(path, &st) && (st.st_mode & 07777) == 0600);
	expect(!identity_load(&a, path, &err));
	expect(!identity_load(&b, path, &err));
	expect(identity_same(a.id, b.id));
	identity_free(&b);
	/* what is there is not made anew */
	expect(identity_make(path, &err) == -EEXIST);
	expect(!identity_load(&b, path, &err));
	expect(identity_same(a.id, b.id));
	identity_free(&a);
	identity_free(&b);
	end();
}

static void identity_differs(void)
{
	struct identity a, b;

	begin();
	expect(!identity_make(path, &err) && !identity_make(other, &err));
	expect(!identity_load(&a, path, &err));
	expect(!identity_load(&b, other, &err));
	expect(!identity_same(a.id, b.id));
	identity_free(&a);
	identity_free(&b);
	end();
}

static void identity_refuses_keys_of_others(void)
{
	struct identity a;
	int fd;

	begin();
	expect(!identity_make(path, &err));
	chmod(path, 0640);
	expect(identity_load(&a, path, &err) == -EPERM);
	expect_has(err.text, "can be used by others");
	unlink(path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	expect(write(fd, "nonsense", 8) == 8);
	close(fd);
	expect(identity_load(&a, path, &err) < 0);
	unlink(path);
	expect(!symlink("/dev/null", path));
	expect(identity_load(&a, path, &err) == -ELOOP);
	end();
}

static void identity_moves(void)
{
	struct identity a, b;
	uint8_t der[512];
	long size;

	begin();
	expect(!identity_make(path, &err) && !identity_make(other, &err));
	expect(identity_export(path, der, 8, &err) == -ENOSPC);
	size = identity_export(path, der, sizeof(der), &err);
	expect(size > 32);
	expect(!identity_import(other, der, (size_t)size, &err));
	expect(!identity_load(&a, path, &err));
	expect(!identity_load(&b, other, &err));
	expect(identity_same(a.id, b.id));
	identity_free(&b);
	der[3] ^= 0xff;
	expect(identity_import(other, der, (size_t)size, &err) < 0);
	expect(!identity_load(&b, other, &err) && identity_same(a.id, b.id));
	identity_free(&a);
	identity_free(&b);
	end();
}

const struct test tests[] = {
	TEST(identity_is_kept),
	TEST(identity_differs),
	TEST(identity_refuses_keys_of_others),
	TEST(identity_moves),
	{ 0 },
};
