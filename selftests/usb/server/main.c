// SPDX-License-Identifier: GPL-2.0
/*
 * liar - a USB/IP server for the tests: honest, faulty or lying. It serves
 * devices that exist only here, on 127.0.0.1 unless --any is given.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "conn.h"
#include "device.h"
#include "disk.h"
#include "liar.h"
#include "lies.h"

#define CONNS_MAX	1024

struct options opt = {
	.port = 3240,
	.devices = 1,
	.speed = SPEED_HIGH,
	.kind = &kind_echo,
	.size = 8 << 20,
	.permille = 20,
};

static FILE *log_file;
static struct conn *conns;
static bool daemonic, any;

static const char usage[] =
	"usage: liar [OPTION]...\n"
	"  --port PORT       3240\n"
	"  --any             listen on every address, not 127.0.0.1 only\n"
	"  --daemon          print the process id once it listens, and detach\n"
	"  --kind KIND       echo (default) or disk\n"
	"  --devices N       1-1 to 1-N; default 1\n"
	"  --speed SPEED     full, high (default) or super\n"
	"  --size MIB        of a disk; default 8\n"
	"  --file FILE       with a disk's bytes\n"
	"  --log FILE        one line a command, reset and clear-halt of a disk\n"
	"  --busy-ms MS      a disk takes for every command\n"
	"  --early WHAT      a disk that bears no request early: stall, lose,\n"
	"                    or stall-write, lose-write: only in writes\n"
	"  --delay-ms MS     of every answer\n"
	"  --fault NAME@K    goes wrong at the K-th read or write (or K/read);\n"
	"                    K+: at every K-th\n"
	"  --lie NAME\n"
	"  --seed S          of the lie \"random\"\n"
	"  --permille N      of the answers are such; default 20\n"
	"  --list            faults and lies\n";

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void *xalloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		fail("%zu bytes", size);
	return p;
}

void fail(const char *fmt, ...)
{
	int error = errno;
	va_list args;

	va_start(args, fmt);
	fputs("liar: ", stderr);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, ": %s\n", strerror(error));
	va_end(args);
	exit(1);
}

void note(const char *fmt, ...)
{
	va_list args;

	if (!log_file)
		return;
	va_start(args, fmt);
	vfprintf(log_file, fmt, args);
	fputc('\n', log_file);
	fflush(log_file);
	va_end(args);
}

/* --- command line --------------------------------------------------------- */

static void bad(const char *what, const char *text)
{
	fprintf(stderr, "liar: no %s: %s\n%s", what, text, usage);
	exit(2);
}

static uint64_t number(const char *text, uint64_t max)
{
	char *end;
	uint64_t v;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || end == text || *end || v > max)
		bad("such number", text);
	return v;
}

static const struct kind *kind_named(const char *name)
{
	if (!strcmp(name, kind_disk.name))
		return &kind_disk;
	if (strcmp(name, kind_echo.name))
		bad("such kind", name);
	return &kind_echo;
}

static uint32_t speed_named(const char *name)
{
	if (!strcmp(name, "full"))
		return SPEED_FULL;
	if (!strcmp(name, "super"))
		return SPEED_SUPER;
	if (strcmp(name, "high"))
		bad("such speed", name);
	return SPEED_HIGH;
}

static void set_early(const char *name)
{
	size_t len = strcspn(name, "-");

	opt.early_writes_only = !strcmp(name + len, "-write");
	if (!strncmp(name, "stall", len))
		opt.early = EARLY_STALLS;
	else if (!strncmp(name, "lose", len))
		opt.early = EARLY_IS_LOST;
	if (!opt.early || (name[len] && !opt.early_writes_only))
		bad("such way", name);
}

