/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What this node says of itself: its host's name and addresses, the instance of the
 * service, and where it listens. Names are its own, from its id: beside avahi-daemon
 * nothing is said twice. Each record lives 120 s at those who hear it, so that who
 * falls silent is forgotten soon; avahi says each again in time.
 */
#ifndef HEARTH_DISCOVER_ANNOUNCE_H
#define HEARTH_DISCOVER_ANNOUNCE_H

#include <avahi-core/publish.h>
#include <systemd/sd-event.h>

#include "../format/announcement.h"
#include "../format/wire.h"

#define ANNOUNCE_ADDRESSES	32	/* of all interfaces */

/* One address, in a group of its own: others stay when it goes. */
struct announce_address {
	AvahiSEntryGroup *group;
	AvahiIfIndex ifindex;
	AvahiAddress address;
	bool here;		/* it was seen when they were read last */
};

struct announce {
	AvahiServer *server;
	AvahiSEntryGroup *service;
	struct announcement what;
	uint16_t port;		/* 0: nothing is announced */
	unsigned int clashes;	/* others that used our names */
	sd_event_source *later;	/* after one of them */
	size_t n_addresses;
	struct announce_address addresses[ANNOUNCE_ADDRESSES];
};

/* The name of the host of the node @id, as it is without a clash. */
void announce_host_name(const uint8_t id[static PEER_ID], unsigned int clashes,
			char name[static 32]);

/* For a server that runs; announce_stop() comes before its end. 0 or a negative errno. */
int announce_start(struct announce *announce, sd_event *event,
		   AvahiServer *server);
void announce_stop(struct announce *announce);

/* What is announced from now on, in place of what was. */
void announce_change(struct announce *announce, const struct wire *what);

/* The server is ready for names, at first or once more, or its own host name clashes. */
void announce_running(struct announce *announce);
void announce_clash(struct announce *announce);

/* The machine's addresses may have changed. */
void announce_addresses(struct announce *announce);

#endif
