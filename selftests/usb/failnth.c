// SPDX-License-Identifier: GPL-2.0
/*
 * failnth - port-attach with the first, the second, ... allocation, or copy from
 * the caller's memory, made to fail, until none is left
 * (Documentation/fault-injection in the kernel's tree).
 *
 *   failnth [FIRST [STEP]]	all up to FIRST, and then one in STEP
 *
 * An attach is refused, or works without what could not be had, or the answer is
 * lost. Where there may be a port now, the module is loaded anew: the next attach
 * is to make a controller again. Prints what happened to each.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <netlink/errno.h>
#include <netlink/msg.h>

#include "family.h"
#include "tcp.h"

#define PLACES_MAX	20000

static int fail_nth;

static void set_fail_nth(int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	if (pwrite(fail_nth, text, len, 0) != len)
		err(1, "fail-nth");
}

/* Ends the fault injection. Returns whether it has come to a failure. */
static bool has_failed(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		err(1, "fail-nth");
	set_fail_nth(0);
	return !atoi(text);
}

static void detach(uint32_t id)
{
	struct verdict verdict = family_detach(id);

	if (verdict.error)
		errx(1, "detach of %u: %s", id, verdict.sentence);
}

static void load_anew(void)
{
	if (system("rmmod hearth_vhci && modprobe hearth_vhci"))
		errx(1, "the module stays");
	family_open();
}

/* Returns whether there was an n-th one. */
static bool attach_nth(int n)
{
	struct verdict verdict;
	int other, fd = tcp_pair(&other);
	struct nl_msg *msg = family_attach(fd, 0x10002, HEARTH_USB_SPEED_HIGH);
	int not_sent;
	bool failed;

	set_fail_nth(n);
	not_sent = family_send(msg);
	failed = has_failed();
	if (not_sent && !failed)
		errx(1, "send: %s", nl_geterror(not_sent));
	if (not_sent) {
		printf("%d: not sent\n", n);
		goto out;
	}
	verdict = family_verdict();
	if (failed)
		printf("%d: %s %s\n", n,
		       !verdict.error ? "works" : verdict.error == ENOBUFS ?
		       "lost" : strerrorname_np(verdict.error),
		       verdict.sentence);
	if (verdict.error && !failed)
		errx(1, "%d: %s: %s", n, strerrorname_np(verdict.error),
		     verdict.sentence);
	if (!verdict.error)
		detach(verdict.id);
	if (!verdict.error || verdict.error == ENOBUFS)
		load_anew();
out:
	close(fd);
	close(other);
	return failed;
}

int main(int argc, char **argv)
{
	int first = argc > 1 ? atoi(argv[1]) : PLACES_MAX;
	int step = argc > 2 ? atoi(argv[2]) : 1, n = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		err(1, "fail-nth");
	family_open();
	while (n < PLACES_MAX && attach_nth(n))
		n += n < first ? 1 : step;
	printf("%d places\n", n);
	return n >= PLACES_MAX;
}
