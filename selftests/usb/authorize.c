// SPDX-License-Identifier: GPL-2.0
/*
 * authorize attach PORT BUSID [SERVER] - attaches a device of 127.0.0.1:PORT as one that
 *	nobody has authorized, of the server SERVER; prints the port's number
 * authorize allow ID DEVNUM - lets drivers have it; prints the errno's name, or 0, and
 *	the extack sentence
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>

#include "family.h"
#include "import.h"
#include "tcp.h"

static int attach(const char *port, const char *busid, const char *server)
{
	int fd = tcp_dial((uint16_t)atoi(port));
	struct verdict verdict;
	uint32_t devid, speed;
	struct nl_msg *msg;

	import(fd, busid, &devid, &speed);
	msg = family_attach(fd, devid, speed);
	nla_put_string(msg, HEARTH_USB_A_PORT_BUSID, busid);
	if (server)
		nla_put_string(msg, HEARTH_USB_A_PORT_SERVER, server);
	nla_put_flag(msg, HEARTH_USB_A_PORT_UNAUTHORIZED);
	verdict = family_ask(msg);
	if (verdict.error)
		errx(1, "attach: %s: %s", strerrorname_np(verdict.error),
		     verdict.sentence);
	printf("%u\n", verdict.id);
	return 0;
}

static int allow(const char *id, const char *devnum)
{
	struct verdict verdict = family_authorize((uint32_t)atoi(id),
						  (uint32_t)atoi(devnum));

	printf("%s: %s\n", strerrorname_np(verdict.error), verdict.sentence);
	return 0;
}

int main(int argc, char **argv)
{
	family_open();
	if (argc >= 4 && argc <= 5 && !strcmp(argv[1], "attach"))
		return attach(argv[2], argv[3], argv[4]);
	if (argc == 4 && !strcmp(argv[1], "allow"))
		return allow(argv[2], argv[3]);
	errx(1, "usage: authorize attach PORT BUSID [SERVER] | allow ID DEVNUM");
}
