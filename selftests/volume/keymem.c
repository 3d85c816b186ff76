// SPDX-License-Identifier: GPL-2.0
/*
 * Looks for a key in all of the machine's memory.
 *
 *	keymem add NAME MASKED	a random logon key of 64 bytes, hearth:NAME; the
 *				file MASKED gets its bytes, each xor MASK
 *	keymem find MASKED	how often the halves of the key are in memory
 *
 * This program never has the key's bytes in its memory longer than it takes to
 * hand them over, and looks through /proc/kcore for what gives MASKED with MASK.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEY	64
#define MASK	0xa5
#define MASK64	0xa5a5a5a5a5a5a5a5ull
#define CHUNK	(1 << 20)

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static int add(const char *name, const char *path)
{
	unsigned char key[KEY], masked[KEY];
	char description[128];
	FILE *f;
	int i, id;

	if (getrandom(key, KEY, 0) != KEY)
		die("random");
	for (i = 0; i < KEY; i++)
		masked[i] = key[i] ^ MASK;
	snprintf(description, sizeof(description), "hearth:%s", name);
	id = syscall(SYS_add_key, "logon", description, key, KEY,
		     KEY_SPEC_USER_KEYRING);
	explicit_bzero(key, KEY);
	if (id < 0)
		die("add_key");
	f = fopen(path, "w");
	if (!f || fwrite(masked, KEY, 1, f) != 1 || fclose(f))
		die(path);
	return 0;
}

/* Memory is searched at multiples of eight: keys and round keys lie so. */
static unsigned int find_in(const uint64_t *word, size_t n,
			    const uint64_t *masked)
{
	unsigned int found = 0;
	size_t i;

	for (i = 0; i + 1 < n; i++) {
		uint64_t w = word[i] ^ MASK64;

		if ((w == masked[0] &&
		     (word[i + 1] ^ MASK64) == masked[1]) ||
		    (w == masked[4] && (word[i + 1] ^ MASK64) == masked[5]))
			found++;
	}
	return found;
}

static int find(const char *path)
{
	static uint64_t chunk[CHUNK / 8];
	uint64_t masked[KEY / 8], size = 0;
	unsigned int found = 0, i;
	Elf64_Ehdr head;
	Elf64_Phdr ph;
	FILE *f = fopen(path, "r");
	int fd = open("/proc/kcore", O_RDONLY);

	if (!f || fread(masked, KEY, 1, f) != 1)
		die(path);
	fclose(f);
	if (fd < 0 || pread(fd, &head, sizeof(head), 0) != sizeof(head))
		die("/proc/kcore");
	for (i = 0; i < head.e_phnum; i++) {
		uint64_t at;

		if (pread(fd, &ph, sizeof(ph), head.e_phoff + i * sizeof(ph)) !=
		    sizeof(ph))
			die("/proc/kcore");
		/* what is memory has a physical address */
		if (ph.p_type != PT_LOAD || ph.p_paddr == (Elf64_Addr)-1 ||
		    ph.p_filesz > 1ull << 36)
			continue;
		for (at = 0; at < ph.p_filesz; at += CHUNK) {
			uint64_t left = ph.p_filesz - at;
			ssize_t n = pread(fd, chunk, left < CHUNK ? left : CHUNK,
					  ph.p_offset + at);

			if (n <= 0)
				continue;
			size += n;
			found += find_in(chunk, n / 8, masked);
		}
	}
	/* not to be found by the next search */
	explicit_bzero(chunk, sizeof(chunk));
	fprintf(stderr, "%llu MiB searched\n", (unsigned long long)size >> 20);
	printf("%u\n", found);
	return size < 64ull << 20;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "add"))
		return add(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "find"))
		return find(argv[2]);
	return 2;
}
