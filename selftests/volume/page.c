// SPDX-License-Identifier: GPL-2.0
/*
 * Forges metadata of a volume.
 *
 *	page newest DEV PAGE		the block with the newer copy of a page
 *	page place DEV PAGE PLACE	the block of place 0 or 1 of a page
 *	page poke DEV BLOCK OFFSET HEX	overwrite some bytes of a block
 *	page flip DEV BLOCK OFFSET	flip a bit
 *	page copy DEV FROM TO		a block over another one
 *	page save|load DEV BLOCK FILE
 *	page seal DEV BLOCK KEY		a good MAC, by one who has the key's file
 *	page wipe DEV BLOCK
 */
#define _GNU_SOURCE
#include <endian.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK	4096
#define SEQ	16
#define MAC	64
#define VERSION	96
#define STRIDE	252

static unsigned char page[BLOCK];
static int fd;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void get(uint64_t block)
{
	if (pread(fd, page, BLOCK, block * BLOCK) != BLOCK)
		die("read");
}

static void put(uint64_t block)
{
	if (pwrite(fd, page, BLOCK, block * BLOCK) != BLOCK || fsync(fd))
		die("write");
}

static uint64_t seq_of(uint64_t block)
{
	uint64_t seq;

	get(block);
	memcpy(&seq, page + SEQ, sizeof(seq));
	return le64toh(seq);
}

static uint32_t super_word(unsigned int at)
{
	uint32_t word;

	get(0);
	memcpy(&word, page + at, sizeof(word));
	return le32toh(word);
}

/* As the superblock in block 0 has it, which must be whole. */
static uint64_t block_of(uint64_t number, unsigned int place)
{
	if (super_word(VERSION) == 1)
		return number * 2 + place;
	return number + place * (uint64_t)super_word(STRIDE);
}

static void poke(unsigned int at, const char *hex)
{
	unsigned int byte;

	for (; sscanf(hex, "%2x", &byte) == 1 && at < BLOCK; hex += 2)
		page[at++] = byte;
}

static void seal(const char *path)
{
	unsigned char key[128];
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f)
		die(path);
	n = fread(key, 1, sizeof(key), f);
	fclose(f);
	memset(page + MAC, 0, 32);
	if (!HMAC(EVP_sha256(), key, n, page, BLOCK, page + MAC, NULL))
		exit(2);
}

static void file(const char *path, int save)
{
	FILE *f = fopen(path, save ? "w" : "r");

	if (!f || (save ? fwrite(page, BLOCK, 1, f) :
		   fread(page, BLOCK, 1, f)) != 1)
		die(path);
	fclose(f);
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";
	const char *arg = argc > 4 ? argv[4] : "0";
	uint64_t block;

	if (argc < 4)
		return 2;
	fd = open(argv[2], O_RDWR);
	if (fd < 0)
		die(argv[2]);
	block = strtoull(argv[3], NULL, 0);
	if (!strcmp(what, "newest")) {
		uint64_t place[2] = { block_of(block, 0), block_of(block, 1) };

		printf("%d\n", (int)place[seq_of(place[1]) > seq_of(place[0])]);
		return 0;
	}
	if (!strcmp(what, "place")) {
		printf("%d\n", (int)block_of(block, atoi(arg) & 1));
		return 0;
	}
	get(block);
	if (!strcmp(what, "poke") && argc > 5)
		poke(strtoul(arg, NULL, 0), argv[5]);
	else if (!strcmp(what, "flip"))
		page[strtoul(arg, NULL, 0) % BLOCK] ^= 4;
	else if (!strcmp(what, "seal"))
		seal(arg);
	else if (!strcmp(what, "copy"))
		block = strtoull(arg, NULL, 0);
	else if (!strcmp(what, "load"))
		file(arg, 0);
	else if (!strcmp(what, "wipe"))
		memset(page, 0, BLOCK);
	else if (strcmp(what, "save"))
		return 2;
	if (!strcmp(what, "save"))
		file(arg, 1);
	else
		put(block);
	return 0;
}
