/* SPDX-License-Identifier: GPL-2.0 */
/* A sysfs of files, for a test; system("rm -r") it. */
#ifndef HEARTH_TEST_SYSFS_H
#define HEARTH_TEST_SYSFS_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../test.h"

static char top[] = "/tmp/hearth-sysfs-XXXXXX";

static void make(const char *dir)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", top, dir);
	expect(!mkdir(path, 0755));
}

static void put(const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	file = fopen(path, "w");
	if (!file)
		abort();
	fputs(text, file);
	fclose(file);
}

static void point(const char *target, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	expect(!symlink(target, path));
}

#endif
