// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "link.h"
#include "nearby.h"
#include "pair.h"

#define READS		50u	/* a second, of IN_MAX each */
#define IN_MAX		4096u
#define WARN_EACH	(600 * NODE_SECOND)

struct nearby {
	struct node *node;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	int door;
	sd_event_source *door_io;
	bool has_user;
	uid_t user;		/* hearth-discover's */
	int fd;			/* its connection, or -1 */
	sd_event_source *io;
	size_t in_size;
	uint8_t in[IN_MAX];
	uint64_t warned;	/* that another one announces our id */
	unsigned int n;
	struct nearby_node list[NEARBY_MAX];	/* the latest first */
};

/* --- the connection ------------------------------------------------------------------------- */

static void hang_up(struct nearby *nearby)
{
	nearby->io = sd_event_source_disable_unref(nearby->io);
	if (nearby->fd >= 0)
		close(nearby->fd);
	nearby->fd = -1;
	nearby->in_size = 0;
	/* What it heard is true no longer. */
	nearby->n = 0;
}

static void lose(struct nearby *nearby, const char *why)
{
	hang_up(nearby);
	fprintf(stderr, SD_NOTICE "hearth-discover is away: %s\n", why);
}

void nearby_announce(struct node *node)
{
	struct nearby *nearby = node->nearby;
	struct wire wire = { .type = WIRE_ANNOUNCE, .port = node->port };
	struct pair_status status;
	uint8_t frame[512];
	size_t size;

	if (!nearby || nearby->fd < 0 || !node->ready)
		return;
	pair_status(node, &status);
	memcpy(wire.id, node->me.id, PEER_ID);
	strcpy(wire.name, node->name);
	wire.pairing = status.state == PAIR_OPEN;
	size = wire_format(&wire, frame, sizeof(frame));
	/* There is room for thousands: who does not read them hangs. */
	if (send(nearby->fd, frame, size, MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    (ssize_t)size)
		lose(nearby, "it does not listen");
}

/* --- nodes that are no peers ------------------------------------------------------------------ */

static unsigned int find(const struct nearby *nearby,
			 const uint8_t id[static PEER_ID])
{
	unsigned int i;

	for (i = 0; i < nearby->n; i++)
		if (!memcmp(nearby->list[i].id, id, PEER_ID))
			break;
	return i;
}

static void forget(struct nearby *nearby, unsigned int i)
{
	nearby->n--;
	memmove(&nearby->list[i], &nearby->list[i + 1],
		(nearby->n - i) * sizeof(*nearby->list));
}

static void put_address(struct nearby_node *at, const char *address)
{
	unsigned int i;

	for (i = 0; i < at->n_addresses; i++)
		if (!strcmp(at->addresses[i], address))
			break;
	if (i == at->n_addresses && i < NEARBY_ADDRESSES)
		at->n_addresses++;
	else if (i == NEARBY_ADDRESSES)
		i--;
	memmove(at->addresses[1], at->addresses[0], i * sizeof(*at->addresses));
	snprintf(at->addresses[0], WIRE_ADDRESS, "%s", address);
}

static void remember(struct nearby *nearby, const struct wire *wire)
{
	unsigned int i = find(nearby, wire->id);
	struct nearby_node at = { 0 };

	if (i < nearby->n)
		at = nearby->list[i];
	else if (i < NEARBY_MAX)
		nearby->n++;
	else
		i--;
	memmove(&nearby->list[1], &nearby->list[0], i * sizeof(at));
	memcpy(at.id, wire->id, PEER_ID);
	strcpy(at.name, wire->name);
	at.pairing = wire->pairing;
	put_address(&at, wire->addresses[0]);
	nearby->list[0] = at;
}

void nearby_became(struct node *node, const uint8_t id[static PEER_ID])
{
	struct nearby *nearby = node->nearby;
	struct nearby_node at;
	unsigned int i = find(nearby, id);

	if (i == nearby->n)
		return;
	at = nearby->list[i];
	forget(nearby, i);
	for (i = at.n_addresses; i--;)
		peers_hint(node, id, at.addresses[i]);
}

int nearby_each(struct node *node,
		void (*each)(const struct nearby_node *nearby, void *arg),
		void *arg, struct error *err)
{
	const struct nearby *nearby = node->nearby;
	unsigned int i;

	if (nearby->fd < 0)
		return error_set(err, ENOTCONN,
				 "hearth-discover does not run here (systemctl start hearth-discover)");
	for (i = 0; i < nearby->n; i++)
		if (!peers_find(node, nearby->list[i].id))
			each(&nearby->list[i], arg);
	return 0;
}

/* --- what it says ------------------------------------------------------------------------------- */

/* Can it be another machine's? Who sends mDNS must not make us talk to ourselves. */
static bool is_elsewhere(const char *address)
{
	struct sockaddr_storage ss = { 0 };
	const struct in6_addr *in6 = &((struct sockaddr_in6 *)&ss)->sin6_addr;
	uint32_t in = 0;
	struct error err;
	socklen_t len;

	if (link_resolve(address, &ss, &len, &err))
		return false;
	if (ss.ss_family == AF_INET6) {
		if (IN6_IS_ADDR_UNSPECIFIED(in6) || IN6_IS_ADDR_LOOPBACK(in6) ||
		    IN6_IS_ADDR_MULTICAST(in6) || IN6_IS_ADDR_V4COMPAT(in6) ||
		    IN6_IS_ADDR_V4MAPPED(in6))
			return false;
		return true;
	}
	in = ntohl(((struct sockaddr_in *)&ss)->sin_addr.s_addr);
	return in >> 24 && in >> 24 != 127 && in >> 28 < 14;
}

static void on_ourselves(struct nearby *nearby, const char *address)
{
	uint64_t now = node_now(nearby->node);

	if (nearby->warned && now - nearby->warned < WARN_EACH)
		return;
	nearby->warned = now;
	fprintf(stderr, SD_WARNING "%s announces this node's id: somebody copied its key, or pretends to have it\n",
		address);
}

static void on_seen(struct nearby *nearby, const struct wire *wire)
{
	struct node *node = nearby->node;

	if (!wire->n_addresses || !is_elsewhere(wire->addresses[0]))
		return;
	if (node->ready && !memcmp(wire->id, node->me.id, PEER_ID))
		on_ourselves(nearby, wire->addresses[0]);
	else if (!peers_hint(node, wire->id, wire->addresses[0]))
		remember(nearby, wire);
}

static void on_gone(struct nearby *nearby, const struct wire *wire)
{
	unsigned int i;

	if (peers_doubt(nearby->node, wire->id))
		return;
	i = find(nearby, wire->id);
	if (i < nearby->n)
		forget(nearby, i);
}

static int take_frames(struct nearby *nearby, struct error *err)
{
	struct frame frame;
	struct wire wire;
	size_t at = 0;
	long n;

	while ((n = frame_next(nearby->in + at, nearby->in_size - at, &frame,
			       err)) > 0) {
		at += (size_t)n;
		if (wire_parse(&frame, &wire, err))
			return -err->code;
		if (wire.type == WIRE_SEEN)
			on_seen(nearby, &wire);
		else if (wire.type == WIRE_GONE)
			on_gone(nearby, &wire);
		else
			return error_set(err, EPROTO, "it says what it may not");
	}
	memmove(nearby->in, nearby->in + at, nearby->in_size - at);
	nearby->in_size -= at;
	return n < 0 ? (int)n : 0;
}

static int receive(struct nearby *nearby, struct error *err)
{
	ssize_t n;

	if (nearby->in_size == IN_MAX)
		return error_set(err, EPROTO, "a message that is too long");
	n = recv(nearby->fd, nearby->in + nearby->in_size,
		 IN_MAX - nearby->in_size, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return error_set(err, errno, "%s", strerror(errno));
	if (!n)
		return error_set(err, ECONNRESET, "it closed the connection");
	nearby->in_size += (size_t)n;
	return take_frames(nearby, err);
}

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct nearby *nearby = arg;
	struct error err;

	(void)s;
	(void)fd;
	(void)events;
	if (receive(nearby, &err))
		lose(nearby, err.text);
	return 0;
}

/* --- the door -------------------------------------------------------------------------------------- */

static bool may_come(const struct nearby *nearby, int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return false;
	return !cred.uid || cred.uid == geteuid() ||
	       (nearby->has_user && cred.uid == nearby->user);
}

static int on_door(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct nearby *nearby = arg;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)s;
	(void)events;
	if (client < 0)
		return 0;
	if (!may_come(nearby, client)) {
		close(client);
		return 0;
	}
	/* The later one: the one before is on its way out. */
	hang_up(nearby);
	nearby->fd = client;
	if (sd_event_add_io(nearby->node->event, &nearby->io, client, EPOLLIN,
			    on_io, nearby) < 0 ||
	    sd_event_source_set_ratelimit(nearby->io, NODE_SECOND, READS) < 0) {
		hang_up(nearby);
		return 0;
	}
	nearby_announce(nearby->node);
	return 0;
}

