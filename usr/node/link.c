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
#include <sys/epoll.h>
#include <unistd.h>

#include "../format/address.h"
#include "../lib/ktls.h"
#include "link.h"

#define STRANGER_MAX	4096u		/* bytes received, not yet a frame */
#define OUT_MAX		(256u << 10)	/* bytes that wait to be sent */
#define LINGER		(2 * NODE_SECOND)

/* --- addresses ----------------------------------------------------------------- */

void link_address_text(const struct sockaddr_storage *ss, uint16_t port,
		       char text[static WIRE_ADDRESS])
{
	struct sockaddr_storage plain = *ss;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)&plain;
	char host[WIRE_ADDRESS - 9] = "?";

	/* IPv4 over a socket that listens to both */
	if (ss->ss_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		memset(&plain, 0, sizeof(plain));
		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, &in6->sin6_addr.s6_addr[12], 4);
	}
	getnameinfo((struct sockaddr *)&plain, plain.ss_family == AF_INET ?
		    sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6),
		    host, sizeof(host), NULL, 0, NI_NUMERICHOST);
	snprintf(text, WIRE_ADDRESS, strchr(host, ':') ? "[%s]:%u" : "%s:%u",
		 host, port);
}

/* An IPv4 address, or what a network of IPv6 has: 64 bits. */
static void source(const struct sockaddr_storage *ss, uint8_t key[static 12])
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;

	memset(key, 0, 12);
	if (ss->ss_family == AF_INET)
		memcpy(key + 8, &((const struct sockaddr_in *)ss)->sin_addr, 4);
	else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		memcpy(key + 8, &in6->sin6_addr.s6_addr[12], 4);
	else
		memcpy(key, &in6->sin6_addr, 8);
}

bool link_same_source(const struct sockaddr_storage *a,
		      const struct sockaddr_storage *b)
{
	uint8_t x[12], y[12];

	source(a, x);
	source(b, y);
	return !memcmp(x, y, sizeof(x));
}

int link_resolve(const char *text, struct sockaddr_storage *ss, socklen_t *len,
		 struct error *err)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *list;
	struct address addr;
	int ret = address_parse(text, WIRE_PORT_TEXT, &addr, err);

	if (ret)
		return ret;
	if (addr.kind != ADDRESS_INET ||
	    getaddrinfo(addr.host, addr.port, &hints, &list))
		return error_set(err, EINVAL, "%s is no numeric address", text);
	memcpy(ss, list->ai_addr, list->ai_addrlen);
	*len = list->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

