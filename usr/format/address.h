/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_ADDRESS_H
#define HEARTH_ADDRESS_H

#include <stdint.h>

#include "error.h"

enum address_kind {
	ADDRESS_INET,	/* host and port */
	ADDRESS_UNIX,	/* path */
	ADDRESS_VSOCK,	/* cid and cid_port */
};

/* Where a server is, as the user wrote it, and taken apart. */
struct address {
	enum address_kind kind;
	char name[256];
	char host[256];
	char port[6];
	char path[108];		/* as long as sun_path */
	uint32_t cid;
	uint32_t cid_port;
};

/*
 * Takes HOST[:PORT] apart: a name, an IPv4 address, an IPv6 address or one in
 * brackets ([::1]:3240). An address with more than one colon and no bracket is
 * IPv6 without a port. unix:/PATH is a socket of this machine, vsock:CID:PORT
 * one of a virtual machine or its host (vsock(7)). Returns 0 or -EINVAL.
 */
int address_parse(const char *text, const char *default_port,
		  struct address *addr, struct error *err);

#endif
