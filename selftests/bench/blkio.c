// SPDX-License-Identifier: GPL-2.0
/*
 * blkio - what block I/O costs, past the page cache, of any depth
 *
 *   blkio DEVICE read|write sequential|random BYTES COUNT DEPTH
 *
 * Prints how long the CPU was busy with it, in nanoseconds. "random" takes the
 * blocks in an order that is the same in every run. What is deeper than 1 goes
 * by the kernel's own asynchronous I/O; the depth is kept all the time.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "busy.h"

#define DEPTH_MAX	64

static const char *device;
static uint64_t blocks, turn, state = 1;
static size_t bytes;
static int fd, writing, shuffled;
static char *buf;

static off_t next_offset(void)
{
	uint64_t block = turn++ % blocks;

	if (shuffled) {
		/* Knuth, MMIX */
		state = state * 6364136223846793005ull + 1442695040888963407ull;
		block = (state >> 33) % blocks;
	}
	return block * bytes;
}

static void one_by_one(size_t count)
{
	while (count--) {
		off_t at = next_offset();
		ssize_t n = writing ? pwrite(fd, buf, bytes, at) :
				      pread(fd, buf, bytes, at);

		if (n != (ssize_t)bytes)
			err(1, "%s: at %lld", device, (long long)at);
	}
}

static void submit(aio_context_t context, struct iocb *cb, size_t n)
{
	struct iocb *list[DEPTH_MAX];
	size_t i;

	for (i = 0; i < n; i++) {
		cb[i].aio_offset = next_offset();
		list[i] = &cb[i];
	}
	if (syscall(SYS_io_submit, context, n, list) != (long)n)
		err(1, "%s: io_submit", device);
}

static void many(size_t count, size_t depth)
{
	struct iocb cb[DEPTH_MAX] = { 0 };
	struct io_event event[DEPTH_MAX];
	aio_context_t context = 0;
	size_t i, under_way = depth;
	long n;

	if (syscall(SYS_io_setup, depth, &context))
		err(1, "io_setup");
	for (i = 0; i < depth; i++) {
		cb[i].aio_lio_opcode = writing ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
		cb[i].aio_fildes = fd;
		cb[i].aio_buf = (uintptr_t)buf + i * bytes;
		cb[i].aio_nbytes = bytes;
	}
	submit(context, cb, depth);
	for (count -= depth; under_way; ) {
		n = syscall(SYS_io_getevents, context, 1, depth, event, NULL);
		if (n < 1)
			err(1, "%s: io_getevents", device);
		under_way -= n;
		for (i = 0; i < (size_t)n; i++) {
			if (event[i].res != (int64_t)bytes)
				errx(1, "%s: %lld", device, (long long)event[i].res);
			if (!count)
				continue;
			submit(context, (struct iocb *)(uintptr_t)event[i].obj, 1);
			under_way++;
			count--;
		}
	}
	syscall(SYS_io_destroy, context);
}

int main(int argc, char **argv)
{
	size_t count, depth;
	uint64_t from;

	if (argc != 7)
		errx(1, "usage: blkio DEVICE read|write sequential|random BYTES COUNT DEPTH");
	device = argv[1];
	writing = !strcmp(argv[2], "write");
	shuffled = !strcmp(argv[3], "random");
	bytes = strtoul(argv[4], NULL, 0);
	count = strtoul(argv[5], NULL, 0);
	depth = strtoul(argv[6], NULL, 0);
	fd = open(device, (writing ? O_WRONLY : O_RDONLY) | O_DIRECT);
	if (fd < 0)
		err(1, "%s", device);
	blocks = bytes ? lseek(fd, 0, SEEK_END) / bytes : 0;
	if (!blocks || !depth || depth > DEPTH_MAX || count < depth ||
	    posix_memalign((void **)&buf, 4096, bytes * depth))
		errx(1, "%s: no room for %zu blocks of %zu bytes", device, depth, bytes);
	memset(buf, 0x5a, bytes * depth);

	from = busy_ns();
	if (depth == 1)
		one_by_one(count);
	else
		many(count, depth);
	printf("%llu\n", (unsigned long long)(busy_ns() - from));
	return 0;
}
