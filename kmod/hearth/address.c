// SPDX-License-Identifier: GPL-2.0
#include <linux/socket.h>
#include <net/ipv6.h>

#include "address.h"

static bool address_is_host(const struct address *address)
{
	if (address->family == AF_INET)
		return !ipv4_is_zeronet(address->ipv4.s_addr) &&
		       !ipv4_is_multicast(address->ipv4.s_addr) &&
		       !ipv4_is_lbcast(address->ipv4.s_addr);
	return !ipv6_addr_any(&address->ipv6) &&
	       !ipv6_addr_is_multicast(&address->ipv6);
}

static bool address_is_link_local(const struct address *address)
{
	return address->family == AF_INET6 &&
	       (address->ipv6.s6_addr32[0] & htonl(0xffc00000)) ==
	       htonl(0xfe800000);
}

/**
 * address_refusal() - why a peer cannot be reached there
 * @address: the address
 *
 * Return: a sentence, or NULL if it is a host's address, complete and in the one form
 * that it has.
 */
const char *address_refusal(const struct address *address)
{
	if (!address->port)
		return "an address needs a port";
	if (!address_is_host(address))
		return "the address is not a host's";
	if (address->family == AF_INET6 &&
	    ipv6_addr_v4mapped(&address->ipv6))
		return "an IPv4 address has an attribute of its own";
	if (address_is_link_local(address) && !address->scope)
		return "a link-local address needs a scope";
	if (!address_is_link_local(address) && address->scope)
		return "only a link-local IPv6 address has a scope";
	return NULL;
}
