// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connect.h"
#include "server.h"
#include "wait.h"

int server_connect(struct server *server, const struct address *addr,
		   int limit, struct error *err)
{
	int ret;

	server->addr = *addr;
	server->limit = limit;
	server->deadline = wait_now() + limit;
	ret = connect_to(addr, server->deadline, limit, err);
	server->fd = ret < 0 ? -1 : ret;
	return ret < 0 ? ret : 0;
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
		if (len && !wait_left(server->deadline))
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