static void set_option(int c)
{
	switch (c) {
	case 'p': opt.port = number(optarg, 65535); break;
	case 'a': any = true; break;
	case 'b': daemonic = true; break;
	case 'k': opt.kind = kind_named(optarg); break;
	case 'n': opt.devices = number(optarg, 1000); break;
	case 's': opt.speed = speed_named(optarg); break;
	case 'z': opt.size = number(optarg, 4096) << 20; break;
	case 'F': opt.file = optarg; break;
	case 'B': opt.busy_ms = number(optarg, 60000); break;
	case 'e': set_early(optarg); break;
	case 'd': opt.delay_ms = number(optarg, 60000); break;
	case 'S': opt.seed = number(optarg, UINT64_MAX); break;
	case 'P': opt.permille = number(optarg, 1000); break;
	case 'l':
		log_file = fopen(optarg, "ae");
		if (!log_file)
			fail("%s", optarg);
		break;
	case 'f':
		if (!fault_add(optarg))
			bad("such fault", optarg);
		break;
	case 'L':
		if (!lies_set(optarg))
			bad("such lie", optarg);
		break;
	case 'x':
		faults_print();
		lies_print();
		exit(0);
	default:
		fputs(usage, stderr);
		exit(2);
	}
}

static void options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "any", no_argument, NULL, 'a' },
		{ "daemon", no_argument, NULL, 'b' },
		{ "kind", required_argument, NULL, 'k' },
		{ "devices", required_argument, NULL, 'n' },
		{ "speed", required_argument, NULL, 's' },
		{ "size", required_argument, NULL, 'z' },
		{ "file", required_argument, NULL, 'F' },
		{ "log", required_argument, NULL, 'l' },
		{ "busy-ms", required_argument, NULL, 'B' },
		{ "early", required_argument, NULL, 'e' },
		{ "delay-ms", required_argument, NULL, 'd' },
		{ "fault", required_argument, NULL, 'f' },
		{ "lie", required_argument, NULL, 'L' },
		{ "seed", required_argument, NULL, 'S' },
		{ "permille", required_argument, NULL, 'P' },
		{ "list", no_argument, NULL, 'x' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
		set_option(c);
	if (optind < argc)
		bad("such argument", argv[optind]);
}

/* --- connections ---------------------------------------------------------- */

static int listen_on(void)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(opt.port),
		.sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK),
	};
	int fd, one = 1, small = 4096;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Before a connection is made: its window is bounded from the start. */
	if (lies_narrow())
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 64))
		fail("port %u", opt.port);
	return fd;
}

static void accept_one(int listener)
{
	static unsigned int number;
	struct conn *conn;
	int fd, one = 1;

	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	conn = conn_new(fd, number++);
	conn->next = conns;
	conns = conn;
}

/* One round of a connection. False: it is over. */
static bool serve(struct conn *conn, short events)
{
	int wait;

	if (conn->deaf && events & (POLLRDHUP | POLLHUP | POLLERR))
		return false;
	if (!conn->deaf && events & (POLLIN | POLLHUP | POLLERR) &&
	    !conn_read(conn))
		return false;
	return !(events & POLLOUT && conn_due(conn, &wait)) || conn_write(conn);
}

static void serve_all(const struct pollfd *pfd, int n)
{
	struct conn **at = &conns, *conn;
	int i;

	for (i = 0; i < n; i++) {
		conn = *at;
		if (!pfd[i].revents || serve(conn, pfd[i].revents)) {
			at = &conn->next;
			continue;
		}
		*at = conn->next;
		conn_free(conn);
	}
}

static void loop(int listener)
{
	static struct pollfd pfd[CONNS_MAX + 1];
	struct conn *conn;
	int n, wait;

	for (;;) {
		wait = -1;
		devices_wake(&wait);
		n = 0;
		for (conn = conns; conn && n < CONNS_MAX; conn = conn->next) {
			pfd[n].fd = conn->fd;
			pfd[n].events = POLLRDHUP;
			if (!conn->deaf)
				pfd[n].events |= POLLIN;
			if (conn_due(conn, &wait))
				pfd[n].events |= POLLOUT;
			n++;
		}
		pfd[n].fd = listener;
		pfd[n].events = POLLIN;
		if (poll(pfd, n + 1, wait) < 0 && errno != EINTR)
			fail("poll");
		serve_all(pfd, n);
		if (pfd[n].revents)
			accept_one(listener);
	}
}

/* The parent prints who serves and is done; nobody connects too early. */
static void detach(void)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		fail("fork");
	if (pid) {
		printf("%d\n", pid);
		exit(0);
	}
	setsid();
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		fail("/dev/null");
}

int main(int argc, char **argv)
{
	int listener;

	options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	devices_init();
	listener = listen_on();
	if (daemonic)
		detach();
	loop(listener);
}
