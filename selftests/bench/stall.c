// SPDX-License-Identifier: GPL-2.0
/*
 * stall - how long single reads or writes take while something else goes on
 *
 *   stall DEVICE read|write BYTES PAUSE-US READY-FILE STOP-FILE
 *
 * Blocks in an order that is the same in every run, one at a time, with a pause
 * behind each, till STOP-FILE is there. Prints the median, the 99th of a hundred
 * and the longest in microseconds, and how many there were.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "busy.h"

#define MANY	1000000

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	uint64_t *took, blocks, state = 1, from;
	size_t bytes, n = 0;
	unsigned int pause;
	int fd, writing;
	void *buf;

	if (argc != 7)
		errx(1, "usage: stall DEVICE read|write BYTES PAUSE-US READY-FILE STOP-FILE");
	writing = !strcmp(argv[2], "write");
	bytes = strtoul(argv[3], NULL, 0);
	pause = strtoul(argv[4], NULL, 0);
	fd = open(argv[1], (writing ? O_WRONLY : O_RDONLY) | O_DIRECT);
	if (fd < 0)
		err(1, "%s", argv[1]);
	blocks = bytes ? lseek(fd, 0, SEEK_END) / bytes : 0;
	took = calloc(MANY, sizeof(*took));
	if (!took || !blocks || posix_memalign(&buf, 4096, bytes))
		errx(1, "%s: no room", argv[1]);
	memset(buf, 0x5a, bytes);
	close(open(argv[5], O_CREAT | O_WRONLY, 0600));

	while (n < MANY && access(argv[6], F_OK)) {
		off_t at;

		/* Knuth, MMIX */
		state = state * 6364136223846793005ull + 1442695040888963407ull;
		at = (state >> 33) % blocks * bytes;
		from = clock_ns();
		if ((writing ? pwrite(fd, buf, bytes, at) :
			       pread(fd, buf, bytes, at)) != (ssize_t)bytes)
			err(1, "%s: at %lld", argv[1], (long long)at);
		took[n++] = clock_ns() - from;
		usleep(pause);
	}
	if (!n)
		errx(1, "%s: no I/O at all", argv[1]);
	qsort(took, n, sizeof(*took), compare);
	printf("%.1f %.1f %.1f %zu\n", took[n / 2] / 1e3, took[n * 99 / 100] / 1e3,
	       took[n - 1] / 1e3, n);
	return 0;
}
