// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

static int port_parse(const char *text, struct address *addr,
		      struct error *err)
{
	size_t len = strspn(text, "0123456789");
	unsigned long port = len && len < sizeof(addr->port) && !text[len] ?
			     strtoul(text, NULL, 10) : 0;

	if (!port || port > 65535)
		return error_set(err, EINVAL,
				 "a port is a number from 1 to 65535");
	snprintf(addr->port, sizeof(addr->port), "%lu", port);
	return 0;
}

int address_parse(const char *text, const char *default_port,
		  struct address *addr, struct error *err)
{
	const char *host = text, *end = NULL, *port = NULL;
	const char *p;

	memset(addr, 0, sizeof(*addr));
	if (strlen(text) >= sizeof(addr->name))
		return error_set(err, EINVAL,
				 "a server's name has at most %zu characters",
				 sizeof(addr->name) - 1);
	for (p = text; *p; p++)
		if (iscntrl((unsigned char)*p) || *p == ' ')
			return error_set(err, EINVAL,
					 "a server's name has no spaces or control characters");

	if (*text == '[') {
		host = text + 1;
		end = strchr(host, ']');
		if (!end || (end[1] && end[1] != ':'))
			return error_set(err, EINVAL,
					 "an address in brackets is written [ADDRESS] or [ADDRESS]:PORT");
		if (end[1])
			port = end + 2;
	} else {
		end = strchr(text, ':');
		if (end && !strchr(end + 1, ':'))
			port = end + 1;
		else
			end = text + strlen(text);
	}
	if (end == host)
		return error_set(err, EINVAL, "a server needs a name");

	strcpy(addr->name, text);
	memcpy(addr->host, host, (size_t)(end - host));
	return port_parse(port ? port : default_port, addr, err);
}
