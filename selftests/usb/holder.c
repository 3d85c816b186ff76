// SPDX-License-Identifier: GPL-2.0
/*
 * holder CASE PORT BUSID - attaches a device of 127.0.0.1:PORT and keeps the
 * socket, which nobody should: what it does with it must harm nobody else.
 *
 * Prints "port N", then does what CASE says till it is killed:
 *
 *	tls	puts kTLS on the socket; prints the errno's name
 *	send	sends zeros, and waits in there for room
 *	recv	takes what was meant for the port
 *	hang-up	disconnects the socket
 *	options	prints which of the socket's options are not as they were before the
 *		attach, or "options: as before"; connects it anew, attaches 1-2, and
 *		prints "again: port N"
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "family.h"
#include "import.h"
#include "tcp.h"

#ifndef TCP_ULP
#define TCP_ULP	31
#endif
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK	72
#endif

static const char zeros[65536];

/* What a port tunes, each with a value that neither it nor the kernel chooses. */
static struct option {
	const char *name;
	int level;
	int option;
	int set;		/* 0: as the kernel has it */
	int before;
} options[] = {
	{ "TCP_NODELAY", SOL_TCP, TCP_NODELAY, 0, 0 },
	{ "TCP_USER_TIMEOUT", SOL_TCP, TCP_USER_TIMEOUT, 54321, 0 },
	{ "TCP_KEEPIDLE", SOL_TCP, TCP_KEEPIDLE, 321, 0 },
	{ "TCP_KEEPINTVL", SOL_TCP, TCP_KEEPINTVL, 43, 0 },
	{ "TCP_KEEPCNT", SOL_TCP, TCP_KEEPCNT, 7, 0 },
	{ "TCP_NOTSENT_LOWAT", SOL_TCP, TCP_NOTSENT_LOWAT, 65432, 0 },
	{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE, 0, 0 },
	{ "SO_BUF_LOCK", SOL_SOCKET, SO_BUF_LOCK, 0, 0 },
};

static int get_option(int fd, const struct option *o)
{
	socklen_t len = sizeof(int);
	int value = 0;

	if (getsockopt(fd, o->level, o->option, &value, &len))
		err(1, "%s", o->name);
	return value;
}

static void note_options(int fd)
{
	struct option *o;
	int zero = 0;

	if (setsockopt(fd, SOL_TCP, TCP_NODELAY, &zero, sizeof(zero)))
		err(1, "TCP_NODELAY");
	for (o = options; o < options + sizeof(options) / sizeof(*o); o++) {
		if (o->set && setsockopt(fd, o->level, o->option, &o->set,
					 sizeof(o->set)))
			err(1, "%s", o->name);
		o->before = get_option(fd, o);
	}
}

static void compare_options(int fd)
{
	bool same = true;
	struct option *o;

	for (o = options; o < options + sizeof(options) / sizeof(*o); o++) {
		int now = get_option(fd, o);

		if (now == o->before)
			continue;
		same = false;
		printf("%s: %d, was %d\n", o->name, now, o->before);
	}
	if (same)
		printf("options: as before\n");
	fflush(stdout);
}

static struct verdict attach(int fd, const char *busid)
{
	struct verdict verdict;
	uint32_t devid, speed;

	import(fd, busid, &devid, &speed);
	verdict = family_ask(family_attach(fd, devid, speed));
	if (verdict.error)
		errx(2, "attach refused: %s", verdict.sentence);
	return verdict;
}

static void hang_up(int fd)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	connect(fd, &none, sizeof(none));
}

static void use_again(int fd, uint16_t port)
{
	hang_up(fd);
	tcp_connect(fd, port);
	printf("again: port %u\n", attach(fd, "1-2").id);
	fflush(stdout);
}

static void put_tls(int fd)
{
	int ret = setsockopt(fd, SOL_TCP, TCP_ULP, "tls", sizeof("tls"));

	printf("tls: %s\n", ret ? strerrorname_np(errno) : "done");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char buf[4096];
	int fd;

	if (argc != 4)
		errx(1, "usage: holder CASE PORT BUSID");
	fd = tcp_dial(atoi(argv[2]));
	note_options(fd);
	family_open();
	printf("port %u\n", attach(fd, argv[3]).id);
	fflush(stdout);
	/* Whoever is to see it work first sends a signal. */
	if (!strcmp(argv[1], "tls"))
		put_tls(fd);
	else
		raise(SIGSTOP);
	if (!strcmp(argv[1], "send")) {
		while (send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL) > 0)
			;
	} else if (!strcmp(argv[1], "recv")) {
		while (recv(fd, buf, sizeof(buf), 0) > 0)
			;
	} else if (!strcmp(argv[1], "hang-up")) {
		hang_up(fd);
	} else if (!strcmp(argv[1], "options")) {
		compare_options(fd);
		use_again(fd, atoi(argv[2]));
	}
	pause();
	return 0;
}
