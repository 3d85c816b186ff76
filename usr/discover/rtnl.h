/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's word that addresses or interfaces have changed (rtnetlink(7)). */
#ifndef HEARTH_DISCOVER_RTNL_H
#define HEARTH_DISCOVER_RTNL_H

#include <systemd/sd-event.h>

struct rtnl {
	int fd;
	sd_event_source *io, *settled;
	void (*changed)(void *arg);
	void *arg;
};

/*
 * Calls @changed when something has changed, once for what changes together. Returns 0
 * or a negative errno.
 */
int rtnl_start(struct rtnl *rtnl, sd_event *event, void (*changed)(void *arg),
	       void *arg);
void rtnl_stop(struct rtnl *rtnl);

#endif
