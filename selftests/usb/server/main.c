// SPDX-License-Identifier: GPL-2.0
/*
 * liar - a USB/IP server for the tests: honest, faulty or lying. It serves
 * devices that exist only here, on 127.0.0.1 unless --address, --unix or --vsock
 * is given.
 *
 * Calls go down only:
 *
 *	main  options
 *	conn			a client's connection
 *	bus  control  lie	the devices; endpoint 0; what is told in truth's place
 *	echo disk zero | answer request cancel op hostile random	the lies
 *	scsi fault descriptor | teller
 *	device | outbox
 *	msg  urb  gate  wire  log  sys
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "bus.h"
#include "conn.h"
#include "lie.h"
#include "options.h"
#include "sys.h"

#define CONNS_MAX	1024

static struct conn *conns;

static int listen_at(const struct sockaddr *addr, socklen_t len)
{
	int fd, one = 1, small = 4096;

	fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0);
	if (fd < 0)
		sys_fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Before a connection is made: its window is bounded from the start. */
	if (lie_is_narrow())
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (bind(fd, addr, len) || listen(fd, 64))
		sys_fail("listen");
	return fd;
}

static int listen_on(const struct options *opt)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(opt->port),
		.sin_addr.s_addr = htonl(opt->address),
	};
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_ANY,
		.svm_port = opt->port,
	};
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (opt->vsock)
		return listen_at((struct sockaddr *)&vm, sizeof(vm));
	if (!opt->unix_path)
		return listen_at((struct sockaddr *)&in, sizeof(in));
	unlink(opt->unix_path);
	strncpy(un.sun_path, opt->unix_path, sizeof(un.sun_path) - 1);
	return listen_at((struct sockaddr *)&un, sizeof(un));
}

static void accept_one(int listener, int64_t delay_ms)
{
	static unsigned int number;
	struct conn *conn;
	int fd, one = 1;

	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	/* Whichever of these it knows. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	conn = conn_new(fd, number++, delay_ms);
	conn->next = conns;
	conns = conn;
}

/* One round of a connection. False: it is over. */
static bool serve(struct conn *conn, short events)
{
	int wait;

	if (conn->teller.deaf && events & (POLLRDHUP | POLLHUP | POLLERR))
		return false;
	if (!conn->teller.deaf && events & (POLLIN | POLLHUP | POLLERR) &&
	    !conn_read(conn))
		return false;
	return !(events & POLLOUT && outbox_due(&conn->teller.out, &wait)) ||
	       outbox_send(&conn->teller.out);
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

static void loop(int listener, int64_t delay_ms)
{
	static struct pollfd pfd[CONNS_MAX + 1];
	struct conn *conn;
	int n, wait;

	for (;;) {
		wait = -1;
		bus_wake(&wait);
		n = 0;
		for (conn = conns; conn && n < CONNS_MAX; conn = conn->next) {
			pfd[n].fd = conn->fd;
			pfd[n].events = POLLRDHUP;
			if (!conn->teller.deaf)
				pfd[n].events |= POLLIN;
			if (outbox_due(&conn->teller.out, &wait))
				pfd[n].events |= POLLOUT;
			n++;
		}
		pfd[n].fd = listener;
		pfd[n].events = POLLIN;
		if (poll(pfd, n + 1, wait) < 0 && errno != EINTR)
			sys_fail("poll");
		serve_all(pfd, n);
		if (pfd[n].revents)
			accept_one(listener, delay_ms);
	}
}

/* The parent prints who serves and is done; nobody connects too early. */
static void detach(void)
{
	pid_t pid = fork();
	int null;

	if (pid < 0)
		sys_fail("fork");
	if (pid) {
		printf("%d\n", pid);
		exit(0);
	}
	setsid();
	null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(null, 2) < 0)
		sys_fail("/dev/null");
}

int main(int argc, char **argv)
{
	struct options opt = options_read(argc, argv);
	int listener;

	signal(SIGPIPE, SIG_IGN);
	bus_init(opt.devices, opt.kind, opt.speed);
	listener = listen_on(&opt);
	if (opt.daemonic)
		detach();
	loop(listener, opt.delay_ms);
}