int link_listen(struct sockaddr_storage *ss, socklen_t len)
{
	int fd = socket(ss->ss_family, SOCK_STREAM | SOCK_CLOEXEC |
			SOCK_NONBLOCK, 0), ret;
	const int one = 1, zero = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* an address that waits for its cable */
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	if (ss->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (!bind(fd, (struct sockaddr *)ss, len) && !listen(fd, 64) &&
	    !getsockname(fd, (struct sockaddr *)ss, &len))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

/* --- the end -------------------------------------------------------------------- */

static void unlink_from(struct link **list, struct link *link)
{
	for (; *list; list = &(*list)->next) {
		if (*list != link)
			continue;
		*list = link->next;
		return;
	}
}

static void bury(struct link *link)
{
	struct node *node = link->node;

	link->state = LINK_CLOSED;
	link->io = sd_event_source_disable_unref(link->io);
	link->limit = sd_event_source_disable_unref(link->limit);
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	unlink_from(&node->links, link);
	link->next = node->dead;
	node->dead = link;
}

void link_reap(struct node *node)
{
	struct link *link;

	while ((link = node->dead)) {
		node->dead = link->next;
		tls_free(&link->tls);
		free(link->in);
		free(link->out);
		free(link);
	}
}

/*
 * A socket that is closed with something unread sends a reset, which overtakes what
 * was written. So the other end's words are read away until it hangs up.
 */
static void linger(struct link *link)
{
	link->ops = NULL;
	link->known = false;	/* one more that the stranger's limits count */
	if (shutdown(link->fd, SHUT_WR) ||
	    sd_event_source_set_io_events(link->io, EPOLLIN) < 0 ||
	    sd_event_source_set_time_relative(link->limit, LINGER) < 0 ||
	    sd_event_source_set_enabled(link->limit, SD_EVENT_ONESHOT) < 0) {
		bury(link);
		return;
	}
	link->state = LINK_LINGERING;
}

void link_close(struct link *link)
{
	if (link->state >= LINK_LINGERING)
		return;
	if (link->state == LINK_OPEN) {
		tls_bye(&link->tls);
		linger(link);
	} else {
		bury(link);
	}
}

void link_refuse(struct link *link)
{
	if (link->state != LINK_OPEN) {
		link_close(link);
		return;
	}
	tls_refuse(&link->tls);
	linger(link);
}

static void fail(struct link *link, const struct error *why)
{
	const struct link_ops *ops = link->ops;
	bool refused = link->state == LINK_SHAKING;

	if (link->state >= LINK_LINGERING)
		return;
	/* The alert of a handshake that failed is to be read, too. */
	if (refused)
		linger(link);
	else
		bury(link);
	if (ops)
		ops->ended(link, why);
}

void link_abort(struct link *link, const struct error *why)
{
	const struct link_ops *ops = link->ops;

	if (link->state == LINK_CLOSED)
		return;
	bury(link);
	if (ops)
		ops->ended(link, why);
}

static int on_limit(sd_event_source *s, uint64_t usec, void *arg)
{
	struct link *link = arg;
	struct error why;

	(void)s;
	(void)usec;
	if (link->state == LINK_LINGERING) {
		bury(link);
		return 0;
	}
	error_set(&why, ETIMEDOUT, "no answer within %llu s",
		  LINK_SETUP / NODE_SECOND);
	link_abort(link, &why);
	return 0;
}

/* --- sending -------------------------------------------------------------------- */

/* Sends what can be sent. Returns 0 or a negative errno. */
static int flush(struct link *link, struct error *err)
{
	size_t at = 0;
	ssize_t n = 0;

	while (at < link->out_size) {
		n = tls_send(&link->tls, link->out + at, link->out_size - at,
			     err);
		if (n < 0)
			break;
		at += (size_t)n;
	}
	memmove(link->out, link->out + at, link->out_size - at);
	link->out_size -= at;
	sd_event_source_set_io_events(link->io, link->out_size ?
				      EPOLLIN | EPOLLOUT : EPOLLIN);
	return n < 0 && n != -EAGAIN ? (int)n : 0;
}

/* Room for a frame behind what waits. */
static bool make_room(struct link *link, size_t size)
{
	size_t room = link->out_size + size;
	uint8_t *grown;

	if (room > OUT_MAX)
		return false;
	if (room <= link->out_room)
		return true;
	grown = realloc(link->out, room);
	if (!grown)
		return false;
	link->out = grown;
	link->out_room = room;
	return true;
}

void link_write(struct link *link, const void *data, size_t size)
{
	struct error err;

	if (link->state != LINK_OPEN)
		return;
	if (!size || !make_room(link, size)) {
		/* It does not read what it is told: on_io() hears of the end. */
		shutdown(link->fd, SHUT_RDWR);
		return;
	}
	memcpy(link->out + link->out_size, data, size);
	link->out_size += size;
	if (flush(link, &err))
		shutdown(link->fd, SHUT_RDWR);
}

void link_send(struct link *link, const struct wire *wire)
{
	uint8_t frame[4096];

	link_write(link, frame, wire_format(wire, frame, sizeof(frame)));
}

/* --- receiving ------------------------------------------------------------------ */

static void count_frame(struct link *link)
{
	if (!link->frames || link->heard - link->counted >= NODE_SECOND) {
		link->counted = link->heard;
		link->frames = 0;
	}
	link->frames++;
}

/* Tells of each whole frame. Returns 0, or a negative errno. */
static int take_frames(struct link *link, struct error *err)
{
	struct frame frame;
	size_t at = 0;
	long n = 0;

	while (link->state == LINK_OPEN &&
	       (n = frame_next(link->in + at, link->in_size - at, &frame,
			       err)) > 0) {
		if (frame.flags & FRAME_DATA)
			return error_set(err, EPROTO,
					 "data where none are due");
		count_frame(link);
		link->ops->frame(link, &frame);
		at += (size_t)n;
	}
	memmove(link->in, link->in + at, link->in_size - at);
	link->in_size -= at;
	return n < 0 ? (int)n : 0;
}

void link_take(struct link *link, size_t size)
{
	memmove(link->in, link->in + size, link->in_size - size);
	link->in_size -= size;
}

/* What has come is its owner's. Returns 0, or a negative errno. */
static int tell(struct link *link, struct error *err)
{
	if (!link->ops->bytes)
		return take_frames(link, err);
	link->ops->bytes(link);
	return 0;
}

static int more_room(struct link *link, struct error *err)
{
	size_t most = link->known ? FRAME_MAX : STRANGER_MAX;
	uint8_t *grown;

	if (link->in_size < link->in_room)
		return 0;
	if (link->in_room >= most)
		return error_set(err, EPROTO, "a message that is too long");
	most = link->in_room ? most : STRANGER_MAX;
	grown = realloc(link->in, most);
	if (!grown)
		return error_set(err, ENOMEM, "out of memory");
	link->in = grown;
	link->in_room = most;
	return 0;
}

static int receive(struct link *link, struct error *err)
{
	ssize_t n;
	int ret;

	do {
		ret = more_room(link, err);
		if (ret)
			return ret;
		n = tls_recv(&link->tls, link->in + link->in_size,
			     link->in_room - link->in_size, err);
		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return (int)n;
		if (!n)
			return error_set(err, ECONNRESET,
					 "the other end closed the connection");
		link->heard = node_now(link->node);
		link->in_size += (size_t)n;
		ret = tell(link, err);
	} while (!ret && link->state == LINK_OPEN && tls_pending(&link->tls));
	return ret;
}

/* --- the beginning --------------------------------------------------------------- */

static int judge(const char *alpn, const uint8_t id[static PEER_ID], void *arg,
		 struct error *err)
{
	struct link *link = arg;

	return link->ops->judge(link, alpn, id, err);
}

static int shake(struct link *link, struct error *err)
{
	int ret = tls_handshake(&link->tls, err);

	if (ret == -EAGAIN) {
		sd_event_source_set_io_events(link->io,
					      tls_events(&link->tls) == POLLOUT ?
					      EPOLLOUT : EPOLLIN);
		return 0;
	}
	if (ret)
		return ret;
	link->state = LINK_OPEN;
	link->heard = node_now(link->node);
	sd_event_source_set_io_events(link->io, EPOLLIN);
	link->ops->ready(link);
	/* The first words may have come with the handshake's last. */
	if (link->state == LINK_OPEN && tls_pending(&link->tls))
		return receive(link, err);
	return 0;
}

static int connected(struct link *link, struct error *err)
{
	socklen_t len = sizeof(int);
	int code = 0;

	if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &code, &len))
		code = errno;
	if (code)
		return error_set(err, code, "cannot connect to %s: %s",
				 link->address, strerror(code));
	link->state = LINK_SHAKING;
	return shake(link, err);
}

