// SPDX-License-Identifier: GPL-2.0
/*
 * Writes blocks of 4 KiB that tell their number and how often they were
 * written, and verifies them.
 *
 *	pattern round DEV SEED K	write round K: a part of the blocks, fsync
 *	pattern check DEV SEED K [J]	is the device as rounds 1 to K left it?
 *					blocks of rounds K + 1 to J may be newer
 *	pattern hammer DEV SEED STOP STATE
 *					four threads write and verify till the file
 *					STOP is there; what they wrote is in STATE
 *	pattern verify DEV SEED STATE	is the device as STATE says?
 *
 * A block of generation 0 is one of zeros. PATTERN_FIRST and PATTERN_COUNT in
 * the environment restrict all of this to a range of blocks.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK		4096
#define WORDS		(BLOCK / 8)
#define THREADS		4
#define RUN		64	/* blocks of one request, at most */
#define PART		7	/* a round writes one block of so many */

static const char *device;
static const char *stop_file;
static uint64_t seed, first, blocks;
static uint32_t *gen;		/* of each block */
static int failed;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = a * 0x9e3779b97f4a7c15ull ^ (b + 0x632be59bd9b4e019ull);

	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ull;
	x ^= x >> 29;
	return x;
}

static void make_block(uint64_t *word, uint64_t block, uint32_t g)
{
	uint64_t key = mix(mix(seed, block), g);
	int i;

	if (!g) {
		memset(word, 0, BLOCK);
		return;
	}
	word[0] = block;
	word[1] = g;
	for (i = 2; i < WORDS; i++)
		word[i] = key += 0x9e3779b97f4a7c15ull;
}

/* The generation that a block says it has; checked to the last byte. */
static int64_t block_gen(const uint64_t *word, uint64_t block)
{
	uint64_t expect[WORDS];
	uint32_t g = word[1];

	make_block(expect, block, g);
	return memcmp(word, expect, BLOCK) ? -1 : (int64_t)g;
}

static int open_device(int flags)
{
	int fd = open(device, flags | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		die(device);
	return fd;
}

static void *buffer(void)
{
	void *p;

	if (posix_memalign(&p, BLOCK, RUN * BLOCK))
		die("memory");
	return p;
}

static uint64_t env(const char *name, uint64_t def)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 0) : def;
}

static void find_range(void)
{
	int fd = open_device(O_RDONLY);
	uint64_t size;

	if (ioctl(fd, BLKGETSIZE64, &size))
		die("size");
	close(fd);
	first = env("PATTERN_FIRST", 0);
	blocks = env("PATTERN_COUNT", size / BLOCK - first);
	gen = calloc(blocks, sizeof(*gen));
	if (!gen)
		die("memory");
}

/* --- rounds --------------------------------------------------------------- */

static int in_round(uint64_t block, uint32_t k)
{
	return mix(mix(seed + 1, k), block) % PART == 0;
}

static uint32_t last_round(uint64_t block, uint32_t k)
{
	for (; k; k--)
		if (in_round(block, k))
			return k;
	return 0;
}

static int do_round(uint32_t k)
{
	int fd = open_device(O_RDWR);
	uint64_t *word = buffer(), i;

	for (i = first; i < first + blocks; i++) {
		if (!in_round(i, k))
			continue;
		make_block(word, i, k);
		if (pwrite(fd, word, BLOCK, i * BLOCK) != BLOCK)
			die("write");
	}
	if (fsync(fd))
		die("fsync");
	return 0;
}

static int allowed(uint64_t block, int64_t g, uint32_t k, uint32_t j)
{
	if (g == last_round(block, k))
		return 1;
	return g > k && g <= j && in_round(block, g);
}

