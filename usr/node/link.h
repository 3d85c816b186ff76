/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One TLS connection that carries frames or bytes, from connect() or accept() to its end. It
 * never blocks and never grows beyond its limits: who reads slowly is cut off.
 *
 * A link belongs to its owner, who ends it by link_close() or is told by ended() that
 * it has ended; after either it must not be touched. Both may happen inside of any
 * callback: the memory stays until the loop's turn is over.
 */
#ifndef HEARTH_LINK_H
#define HEARTH_LINK_H

#include <sys/socket.h>

#include "../format/frame.h"
#include "../lib/tls.h"
#include "node.h"

#define LINK_SETUP	(10 * NODE_SECOND)	/* to connect, shake hands and be known */

struct link_ops {
	/* May this node talk so? See tls_judge. */
	int (*judge)(struct link *link, const char *alpn,
		     const uint8_t id[static PEER_ID], struct error *err);
	/* The handshake is done. */
	void (*ready)(struct link *link);
	/* One came; of a link that carries no frames bytes(): see link_take(). */
	void (*frame)(struct link *link, const struct frame *frame);
	void (*bytes)(struct link *link);
	void (*ended)(struct link *link, const struct error *why);
};

enum link_state {
	LINK_CONNECTING,
	LINK_SHAKING,
	LINK_OPEN,
	LINK_LINGERING,		/* closed, but the other end is to read why */
	LINK_CLOSED,
};

struct link {
	struct node *node;
	struct link *next;
	const struct link_ops *ops;
	void *owner;
	enum link_state state;
	bool outgoing;
	bool known;		/* a peer's: no stranger's limits count for it */
	struct sockaddr_storage from;	/* the other end */
	char address[WIRE_ADDRESS];	/* the same as text */
	uint64_t heard;		/* when something came last */
	uint64_t counted;	/* since when frames are counted, a second each */
	unsigned int frames;	/* that came in it */
	int fd;
	struct tls tls;
	sd_event_source *io, *limit;
	uint8_t *in, *out;
	size_t in_size, in_room, out_size, out_room;
};

/*
 * A link that was accepted, over @fd, which becomes its own; @alpn is ended by NULL.
 * Returns NULL and closes @fd where there is no memory.
 */
struct link *link_accept(struct node *node, int fd,
			 const struct sockaddr_storage *from,
			 const char *const *alpn, const struct link_ops *ops,
			 struct error *err);

/* Begins to connect to a numeric address with a port. */
struct link *link_dial(struct node *node, const char *address, const char *alpn,
		       const struct link_ops *ops, void *owner,
		       struct error *err);

/* Sends a message. What goes wrong is told by ended(), not before the loop's next turn. */
void link_send(struct link *link, const struct wire *wire);

/* The same of bytes. */
void link_write(struct link *link, const void *data, size_t size);

/* In bytes(): the first @size of the link's in_size bytes at its @in are dealt with. */
void link_take(struct link *link, size_t size);

/*
 * Lets the kernel have the TLS session (ktls_take()), and the caller the socket: what is
 * written to it and read from it is plain from here on. The link is closed then, without a
 * word to either end. Returns the socket, or a negative errno and the link goes on, but for
 * an errno other than -EOPNOTSUPP.
 */
int link_to_kernel(struct link *link, struct error *err);

/* It belongs to a peer that was let in: it may stay. */
void link_know(struct link *link);

/* Ends it without a word to its owner. */
void link_close(struct link *link);

/* The same, and the other end hears that it is refused. */
void link_refuse(struct link *link);

/* Ends it at once, whatever goes on: its owner is told. */
void link_abort(struct link *link, const struct error *why);

/* In the way of the loop: frees what has been closed. */
void link_reap(struct node *node);

/* Both ends of the same network: IPv4 addresses, IPv6's first half. */
bool link_same_source(const struct sockaddr_storage *a,
		      const struct sockaddr_storage *b);

/* The other way round, of a numeric address. Returns 0 or a negative errno. */
int link_resolve(const char *text, struct sockaddr_storage *ss, socklen_t *len,
		 struct error *err);

/* Listens there; the port that it got is in @ss then. Returns a socket or a negative errno. */
int link_listen(struct sockaddr_storage *ss, socklen_t len);

/* A socket address as ADDRESS:PORT or [ADDRESS%SCOPE]:PORT. */
void link_address_text(const struct sockaddr_storage *ss, uint16_t port,
		       char text[static WIRE_ADDRESS]);

#endif
