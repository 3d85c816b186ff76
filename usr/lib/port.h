/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ports of the virtual USB host controller, over the netlink family
 * hearth-usb (Documentation/netlink/specs/hearth-usb.yaml).
 */
#ifndef HEARTH_PORT_H
#define HEARTH_PORT_H

#include <linux/hearth_usb.h>
#include <stdbool.h>
#include <stdint.h>

#include "channel.h"

/* Words of the kernel's, kept as far as there is room for them. */
#define PORT_POSTING_OFF_SIZE	64

struct port_stats {
	uint64_t submitted;
	uint64_t completed;
	uint64_t errors;
	uint64_t unlinked;
	uint32_t in_flight;
	uint32_t waiting;	/* cancelled, RET_UNLINK is still to come */
	uint64_t tx_bytes;
	uint64_t rx_bytes;
	uint32_t rtt;		/* microseconds */
};

struct port {
	uint32_t id;
	uint32_t devid;
	uint32_t speed;
	char busid[HEARTH_USB_BUSID_MAX_LEN + 1];
	char server[HEARTH_USB_SERVER_MAX_LEN + 1];
	bool bound;		/* to a peer: */
	uint8_t peer[HEARTH_USB_PEER_LEN];
	uint32_t state;
	uint32_t reason;	/* 0: none */
	uint32_t error;		/* positive errno, 0: none */
	uint32_t busnum;
	uint32_t root_port;
	uint32_t devnum;	/* 0: not enumerated */
	uint32_t unlink_timeout;	/* these three in milliseconds */
	uint32_t stall_timeout;
	uint32_t peer_timeout;
	bool tls;
	bool no_posting;	/* was asked for */
	bool unauthorized;	/* each device that it has, until it is allowed */
	char posting_off[PORT_POSTING_OFF_SIZE];	/* why; "": it was not */
	struct port_stats stats;
};

struct port_attach {
	int fd;
	uint32_t devid;
	uint32_t speed;
	const char *busid;
	const char *server;
	const uint8_t *peer;		/* its id; NULL: none */
	uint32_t unlink_timeout;	/* milliseconds; 0: the kernel's default */
	uint32_t stall_timeout;
	uint32_t peer_timeout;
	bool no_posting;
	bool unauthorized;		/* drivers get it by port_authorize() */
};

typedef void (*port_fn)(const struct port *port, void *arg);

/* For channel_open() and channel_listen(). */
extern const struct channel_family port_family;

/* All return 0 or a negative errno and explain it in @err. */

/*
 * @id becomes the number of the new port. The caller closes the fd. A kernel that does not
 * know @peer, or without the module that knows peers, plugs the device in all the same.
 */
int port_attach(struct channel *chan, const struct port_attach *attach,
		uint32_t *id, struct error *err);
/*
 * Drivers let go of the device first, and events tell how far that is. @limit_ms:
 * the longest standstill meanwhile; 0: the kernel's default. @now: no such thing,
 * and the connection is closed when this returns.
 */
int port_detach(struct channel *chan, uint32_t id, bool now, uint32_t limit_ms,
		struct error *err);
/*
 * Drivers get the device with the number @devnum, as when root writes 1 to its attribute
 * authorized. -ENODEV: the port has another one by now, or none.
 */
int port_authorize(struct channel *chan, uint32_t id, uint32_t devnum,
		   struct error *err);
int port_get(struct channel *chan, uint32_t id, struct port *port,
	     struct error *err);

/* A request for a dump of all ports, or NULL. */
struct nl_msg *port_dump_request(struct channel *chan, void *arg);

/* Calls @fn for each port of one consistent dump. */
int port_dump(struct channel *chan, port_fn fn, void *arg,
	      struct error *err);

/* As channel_read(). */
int port_events(struct channel *chan, port_fn fn, void *arg,
		struct error *err);

/*
 * Reads the attributes of a message of the family. Returns 0, or -EBADMSG if
 * it is not one of a port.
 */
int port_parse(struct nl_msg *msg, struct port *port);

const char *port_state_name(uint32_t state);
/* Why the port left, with its error, as a sentence that goes on after "port N: ". */
const char *port_reason_text(uint32_t reason, uint32_t error);
/* The same as the spec has it, for programs. */
const char *port_reason_name(uint32_t reason);

#endif