static int open_door(struct nearby *nearby, const char *control,
		     struct error *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *slash = strrchr(control, '/');
	int folder = slash ? (int)(slash - control) + 1 : 0;

	if (snprintf(nearby->path, sizeof(nearby->path), "%.*sdiscover", folder,
		     control) >= (int)sizeof(nearby->path))
		return error_set(err, ENAMETOOLONG, "%s is too long for a socket",
				 control);
	strcpy(sun.sun_path, nearby->path);
	/* It is ours alone: the state's lock was taken before. */
	unlink(nearby->path);
	nearby->door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
			      SOCK_NONBLOCK, 0);
	if (nearby->door < 0 ||
	    bind(nearby->door, (struct sockaddr *)&sun, sizeof(sun)) ||
	    chmod(nearby->path, 0666) || listen(nearby->door, 4))
		return error_set(err, errno, "%s: %s", nearby->path,
				 strerror(errno));
	if (sd_event_add_io(nearby->node->event, &nearby->door_io, nearby->door,
			    EPOLLIN, on_door, nearby) < 0)
		return error_set(err, ENOMEM, "out of memory");
	return 0;
}

int nearby_start(struct node *node, const char *control, struct error *err)
{
	struct nearby *nearby = calloc(1, sizeof(*nearby));
	const struct passwd *user = getpwnam(NEARBY_USER);

	if (!nearby)
		return error_set(err, ENOMEM, "out of memory");
	node->nearby = nearby;
	nearby->node = node;
	nearby->door = nearby->fd = -1;
	nearby->has_user = user;
	if (user)
		nearby->user = user->pw_uid;
	pair_listen(node, nearby_announce);
	return open_door(nearby, control, err);
}

void nearby_stop(struct node *node)
{
	struct nearby *nearby = node->nearby;

	if (!nearby)
		return;
	hang_up(nearby);
	sd_event_source_disable_unref(nearby->door_io);
	if (nearby->door >= 0) {
		close(nearby->door);
		unlink(nearby->path);
	}
	free(nearby);
	node->nearby = NULL;
}
