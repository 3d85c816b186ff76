// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
/* behind sys/socket.h */
#include <linux/vm_sockets.h>

#include "connect.h"
#include "wait.h"

/* A question to the resolver, in one piece because it may outlive the asker. */
struct lookup {
	struct gaicb cb;
	struct addrinfo hints;
	struct address addr;
};

int connect_resolve(const struct address *addr, int64_t deadline, int limit,
		    struct addrinfo **res, struct error *err)
{
	struct lookup *lookup;
	struct gaicb *list[1];
	struct timespec ts;
	int left, ret;

	/* the resolver would take it for an address of 32 bits: 0.54.89.0 */
	if (!addr->host[strspn(addr->host, "0123456789")])
		return error_set(err, EADDRNOTAVAIL,
				 "cannot find %s: a number alone is neither a name nor an address",
				 addr->host);
	lookup = calloc(1, sizeof(*lookup));
	if (!lookup)
		return error_set(err, ENOMEM, "out of memory");
	lookup->addr = *addr;
	lookup->hints.ai_family = AF_UNSPEC;
	lookup->hints.ai_socktype = SOCK_STREAM;
	lookup->hints.ai_flags = AI_NUMERICSERV;
	lookup->cb.ar_name = lookup->addr.host;
	lookup->cb.ar_service = lookup->addr.port;
	lookup->cb.ar_request = &lookup->hints;
	list[0] = &lookup->cb;

	ret = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (ret) {
		free(lookup);
		return error_set(err, EAGAIN, "cannot look up %s: %s",
				 addr->host, gai_strerror(ret));
	}
	while ((ret = gai_error(&lookup->cb)) == EAI_INPROGRESS) {
		left = wait_left(deadline);
		if (!left) {
			/*
			 * The resolver can't be stopped once it runs, and still
			 * uses the question, which is therefore not freed.
			 */
			if (gai_cancel(&lookup->cb) == EAI_CANCELED)
				free(lookup);
			return error_set(err, ETIMEDOUT,
					 "looking up %s took longer than %d ms",
					 addr->host, limit);
		}
		ts.tv_sec = left / 1000;
		ts.tv_nsec = left % 1000 * 1000000L;
		gai_suspend((const struct gaicb *const *)list, 1, &ts);
	}
	*res = lookup->cb.ar_result;
	free(lookup);
	if (ret)
		return error_set(err, EADDRNOTAVAIL, "cannot find %s: %s",
				 addr->host, gai_strerror(ret));
	return 0;
}

/* Connects @fd, which does not block. Returns it, or closes it: a negative errno. */
static int finish(int fd, const void *sa, socklen_t sa_len, int64_t deadline)
{
	socklen_t len = sizeof(int);
	int ret = 0;

	if (connect(fd, sa, sa_len)) {
		ret = -errno;
		if (ret == -EINPROGRESS)
			ret = wait_for(fd, POLLOUT, deadline);
		if (!ret && getsockopt(fd, SOL_SOCKET, SO_ERROR, &ret, &len))
			ret = -errno;
		ret = ret > 0 ? -ret : ret;
	}
	if (!ret)
		return fd;
	close(fd);
	return ret;
}

static int open_socket(int family, int protocol)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			protocol);

	return fd < 0 ? -errno : fd;
}

static int connect_one(const struct addrinfo *ai, int64_t deadline)
{
	int fd = open_socket(ai->ai_family, ai->ai_protocol), one = 1;

	if (fd < 0)
		return fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return finish(fd, ai->ai_addr, ai->ai_addrlen, deadline);
}

static int connect_error(const struct address *addr, int limit, int code,
			 struct error *err)
{
	char where[sizeof(addr->host) + 16];

	if (addr->kind == ADDRESS_INET)
		snprintf(where, sizeof(where), "%s port %s", addr->host,
			 addr->port);
	else
		snprintf(where, sizeof(where), "%s", addr->name);
	switch (code) {
	case ETIMEDOUT:
		return error_set(err, code,
				 "cannot connect to %s: no answer within %d ms",
				 where, limit);
	case ECONNREFUSED:
	case ECONNRESET:	/* so it is with vsock */
		return error_set(err, code,
				 "cannot connect to %s: connection refused; no server listens there",
				 where);
	case ENOENT:
		return error_set(err, code,
				 "cannot connect to %s: there is no such socket",
				 where);
	case EAFNOSUPPORT:
	case ENODEV:
		return error_set(err, code,
				 "cannot connect to %s: this machine has no such sockets",
				 where);
	default:
		return error_set(err, code, "cannot connect to %s: %s", where,
				 strerror(code));
	}
}

static int connect_inet(const struct address *addr, int64_t deadline, int limit,
			struct error *err)
{
	struct addrinfo *list = NULL, *ai;
	int n = 0, ret;

	ret = connect_resolve(addr, deadline, limit, &list, err);
	if (ret)
		return ret;
	for (ai = list; ai; ai = ai->ai_next)
		n++;
	/* An address that is dead leaves the others their share of the time. */
	ret = -ETIMEDOUT;
	for (ai = list; ai && ret < 0; ai = ai->ai_next, n--)
		ret = connect_one(ai, wait_now() + wait_left(deadline) / n);
	freeaddrinfo(list);
	return ret < 0 ? connect_error(addr, limit, -ret, err) : ret;
}

static int connect_unix(const struct address *addr, int64_t deadline)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = open_socket(AF_UNIX, 0);

	if (fd < 0)
		return fd;
	memcpy(sun.sun_path, addr->path, sizeof(sun.sun_path));
	return finish(fd, &sun, sizeof(sun), deadline);
}

static int connect_vsock(const struct address *addr, int64_t deadline)
{
	struct sockaddr_vm svm = {
		.svm_family = AF_VSOCK,
		.svm_cid = addr->cid,
		.svm_port = addr->cid_port,
	};
	int fd = open_socket(AF_VSOCK, 0);

	return fd < 0 ? fd : finish(fd, &svm, sizeof(svm), deadline);
}

int connect_to(const struct address *addr, int64_t deadline, int limit,
	       struct error *err)
{
	int ret;

	switch (addr->kind) {
	case ADDRESS_UNIX:
		ret = connect_unix(addr, deadline);
		break;
	case ADDRESS_VSOCK:
		ret = connect_vsock(addr, deadline);
		break;
	default:
		return connect_inet(addr, deadline, limit, err);
	}
	return ret < 0 ? connect_error(addr, limit, -ret, err) : ret;
}
