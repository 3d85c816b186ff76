/* SPDX-License-Identifier: GPL-2.0 */
/* A stream to an address, within a time limit. */
#ifndef HEARTH_CONNECT_H
#define HEARTH_CONNECT_H

#include <netdb.h>
#include <stdint.h>

#include "../format/address.h"
#include "../format/error.h"

/*
 * Finds @addr and connects, until @deadline (CLOCK_MONOTONIC, milliseconds).
 * @limit is the same as the user gave it, in milliseconds, to be told. Returns
 * a socket that does not block, or a negative errno.
 */
int connect_to(const struct address *addr, int64_t deadline, int limit,
	       struct error *err);

/*
 * The addresses of @addr, a host and a port, in the same time; freeaddrinfo() them.
 * Returns 0 or a negative errno.
 */
int connect_resolve(const struct address *addr, int64_t deadline, int limit,
		    struct addrinfo **res, struct error *err);

#endif
