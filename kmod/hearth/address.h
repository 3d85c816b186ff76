/* SPDX-License-Identifier: GPL-2.0 */
/* Where a peer listens. Pure. */
#ifndef _HEARTH_ADDRESS_H
#define _HEARTH_ADDRESS_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/types.h>

/* Zeroed before it is filled in: two are compared as bytes. */
struct address {
	sa_family_t family;	/* AF_INET or AF_INET6 */
	u16 port;
	u32 scope;		/* index of an interface; 0: none */
	union {
		struct in_addr ipv4;
		struct in6_addr ipv6;
	};
};

const char *address_refusal(const struct address *address);

#endif /* _HEARTH_ADDRESS_H */