static int do_check(uint32_t k, uint32_t j)
{
	int fd = open_device(O_RDONLY), bad = 0;
	uint64_t *word = buffer(), i;

	for (i = first; i < first + blocks; i++) {
		int64_t g;

		if (pread(fd, word, BLOCK, i * BLOCK) != BLOCK)
			die("read");
		g = block_gen(word, i);
		if (allowed(i, g, k, j))
			continue;
		if (bad++ < 8)
			printf("block %llu: generation %lld, not %u\n",
			       (unsigned long long)i, (long long)g,
			       last_round(i, k));
	}
	if (bad)
		printf("%d blocks are wrong\n", bad);
	return bad ? 1 : 0;
}

/* --- hammer --------------------------------------------------------------- */

static int verify_run(int fd, uint64_t *word, uint64_t at, uint32_t n)
{
	uint32_t i;

	if (pread(fd, word, n * BLOCK, (first + at) * BLOCK) !=
	    (ssize_t)n * BLOCK) {
		perror("read");
		return 1;
	}
	for (i = 0; i < n; i++) {
		int64_t g = block_gen(word + i * WORDS, first + at + i);

		if (g == gen[at + i])
			continue;
		printf("block %llu: generation %lld, not %u\n",
		       (unsigned long long)(first + at + i), (long long)g,
		       gen[at + i]);
		return 1;
	}
	return 0;
}

static int write_run(int fd, uint64_t *word, uint64_t at, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		make_block(word + i * WORDS, first + at + i, ++gen[at + i]);
	if (pwrite(fd, word, n * BLOCK, (first + at) * BLOCK) !=
	    (ssize_t)n * BLOCK) {
		perror("write");
		return 1;
	}
	return 0;
}

static void *hammer(void *arg)
{
	uint64_t self = (uintptr_t)arg, size = blocks / THREADS;
	uint64_t from = self * size, rnd = mix(seed, self), at;
	int fd = open_device(O_RDWR);
	uint64_t *word = buffer();
	uint32_t n, count = 0;

	while (!failed && access(stop_file, F_OK)) {
		rnd = mix(rnd, count++);
		n = 1 + (rnd >> 8) % ((rnd & 3) ? 4 : RUN);
		at = from + (rnd >> 16) % (size - n + 1);
		if ((rnd & 0xf0) == 0 && fdatasync(fd)) {
			perror("fdatasync");
			failed = 1;
		}
		if (rnd & 4 ? verify_run(fd, word, at, n) :
		    write_run(fd, word, at, n))
			failed = 1;
	}
	printf("thread %d: %u requests\n", (int)self, count);
	close(fd);
	return NULL;
}

static int do_verify(void)
{
	int fd = open_device(O_RDONLY);
	uint64_t *word = buffer(), at;
	uint32_t n;

	for (at = 0; at < blocks; at += n) {
		n = blocks - at < RUN ? blocks - at : RUN;
		if (verify_run(fd, word, at, n))
			return 1;
	}
	return 0;
}

static void load_state(const char *path)
{
	FILE *f = fopen(path, "r");

	if (!f)
		return;
	if (fread(gen, sizeof(*gen), blocks, f) != blocks)
		die(path);
	fclose(f);
}

static void save_state(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(gen, sizeof(*gen), blocks, f) != blocks || fclose(f))
		die(path);
}

static int do_hammer(const char *state)
{
	pthread_t thread[THREADS];
	uintptr_t i;

	load_state(state);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, hammer, (void *)i))
			die("thread");
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	save_state(state);
	return failed || do_verify();
}

int main(int argc, char **argv)
{
	const char *what = argc > 4 ? argv[1] : "";
	uint32_t k;

	if (argc < 5) {
		fprintf(stderr, "usage: see pattern.c\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	device = argv[2];
	seed = strtoull(argv[3], NULL, 0);
	find_range();
	k = strtoul(argv[4], NULL, 0);
	if (!strcmp(what, "round"))
		return do_round(k);
	if (!strcmp(what, "check"))
		return do_check(k, argc > 5 ? strtoul(argv[5], NULL, 0) : k);
	if (!strcmp(what, "hammer") && argc > 5) {
		stop_file = argv[4];
		return do_hammer(argv[5]);
	}
	if (!strcmp(what, "verify")) {
		load_state(argv[4]);
		return do_verify();
	}
	return 2;
}
