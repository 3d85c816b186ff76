// SPDX-License-Identifier: GPL-2.0
/*
 * diskio - block I/O of one size and depth 1, past the page cache
 *
 *   diskio DEVICE read|write|random BYTES COUNT
 *
 * "random" reads blocks in an order that is the same in every run.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	uint64_t size, blocks, i, state = 1;
	size_t bytes, count;
	int fd, writing;
	void *buf;

	if (argc != 5)
		errx(1, "usage: diskio DEVICE read|write|random BYTES COUNT");
	writing = !strcmp(argv[2], "write");
	bytes = strtoul(argv[3], NULL, 0);
	count = strtoul(argv[4], NULL, 0);
	fd = open(argv[1], (writing ? O_WRONLY : O_RDONLY) | O_DIRECT);
	if (fd < 0)
		err(1, "%s", argv[1]);
	size = lseek(fd, 0, SEEK_END);
	blocks = bytes ? size / bytes : 0;
	if (!blocks || posix_memalign(&buf, 4096, bytes))
		errx(1, "%s: no room for blocks of %zu bytes", argv[1], bytes);
	memset(buf, 0x5a, bytes);

	for (i = 0; i < count; i++) {
		uint64_t block = i % blocks;
		ssize_t n;

		if (!strcmp(argv[2], "random")) {
			/* Knuth, MMIX */
			state = state * 6364136223846793005ull + 1442695040888963407ull;
			block = (state >> 33) % blocks;
		}
		n = writing ? pwrite(fd, buf, bytes, block * bytes) :
			      pread(fd, buf, bytes, block * bytes);
		if (n != (ssize_t)bytes)
			err(1, "%s: %s of block %llu", argv[1], argv[2],
			    (unsigned long long)block);
	}
	return 0;
}
