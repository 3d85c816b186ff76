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

#include "error.h"

struct nl_msg;
struct nl_sock;

struct port_stats {
	uint64_t submitted;
	uint64_t completed;
	uint64_t errors;
	uint64_t unlinked;
	uint32_t in_flight;
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
	bool no_posting;
	struct port_stats stats;
};

/* A socket for requests. */
struct port_channel {
	struct nl_sock *sock;
	int family;
};

/* A socket for events. */
struct port_events {
	struct nl_sock *sock;
	int family;
	int ctrl;
};

struct port_attach {
	int fd;
	uint32_t devid;
	uint32_t speed;
	const char *busid;
	const char *server;
	uint32_t unlink_timeout;	/* milliseconds; 0: the kernel's default */
	uint32_t stall_timeout;
	uint32_t peer_timeout;
	bool no_posting;
};

typedef void (*port_fn)(const struct port *port, void *arg);

/* All return 0 or a negative errno and explain it in @err. */
int port_open(struct port_channel *chan, struct error *err);
void port_close(struct port_channel *chan);

/* @id becomes the number of the new port. The caller closes the fd. */
int port_attach(struct port_channel *chan, const struct port_attach *attach,
		uint32_t *id, struct error *err);
int port_detach(struct port_channel *chan, uint32_t id, struct error *err);
int port_get(struct port_channel *chan, uint32_t id, struct port *port,
	     struct error *err);

/*
 * Calls @fn for each port of one consistent dump: a dump that changes took
 * place in is thrown away and asked for again.
 */
int port_dump(struct port_channel *chan, port_fn fn, void *arg,
	      struct error *err);

int port_events_open(struct port_events *events, struct error *err);
void port_events_close(struct port_events *events);

/* For poll(). */
int port_events_fd(const struct port_events *events);

/*
 * Takes what has arrived without waiting and calls @fn for each event. Returns
 * 0, -ENOBUFS if events were lost (dump, to know where things stand), -ENODEV
 * if the kernel module has been removed, or another negative errno.
 */
int port_events_read(struct port_events *events, port_fn fn, void *arg,
		     struct error *err);

/*
 * Reads the attributes of a message of the family. Returns 0, or -EBADMSG if
 * it is not one of a port.
 */
int port_parse(struct nl_msg *msg, struct port *port);

const char *port_state_name(uint32_t state);
/* Why the port left, as a sentence that goes on after "port N: ". */
const char *port_reason_text(uint32_t reason);
/* The same as the spec has it, for programs. */
const char *port_reason_name(uint32_t reason);

#endif
