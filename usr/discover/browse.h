/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What others say of themselves. Of each instance that can be heard, on each interface
 * and by each protocol, one resolver stays open: it tells of every change. There are
 * so many of them and no more; one more takes the place of the oldest.
 */
#ifndef HEARTH_DISCOVER_BROWSE_H
#define HEARTH_DISCOVER_BROWSE_H

#include <avahi-core/lookup.h>

#include "../format/wire.h"

#define BROWSE_MAX	1024u

struct browse_ops {
	/* A node may be at an address: WIRE_SEEN with one; or it has gone: WIRE_GONE. */
	void (*say)(const struct wire *wire, void *arg);
};

struct browse_seen;

struct browse {
	AvahiServer *server;
	AvahiSServiceBrowser *browser;
	const struct browse_ops *ops;
	void *arg;
	struct browse_seen *first, *last;	/* the newest first */
	unsigned int n;
};

/* For a server; browse_stop() comes before its end. Returns 0 or a negative errno. */
int browse_start(struct browse *browse, AvahiServer *server,
		 const struct browse_ops *ops, void *arg);
void browse_stop(struct browse *browse);

#endif
