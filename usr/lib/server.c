// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int time_left(const struct server *server)
{
	int64_t left = server->deadline - now_ms();

	return left > 0 ? (int)left : 0;
}

/* A question to the resolver, in one piece because it may outlive the asker. */
struct lookup {
	struct gaicb cb;
	struct addrinfo hints;
	struct address addr;
};

/* getaddrinfo() within the time limit; freeaddrinfo() the result. */
static int resolve(struct server *server, struct addrinfo **res,
		   struct error *err)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	struct gaicb *list[1];
	struct timespec ts;
	int left, ret;

	if (!lookup)
		return error_set(err, ENOMEM, "out of memory");
	lookup->addr = server->addr;
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
				 server->addr.host, gai_strerror(ret));
	}
	while ((ret = gai_error(&lookup->cb)) == EAI_INPROGRESS) {
		left = time_left(server);
		if (!left) {
			/*
			 * The resolver can't be stopped once it runs, and still
			 * uses the question, which is therefore not freed.
			 */
			if (gai_cancel(&lookup->cb) == EAI_CANCELED)
				free(lookup);
			return error_set(err, ETIMEDOUT,
					 "looking up %s took longer than %d ms",
					 server->addr.host, server->limit);
		}
		ts.tv_sec = left / 1000;
		ts.tv_nsec = left % 1000 * 1000000L;
		gai_suspend((const struct gaicb *const *)list, 1, &ts);
	}
	*res = lookup->cb.ar_result;
	free(lookup);
	if (ret)
		return error_set(err, EADDRNOTAVAIL, "cannot find %s: %s",
				 server->addr.host, gai_strerror(ret));
	return 0;
}

/* Waits for @events; returns 0 or -ETIMEDOUT. */
static int wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int64_t left;
	int ret;

	do {
		left = deadline - now_ms();
		ret = poll(&pfd, 1, left > 0 ? (int)left : 0);
	} while ((ret < 0 && errno == EINTR) || (!ret && left > 0));
	return ret > 0 ? 0 : -ETIMEDOUT;
}

/* Returns a socket or a negative errno. */
static int connect_one(const struct addrinfo *ai, int64_t deadline)
{
	socklen_t len = sizeof(int);
	int fd, one = 1, ret = 0;

	fd = socket(ai->ai_family,
		    ai->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    ai->ai_protocol);
	if (fd < 0)
		return -errno;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen)) {
		if (errno != EINPROGRESS) {
			ret = -errno;
			goto err;
		}
		ret = wait_for(fd, POLLOUT, deadline);
		if (ret)
			goto err;
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &ret, &len);
		if (ret) {
			ret = -ret;
			goto err;
		}
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
err:
	close(fd);
	return ret;
}

static int connect_error(const struct server *server, int code,
			 struct error *err)
{
	const char *host = server->addr.host, *port = server->addr.port;

	switch (code) {
	case ETIMEDOUT:
		return error_set(err, code,
				 "cannot connect to %s port %s: no answer within %d ms",
				 host, port, server->limit);
	case ECONNREFUSED:
		return error_set(err, code,
				 "cannot connect to %s port %s: connection refused; no USB/IP server listens there",
				 host, port);
	default:
		return error_set(err, code, "cannot connect to %s port %s: %s",
				 host, port, strerror(code));
	}
}

int server_connect(struct server *server, const struct address *addr,
		   int limit, struct error *err)
{
	struct addrinfo *list = NULL, *ai;
	int n = 0, ret;

	server->addr = *addr;
	server->limit = limit;
	server->deadline = now_ms() + limit;
	server->fd = -1;

	ret = resolve(server, &list, err);
	if (ret)
		return ret;
	for (ai = list; ai; ai = ai->ai_next)
		n++;
	/* An address that is dead leaves the others their share of the time. */
	ret = -ETIMEDOUT;
	for (ai = list; ai && server->fd < 0; ai = ai->ai_next, n--) {
		ret = connect_one(ai, now_ms() + time_left(server) / n);
		if (ret >= 0)
			server->fd = ret;
	}
	freeaddrinfo(list);
	return server->fd < 0 ? connect_error(server, -ret, err) : 0;
}

static int timeout_error(const struct server *server, struct error *err)
{
	return error_set(err, ETIMEDOUT,
			 "%s did not answer within %d ms", server->addr.name,
			 server->limit);
}

static int server_send(struct server *server, const uint8_t *buf, size_t len,
		       struct error *err)
{
	ssize_t n;

	while (len) {
		n = send(server->fd, buf, len, MSG_NOSIGNAL);
		if (n >= 0) {
			buf += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (wait_for(server->fd, POLLOUT, server->deadline))
				return timeout_error(server, err);
		} else if (errno != EINTR) {
			return error_set(err, errno, "sending to %s: %s",
					 server->addr.name, strerror(errno));
		}
	}
	return 0;
}

static int server_recv(struct server *server, uint8_t *buf, size_t len,
		       struct error *err)
{
	ssize_t n;

	while (len) {
		/* A server that sends a byte a second is late all the same. */
		if (wait_for(server->fd, POLLIN, server->deadline))
			return timeout_error(server, err);
		n = recv(server->fd, buf, len, 0);
		if (n > 0) {
			buf += n;
			len -= (size_t)n;
		} else if (!n) {
			return error_set(err, ECONNRESET,
					 "%s closed the connection in the middle of its answer",
					 server->addr.name);
		} else if (errno != EINTR && errno != EAGAIN) {
			return error_set(err, errno, "reading from %s: %s",
					 server->addr.name, strerror(errno));
		}
		if (len && !time_left(server))
			return timeout_error(server, err);
	}
	return 0;
}

int server_list(struct server *server, struct usbip_list *list,
		struct error *err)
{
	uint8_t buf[USBIP_LIST_PIECE_MAX];
	size_t need;
	int ret;

	usbip_list_init(list);
	usbip_pack_devlist(buf);
	ret = server_send(server, buf, USBIP_OP_SIZE, err);
	while (!ret && (need = usbip_list_need(list))) {
		ret = server_recv(server, buf, need, err);
		if (!ret)
			ret = usbip_list_feed(list, buf, err);
	}
	if (ret)
		usbip_list_clear(list);
	return ret;
}

int server_import(struct server *server, const char *busid,
		  struct usbip_device *dev, struct error *err)
{
	uint8_t buf[USBIP_DEVICE_SIZE];
	int ret;

	ret = usbip_pack_import(buf, busid, err);
	if (ret)
		return ret;
	ret = server_send(server, buf, USBIP_IMPORT_SIZE, err);
	if (ret)
		return ret;
	ret = server_recv(server, buf, USBIP_OP_SIZE, err);
	if (ret)
		return ret;
	ret = usbip_parse_op(buf, USBIP_OP_REP_IMPORT, err);
	if (ret)
		return ret;
	ret = server_recv(server, buf, USBIP_DEVICE_SIZE, err);
	if (ret)
		return ret;
	ret = usbip_parse_device(buf, dev, err);
	if (ret)
		return ret;
	if (strcmp(dev->busid, busid))
		return error_set(err, EPROTO,
				 "the server was asked for %s and answered with %s",
				 busid, dev->busid);

	if (fcntl(server->fd, F_SETFL, 0))
		return error_set(err, errno, "fcntl: %s", strerror(errno));
	return 0;
}

void server_close(struct server *server)
{
	if (server->fd >= 0)
		close(server->fd);
	server->fd = -1;
}
