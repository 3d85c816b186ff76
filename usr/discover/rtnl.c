// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtnl.h"

#define SETTLES	100000u	/* microseconds */

static int on_settled(sd_event_source *s, uint64_t usec, void *arg)
{
	struct rtnl *rtnl = arg;

	(void)s;
	(void)usec;
	rtnl->changed(rtnl->arg);
	return 0;
}

/* What they say does not matter, nor that some were lost: all is read anew then. */
static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct rtnl *rtnl = arg;
	char away[8192];

	(void)s;
	(void)events;
	if (recv(fd, away, sizeof(away), MSG_DONTWAIT) < 0 && errno != ENOBUFS)
		return 0;
	if (sd_event_source_get_enabled(rtnl->settled, NULL) > 0)
		return 0;
	sd_event_source_set_time_relative(rtnl->settled, SETTLES);
	sd_event_source_set_enabled(rtnl->settled, SD_EVENT_ONESHOT);
	return 0;
}

int rtnl_start(struct rtnl *rtnl, sd_event *event, void (*changed)(void *arg),
	       void *arg)
{
	const struct sockaddr_nl all = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
			     RTMGRP_IPV6_IFADDR,
	};
	int ret = 0;

	rtnl->changed = changed;
	rtnl->arg = arg;
	rtnl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			  NETLINK_ROUTE);
	if (rtnl->fd < 0 ||
	    bind(rtnl->fd, (const struct sockaddr *)&all, sizeof(all)))
		return -errno;
	ret = sd_event_add_io(event, &rtnl->io, rtnl->fd, EPOLLIN, on_io, rtnl);
	if (ret >= 0)
		ret = sd_event_add_time_relative(event, &rtnl->settled,
						 CLOCK_MONOTONIC, 0, 0,
						 on_settled, rtnl);
	if (ret >= 0)
		ret = sd_event_source_set_enabled(rtnl->settled, SD_EVENT_OFF);
	return ret < 0 ? ret : 0;
}

void rtnl_stop(struct rtnl *rtnl)
{
	rtnl->io = sd_event_source_disable_unref(rtnl->io);
	rtnl->settled = sd_event_source_disable_unref(rtnl->settled);
	if (rtnl->fd >= 0)
		close(rtnl->fd);
	rtnl->fd = -1;
}
