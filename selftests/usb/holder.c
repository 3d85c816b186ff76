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
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
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

static const char zeros[65536];

static void put_tls(int fd)
{
	int ret = setsockopt(fd, SOL_TCP, TCP_ULP, "tls", sizeof("tls"));

	printf("tls: %s\n", ret ? strerrorname_np(errno) : "done");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct verdict verdict;
	uint32_t devid, speed;
	char buf[4096];
	int fd;

	if (argc != 4)
		errx(1, "usage: holder CASE PORT BUSID");
	fd = tcp_dial(atoi(argv[2]));
	import(fd, argv[3], &devid, &speed);
	family_open();
	verdict = family_ask(family_attach(fd, devid, speed));
	if (verdict.error)
		errx(2, "attach refused: %s", verdict.sentence);
	printf("port %u\n", verdict.id);
	fflush(stdout);
	/* Whoever is to see it work first sends a signal. */
	if (!strcmp(argv[1], "tls"))
		put_tls(fd);
	else
		raise(SIGSTOP);
	if (!strcmp(argv[1], "send"))
		while (send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL) > 0)
			;
	else if (!strcmp(argv[1], "recv"))
		while (recv(fd, buf, sizeof(buf), 0) > 0)
			;
	else if (!strcmp(argv[1], "hang-up"))
		connect(fd, &none, sizeof(none));
	pause();
	return 0;
}
