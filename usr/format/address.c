// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "number.h"

#define UNIX	"unix:/"
#define VSOCK	"vsock:"

static int parse_port(const char *text, struct address *addr,
		      struct error *err)
{
	uint64_t port;

	if (!number_parse(text, 65535, &port) || !port)
		return error_set(err, EINVAL,
				 "a port is a number from 1 to 65535");
	snprintf(addr->port, sizeof(addr->port), "%u", (unsigned int)port);
	return 0;
}

static int parse_inet(const char *text, const char *default_port,
		      struct address *addr, struct error *err)
{
	const char *host = text, *end = NULL, *port = NULL;

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
	memcpy(addr->host, host, (size_t)(end - host));
	return parse_port(port ? port : default_port, addr, err);
}

static int parse_unix(const char *path, struct address *addr,
		      struct error *err)
{
	addr->kind = ADDRESS_UNIX;
	if (strlen(path) >= sizeof(addr->path))
		return error_set(err, EINVAL,
				 "the path of a socket has at most %zu bytes",
				 sizeof(addr->path) - 1);
	strcpy(addr->path, path);
	return 0;
}

/* @text: CID:PORT */
static int parse_vsock(const char *text, struct address *addr,
		       struct error *err)
{
	const char *colon = strchr(text, ':');
	char cid_text[11] = "";
	uint64_t cid, port;

	addr->kind = ADDRESS_VSOCK;
	if (colon && (size_t)(colon - text) < sizeof(cid_text))
		memcpy(cid_text, text, (size_t)(colon - text));
	/* 2^32 - 1 is none of both: it stands for any. */
	if (!number_parse(cid_text, UINT32_MAX - 1, &cid) ||
	    !number_parse(colon + 1, UINT32_MAX - 1, &port))
		return error_set(err, EINVAL,
				 "an address of a virtual machine is written vsock:CID:PORT, with numbers");
	addr->cid = (uint32_t)cid;
	addr->cid_port = (uint32_t)port;
	return 0;
}

int address_parse(const char *text, const char *default_port,
		  struct address *addr, struct error *err)
{
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
	strcpy(addr->name, text);

	if (!strncmp(text, UNIX, strlen(UNIX)))
		return parse_unix(text + strlen(UNIX) - 1, addr, err);
	if (!strncmp(text, VSOCK, strlen(VSOCK)))
		return parse_vsock(text + strlen(VSOCK), addr, err);
	return parse_inet(text, default_port, addr, err);
}
