// SPDX-License-Identifier: GPL-2.0
/*
 * Replays a log of dm-log-writes, as far as a crash would have let it come.
 *
 *	replay LOG DEV POSITION N	go on from POSITION (a file; none: from the
 *					beginning) till N writes with FLUSH or FUA
 *					are done; prints the last mark on the way
 *	replay LOG - - 0		prints how many such writes there are
 *	replay LOG - SECTORS 0		prints how many writes to the first SECTORS
 *					have no FUA, till the mark "close"
 *
 * A write without them is in the log where it became durable, by the next FLUSH.
 * So behind each FLUSH or FUA the device is as after the worst crash right then.
 *
 * Format: Documentation/admin-guide/device-mapper/log-writes.rst and
 * drivers/md/dm-log-writes.c of the kernel tree.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MAGIC	0x6a736677736872ull
#define LOG_FLUSH	1
#define LOG_FUA		2
#define LOG_DISCARD	4
#define LOG_MARK	8

struct log_super {
	uint64_t magic;
	uint64_t version;
	uint64_t nr_entries;
	uint32_t sector_size;
} __attribute__((packed));

struct log_entry {
	uint64_t sector;
	uint64_t nr_sectors;
	uint64_t flags;
	uint64_t data_len;
} __attribute__((packed));

struct position {
	uint64_t entry;
	uint64_t offset;		/* in the log */
	char mark[256];
};

static int log_fd, dev_fd = -1;
static uint32_t ss;
static char *buf;
static size_t buf_size;

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void read_log(void *to, size_t n, uint64_t at)
{
	if (pread(log_fd, to, n, at) != (ssize_t)n)
		die("log");
}

static void write_dev(const void *from, size_t n, uint64_t at)
{
	if (dev_fd >= 0 && pwrite(dev_fd, from, n, at) != (ssize_t)n)
		die("device");
}

static void need(size_t n)
{
	if (n <= buf_size)
		return;
	buf = realloc(buf, n);
	buf_size = n;
	if (!buf)
		die("memory");
}

/* A discard leaves what nobody should rely on. */
static void replay_discard(uint64_t at, uint64_t n)
{
	need(n);
	memset(buf, 0xdc, n);
	write_dev(buf, n, at);
}

static void replay_entry(struct position *pos, const struct log_entry *e)
{
	uint64_t n = le64toh(e->nr_sectors) * ss;
	uint64_t at = le64toh(e->sector) * ss;
	uint64_t flags = le64toh(e->flags);

	if (flags & LOG_MARK) {
		size_t len = le64toh(e->data_len);

		if (len >= sizeof(pos->mark))
			len = sizeof(pos->mark) - 1;
		read_log(pos->mark, len, pos->offset + sizeof(*e));
		pos->mark[len] = '\0';
	}
	pos->offset += ss;
	if (flags & LOG_DISCARD) {
		replay_discard(at, n);
	} else if (n && !(flags & LOG_MARK)) {
		need(n);
		read_log(buf, n, pos->offset);
		write_dev(buf, n, at);
		pos->offset += n;
	}
	pos->entry++;
}

static int is_lax(const struct log_entry *e, uint64_t area)
{
	return le64toh(e->sector) * ss < area && le64toh(e->nr_sectors) &&
	       !(le64toh(e->flags) & (LOG_FUA | LOG_MARK | LOG_DISCARD));
}

int main(int argc, char **argv)
{
	struct position pos = { 0 };
	struct log_super super;
	struct log_entry e;
	uint64_t stops = 0, lax = 0, area, want, entries;
	int fd = -1;

	if (argc != 5) {
		fprintf(stderr, "usage: see replay.c\n");
		return 2;
	}
	log_fd = open(argv[1], O_RDONLY);
	if (log_fd < 0)
		die(argv[1]);
	read_log(&super, sizeof(super), 0);
	if (le64toh(super.magic) != LOG_MAGIC) {
		fprintf(stderr, "no log\n");
		return 2;
	}
	ss = le32toh(super.sector_size);
	entries = le64toh(super.nr_entries);
	pos.offset = ss;
	want = strtoull(argv[4], NULL, 0);
	area = strtoull(argv[3], NULL, 0) * 512;
	if (want) {
		dev_fd = open(argv[2], O_RDWR);
		fd = open(argv[3], O_RDWR | O_CREAT, 0600);
		if (dev_fd < 0 || fd < 0)
			die("open");
		if (read(fd, &pos, sizeof(pos)) < 0)
			die(argv[3]);
	}
	while (pos.entry < entries && (!want || stops < want)) {
		read_log(&e, sizeof(e), pos.offset);
		if (le64toh(e.flags) & (LOG_FLUSH | LOG_FUA))
			stops++;
		lax += strcmp(pos.mark, "close") && is_lax(&e, area);
		replay_entry(&pos, &e);
	}
	if (!want) {
		printf("%" PRIu64 "\n", area ? lax : stops);
		return 0;
	}
	if (pwrite(fd, &pos, sizeof(pos), 0) != sizeof(pos) || fsync(dev_fd))
		die("write");
	printf("%s\n", pos.mark);
	return 0;
}