static void drain(struct link *link)
{
	char away[4096];
	ssize_t n;

	do {
		n = recv(link->fd, away, sizeof(away), MSG_DONTWAIT);
	} while (n > 0);
	if (!n || (errno != EAGAIN && errno != EINTR))
		bury(link);
}

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct link *link = arg;
	struct error err;
	int ret = 0;

	(void)s;
	(void)fd;
	switch (link->state) {
	case LINK_CONNECTING:
		ret = connected(link, &err);
		break;
	case LINK_SHAKING:
		ret = shake(link, &err);
		break;
	case LINK_OPEN:
		if (events & EPOLLOUT)
			ret = flush(link, &err);
		if (!ret && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			ret = receive(link, &err);
		break;
	case LINK_LINGERING:
		drain(link);
		break;
	default:
		break;
	}
	if (ret)
		fail(link, &err);
	return 0;
}

static struct link *new(struct node *node, int fd, bool outgoing,
			const char *const *alpn, const struct link_ops *ops,
			struct error *err)
{
	struct link *link = calloc(1, sizeof(*link));
	const int one = 1;

	if (!link) {
		close(fd);
		error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	link->node = node;
	link->fd = fd;
	link->ops = ops;
	link->outgoing = outgoing;
	link->state = outgoing ? LINK_CONNECTING : LINK_SHAKING;
	link->next = node->links;
	node->links = link;
	if (tls_begin(&link->tls, &node->me, !outgoing, fd, alpn, judge, link,
		      err))
		goto fail;
	if (sd_event_add_io(node->event, &link->io, fd,
			    outgoing ? EPOLLOUT : EPOLLIN, on_io, link) < 0 ||
	    sd_event_add_time_relative(node->event, &link->limit,
				       CLOCK_MONOTONIC, LINK_SETUP, 0, on_limit,
				       link) < 0) {
		error_set(err, ENOMEM, "out of memory");
		goto fail;
	}
	return link;
fail:
	bury(link);
	return NULL;
}

struct link *link_accept(struct node *node, int fd,
			 const struct sockaddr_storage *from,
			 const char *const *alpn, const struct link_ops *ops,
			 struct error *err)
{
	struct link *link = new(node, fd, false, alpn, ops, err);

	if (!link)
		return NULL;
	link->from = *from;
	link_address_text(from, ntohs(((const struct sockaddr_in *)from)->sin_port),
			  link->address);
	return link;
}

struct link *link_dial(struct node *node, const char *address, const char *alpn,
		       const struct link_ops *ops, void *owner,
		       struct error *err)
{
	const char *const names[] = { alpn, NULL };
	struct sockaddr_storage ss = { 0 };
	socklen_t len = 0;
	struct link *link;
	int fd;

	if (link_resolve(address, &ss, &len, err))
		return NULL;
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0 || (connect(fd, (struct sockaddr *)&ss, len) &&
		       errno != EINPROGRESS)) {
		error_set(err, errno, "cannot connect to %s: %s", address,
			  strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	link = new(node, fd, true, names, ops, err);
	if (!link)
		return NULL;
	link->owner = owner;
	link->from = ss;
	snprintf(link->address, sizeof(link->address), "%s", address);
	return link;
}

int link_to_kernel(struct link *link, struct error *err)
{
	int fd, ret;

	if (link->out_size)
		return error_set(err, EBUSY, "%s takes no answers",
				 link->address);
	ret = ktls_take(&link->tls, err);
	if (ret)
		return ret;
	fd = link->fd;
	link->fd = -1;
	sd_event_source_set_enabled(link->io, SD_EVENT_OFF);
	bury(link);
	return fd;
}

void link_know(struct link *link)
{
	link->known = true;
	sd_event_source_set_enabled(link->limit, SD_EVENT_OFF);
}
