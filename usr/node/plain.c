// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "../format/address.h"
#include "exporter.h"
#include "link.h"
#include "plain.h"
#include "usbserve.h"

#define CALLERS_MAX	16u		/* that have not asked yet */
#define LIMIT		(10 * NODE_SECOND)	/* to ask, and to take a list */

struct caller {
	struct plain *plain;
	struct caller *next;
	int fd;
	sd_event_source *io, *limit;
	struct share_client client;
	uint8_t in[USBIP_IMPORT_SIZE];
	size_t in_size;
	uint8_t *out;
	size_t out_size, out_at;
};

struct plain {
	struct node *node;
	unsigned int n, n_callers;
	struct {
		int fd;
		sd_event_source *io;
	} doors[PLAIN_LISTEN_MAX];
	struct caller *callers;	/* the latest first */
};

static void drop(struct caller *caller)
{
	struct plain *plain = caller->plain;
	struct caller **at;

	for (at = &plain->callers; *at != caller; at = &(*at)->next)
		;
	*at = caller->next;
	plain->n_callers--;
	sd_event_source_disable_unref(caller->io);
	sd_event_source_disable_unref(caller->limit);
	close(caller->fd);
	free(caller->out);
	free(caller);
}

/* --- answers -------------------------------------------------------------------------------- */

/* Returns false when it is through. */
static bool write_some(struct caller *caller)
{
	ssize_t n = send(caller->fd, caller->out + caller->out_at,
			 caller->out_size - caller->out_at,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	caller->out_at += (size_t)n;
	return caller->out_at < caller->out_size;
}

/* Returns false where nothing more is to come of it. */
static bool list(struct caller *caller)
{
	caller->out = usbserve_list(caller->plain->node, &caller->client,
				    &caller->out_size);
	sd_event_source_set_io_events(caller->io, EPOLLOUT);
	return caller->out && write_some(caller);
}

static void import(struct caller *caller, const char *busid)
{
	struct node *node = caller->plain->node;
	uint8_t reply[USBIP_OP_SIZE];
	struct usblocal local;
	struct error err;

	if (!share_find(node, &caller->client, busid, &local, &err) &&
	    !exporter_start(node, &local, &caller->client, caller->fd, &err))
		return;
	fprintf(stderr, SD_INFO "usb: %s does not get %s: %s\n",
		caller->client.name, busid, err.text);
	usbip_pack_reply(reply, USBIP_OP_REP_IMPORT, usbserve_status(&err));
	send(caller->fd, reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The same: what was handed on is closed here. */
static bool read_some(struct caller *caller)
{
	char busid[USBIP_BUSID_SIZE];
	struct error err;
	int used;
	ssize_t n = recv(caller->fd, caller->in + caller->in_size,
			 sizeof(caller->in) - caller->in_size, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (!n)
		return false;
	caller->in_size += (size_t)n;
	used = usbip_take_request(caller->in, caller->in_size, busid, &err);
	if (!used)
		return true;
	if (used < 0) {
		fprintf(stderr, SD_INFO "usb: %s: %s\n", caller->client.name,
			err.text);
		return false;
	}
	if (!*busid)
		return list(caller);
	import(caller, busid);
	return false;
}

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct caller *caller = arg;

	(void)s;
	(void)fd;
	(void)events;
	if (!(caller->out ? write_some(caller) : read_some(caller)))
		drop(caller);
	return 0;
}

static int on_limit(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	drop(arg);
	return 0;
}

/* --- callers ---------------------------------------------------------------------------------- */

/* Where there is no room the one that came first goes. */
static void make_room(struct plain *plain)
{
	struct caller *caller = plain->callers;

	if (plain->n_callers < CALLERS_MAX)
		return;
	while (caller->next)
		caller = caller->next;
	drop(caller);
}

static int on_door(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct plain *plain = arg;
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	char address[WIRE_ADDRESS];
	struct caller *caller;
	int client = accept4(fd, (struct sockaddr *)&from, &len,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)s;
	(void)events;
	if (client < 0)
		return 0;
	make_room(plain);
	caller = calloc(1, sizeof(*caller));
	if (!caller) {
		close(client);
		return 0;
	}
	link_address_text(&from, ntohs(((struct sockaddr_in *)&from)->sin_port),
			  address);
	caller->plain = plain;
	caller->fd = client;
	caller->client.plain = true;
	snprintf(caller->client.name, sizeof(caller->client.name),
		 "somebody at %s", address);
	caller->next = plain->callers;
	plain->callers = caller;
	plain->n_callers++;
	if (sd_event_add_io(plain->node->event, &caller->io, client, EPOLLIN,
			    on_io, caller) < 0 ||
	    sd_event_add_time_relative(plain->node->event, &caller->limit,
				       CLOCK_MONOTONIC, LIMIT, 0, on_limit,
				       caller) < 0)
		drop(caller);
	return 0;
}

/* --- doors -------------------------------------------------------------------------------------- */

/* "0.0.0.0" and "[::]" name no address: who has that in mind is to say which. */
static bool is_everywhere(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;

	return ss->ss_family == AF_INET6 ?
	       IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr) :
	       !((const struct sockaddr_in *)ss)->sin_addr.s_addr;
}

static int open_door(struct plain *plain, const char *text, struct error *err)
{
	struct sockaddr_storage ss = { 0 };
	struct address address;
	char with_port[sizeof(address.host) + 8];
	socklen_t len;
	int fd, ret;

	ret = address_parse(text, USBIP_DEFAULT_PORT, &address, err);
	if (ret)
		return ret;
	snprintf(with_port, sizeof(with_port),
		 strchr(address.host, ':') ? "[%s]:%s" : "%s:%s", address.host,
		 address.port);
	ret = link_resolve(with_port, &ss, &len, err);
	if (ret)
		return ret;
	if (is_everywhere(&ss))
		return error_set(err, EINVAL,
				 "the plain port is for addresses that are named, and %s is all of them",
				 with_port);
	fd = link_listen(&ss, len);
	if (fd < 0)
		return error_set(err, -fd, "cannot listen at %s: %s", with_port,
				 strerror(-fd));
	plain->doors[plain->n].fd = fd;
	ret = sd_event_add_io(plain->node->event, &plain->doors[plain->n].io,
			      fd, EPOLLIN, on_door, plain);
	plain->n++;
	if (ret < 0)
		return error_set(err, ENOMEM, "out of memory");
	fprintf(stderr, SD_NOTICE "USB/IP without encryption at %s\n",
		with_port);
	return 0;
}

int plain_start(struct node *node, const char *const *listen, unsigned int n,
		struct error *err)
{
	unsigned int i;
	int ret = 0;

	node->plain = calloc(1, sizeof(*node->plain));
	if (!node->plain)
		return error_set(err, ENOMEM, "out of memory");
	node->plain->node = node;
	for (i = 0; !ret && i < n; i++)
		ret = open_door(node->plain, listen[i], err);
	return ret;
}

void plain_stop(struct node *node)
{
	struct plain *plain = node->plain;
	unsigned int i;

	if (!plain)
		return;
	while (plain->callers)
		drop(plain->callers);
	for (i = 0; i < plain->n; i++) {
		sd_event_source_disable_unref(plain->doors[i].io);
		close(plain->doors[i].fd);
	}
	free(plain);
	node->plain = NULL;
}
