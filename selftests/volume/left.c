// SPDX-License-Identifier: GPL-2.0
/*
 * left BEFORE DEVICE - how many blocks of 4096 bytes that the file BEFORE has are on
 * the device, anywhere; blocks of zeros do not count.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK	4096

static int compare(const void *a, const void *b) { return memcmp(a, b, BLOCK); }

static uint8_t *read_all(const char *path, size_t *blocks)
{
	static const uint8_t zero[BLOCK];
	int fd = open(path, O_RDONLY);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	uint8_t *all = malloc(size > 0 ? (size_t)size + BLOCK : BLOCK), *to = all;
	ssize_t n = 0;

	if (size < 0 || !all || lseek(fd, 0, SEEK_SET))
		err(1, "%s", path);
	while ((n = read(fd, to, BLOCK)) == BLOCK)
		if (memcmp(to, zero, BLOCK))
			to += BLOCK;
	if (n < 0)
		err(1, "%s", path);
	close(fd);
	*blocks = (size_t)(to - all) / BLOCK;
	return all;
}

int main(int argc, char **argv)
{
	size_t n_before, n_now, i, found = 0;
	uint8_t *before, *now;

	if (argc != 3)
		errx(1, "usage: left BEFORE DEVICE");
	before = read_all(argv[1], &n_before);
	now = read_all(argv[2], &n_now);
	if (!n_before)
		errx(1, "%s has no block that is not zero", argv[1]);
	qsort(before, n_before, BLOCK, compare);
	for (i = 0; i < n_now; i++)
		found += !!bsearch(now + i * BLOCK, before, n_before, BLOCK, compare);
	printf("%zu\n", found);
	free(before);
	free(now);
	return 0;
}
