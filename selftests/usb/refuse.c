// SPDX-License-Identifier: GPL-2.0
/*
 * refuse CASE - ask port-attach or port-detach for something that it must
 * refuse; print the errno's name and the extack sentence.
 */
#define _GNU_SOURCE
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netlink/msg.h>

#include "family.h"
#include "tcp.h"

static struct verdict verdict;

static void attach(int fd, int64_t devid, int64_t speed, int tls)
{
	struct nl_msg *msg = family_attach(fd, devid, speed);

	if (tls)
		nla_put_flag(msg, HEARTH_USB_A_PORT_TLS);
	verdict = family_ask(msg);
}

/*
 * Attaches from a network namespace that ends with its only process; the socket is
 * of another one, and this process holds its other end. The verdict is the child's.
 */
static void attach_and_end(int fd)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		if (unshare(CLONE_NEWNET))
			err(255, "unshare");
		family_open();
		attach(fd, 1, 3, 0);
		_exit(verdict.error);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		errx(1, "the child has died");
	verdict.error = WEXITSTATUS(status);
}

/* A device id is any number of 32 bits; this one has more. */
static void attach_far(int fd)
{
	struct nl_msg *msg = family_attach(fd, -1, HEARTH_USB_SPEED_HIGH);

	nla_put_u64(msg, HEARTH_USB_A_PORT_DEVID, 1ULL << 32);
	verdict = family_ask(msg);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	int pair[2], other, fd;

	family_open();
	fd = tcp_pair(&other);
	if (!strcmp(what, "not-open")) {
		attach(1000, 1, 3, 0);
	} else if (!strcmp(what, "not-a-socket")) {
		attach(0, 1, 3, 0);
	} else if (!strcmp(what, "udp")) {
		attach(socket(AF_INET, SOCK_DGRAM, 0), 1, 3, 0);
	} else if (!strcmp(what, "unix-datagram")) {
		attach(socket(AF_UNIX, SOCK_DGRAM, 0), 1, 3, 0);
	} else if (!strcmp(what, "unix-unconnected")) {
		attach(socket(AF_UNIX, SOCK_STREAM, 0), 1, 3, 0);
	} else if (!strcmp(what, "unix-tls")) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			err(1, "socketpair");
		attach(pair[0], 1, 3, 1);
	} else if (!strcmp(what, "listening")) {
		attach(tcp_listener(), 1, 3, 0);
	} else if (!strcmp(what, "unconnected")) {
		attach(socket(AF_INET, SOCK_STREAM, 0), 1, 3, 0);
	} else if (!strcmp(what, "closed")) {
		shutdown(fd, SHUT_RDWR);
		attach(fd, 1, 3, 0);
	} else if (!strcmp(what, "used")) {
		attach(fd, 1, 3, 0);
		if (verdict.error)
			errx(1, "the first attach failed: %s",
			     verdict.sentence);
		attach(fd, 1, 3, 0);
	} else if (!strcmp(what, "no-tls")) {
		attach(fd, 1, 3, 1);
	} else if (!strcmp(what, "speed-0")) {
		attach(fd, 1, 0, 0);
	} else if (!strcmp(what, "speed-wireless")) {
		attach(fd, 1, 4, 0);
	} else if (!strcmp(what, "speed-7")) {
		attach(fd, 1, 7, 0);
	} else if (!strcmp(what, "devid-far")) {
		attach_far(fd);
	} else if (!strcmp(what, "no-socket")) {
		attach(-1, 1, 3, 0);
	} else if (!strcmp(what, "no-devid")) {
		attach(fd, -1, 3, 0);
	} else if (!strcmp(what, "no-speed")) {
		attach(fd, 1, -1, 0);
	} else if (!strcmp(what, "no-port")) {
		verdict = family_detach(4000000000u);
	} else if (!strcmp(what, "port-0")) {
		verdict = family_detach(0);
	} else if (!strcmp(what, "ends")) {
		attach_and_end(fd);
	} else if (!strcmp(what, "no-privilege")) {
		if (setuid(65534))
			err(1, "setuid");
		attach(fd, 1, 3, 0);
	} else {
		errx(1, "usage: refuse CASE");
	}
	printf("%s: %s\n", verdict.error ? strerrorname_np(verdict.error) :
					   "no error", verdict.sentence);
	fflush(stdout);
	if (!strcmp(what, "ends"))
		pause();
	return 0;
}
