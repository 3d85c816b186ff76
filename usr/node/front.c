// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "front.h"
#include "link.h"
#include "pair.h"
#include "peers.h"
#include "usbserve.h"

#define STRANGERS	64u
#define PER_SOURCE	8u
#define ACCEPTS		2000u	/* a second; also where descriptors have run out */

struct front {
	unsigned int n;
	struct {
		int fd;
		sd_event_source *io;
		char address[WIRE_ADDRESS];
	} doors[FRONT_LISTEN_MAX];
};

static const char *const alpn[] = {
	WIRE_CONTROL, WIRE_PAIRING, WIRE_USB, NULL,
};

/* --- what a connection is for ----------------------------------------------------------- */

static int on_judge(struct link *link, const char *name,
		    const uint8_t id[static PEER_ID], struct error *err)
{
	int ret;

	link->ops = !strcmp(name, WIRE_PAIRING) ? &pair_ops :
		    !strcmp(name, WIRE_USB) ? &usbserve_ops : &peers_ops;
	ret = link->ops->judge(link, name, id, err);
	if (ret)
		fprintf(stderr, SD_INFO "%s: refused: %s\n", link->address,
			err->text);
	return ret;
}

/* From on_judge() on its ops are those of what it is for. */
static void on_ended(struct link *link, const struct error *why)
{
	(void)link;
	(void)why;
}

static const struct link_ops front_ops = {
	.judge = on_judge,
	.ended = on_ended,
};

/* --- room for strangers ------------------------------------------------------------------ */

static bool is_stranger(const struct link *link)
{
	return !link->outgoing && !link->known;
}

/* How many strangers are of the same source, and the oldest of them. */
static unsigned int of_source(const struct node *node,
			      const struct sockaddr_storage *from,
			      struct link **oldest)
{
	struct link *link;
	unsigned int n = 0;

	for (link = node->links; link; link = link->next) {
		if (!is_stranger(link) || !link_same_source(&link->from, from))
			continue;
		/* the later in the list the older */
		*oldest = link;
		n++;
	}
	return n;
}

/* Who has to go for one more from @from, or NULL. */
static struct link *choose(const struct node *node,
			   const struct sockaddr_storage *from)
{
	struct link *link, *oldest = NULL, *victim = NULL;
	unsigned int strangers = 0, n, most = 0;

	if (of_source(node, from, &oldest) >= PER_SOURCE)
		return oldest;
	for (link = node->links; link; link = link->next) {
		if (!is_stranger(link))
			continue;
		strangers++;
		n = of_source(node, &link->from, &oldest);
		if (n <= most)
			continue;
		most = n;
		victim = oldest;
	}
	return strangers < STRANGERS ? NULL : victim;
}

static int on_door(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct node *node = arg;
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	int client = accept4(fd, (struct sockaddr *)&from, &len,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct link *victim;
	struct error err;

	(void)s;
	(void)events;
	if (client < 0)
		return 0;
	if (!node->ready) {
		close(client);
		return 0;
	}
	victim = choose(node, &from);
	if (victim) {
		error_set(&err, EBUSY, "others need its place");
		link_abort(victim, &err);
	}
	link_accept(node, client, &from, alpn, &front_ops, &err);
	return 0;
}

/* --- doors --------------------------------------------------------------------------------- */

static int open_door(struct node *node, const char *text, struct error *err)
{
	struct front *front = node->front;
	struct sockaddr_storage ss = { 0 };
	socklen_t len;
	uint16_t port;
	int fd, ret = link_resolve(text, &ss, &len, err);

	if (ret)
		return ret;
	fd = link_listen(&ss, len);
	if (fd < 0)
		return error_set(err, -fd, "cannot listen at %s: %s", text,
				 strerror(-fd));
	front->doors[front->n].fd = fd;
	port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	if (!front->n)
		node->port = port;
	link_address_text(&ss, port, front->doors[front->n].address);
	if (sd_event_add_io(node->event, &front->doors[front->n].io, fd,
			    EPOLLIN, on_door, node) < 0 ||
	    sd_event_source_set_ratelimit(front->doors[front->n].io,
					  NODE_SECOND, ACCEPTS) < 0)
		return error_set(err, ENOMEM, "out of memory");
	front->n++;
	return 0;
}

int front_start(struct node *node, const char *const *addresses,
		unsigned int n, struct error *err)
{
	unsigned int i;
	int ret = 0;

	node->front = calloc(1, sizeof(*node->front));
	if (!node->front)
		return error_set(err, ENOMEM, "out of memory");
	for (i = 0; !ret && i < n; i++)
		ret = open_door(node, addresses[i], err);
	if (n)
		return ret;
	/* both families, where there are both */
	ret = open_door(node, "[::]", err);
	return ret == -EAFNOSUPPORT ? open_door(node, "0.0.0.0", err) : ret;
}

void front_stop(struct node *node)
{
	struct front *front = node->front;
	unsigned int i;

	if (!front)
		return;
	for (i = 0; i < front->n; i++) {
		sd_event_source_disable_unref(front->doors[i].io);
		close(front->doors[i].fd);
	}
	free(front);
	node->front = NULL;
}

void front_each(struct node *node,
		void (*each)(const char *address, void *arg), void *arg)
{
	unsigned int i;

	for (i = 0; node->front && i < node->front->n; i++)
		each(node->front->doors[i].address, arg);
}
