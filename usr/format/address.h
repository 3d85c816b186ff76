/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_ADDRESS_H
#define HEARTH_ADDRESS_H

#include "error.h"

/* Where a server is, as the user wrote it, and taken apart. */
struct address {
	char name[256];
	char host[256];
	char port[6];
};

/*
 * Takes HOST[:PORT] apart: a name, an IPv4 address, an IPv6 address or one in
 * brackets ([::1]:3240). An address with more than one colon and no bracket is
 * IPv6 without a port. Returns 0 or -EINVAL.
 */
int address_parse(const char *text, const char *default_port,
		  struct address *addr, struct error *err);

#endif
