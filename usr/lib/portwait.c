// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>

#include "portwait.h"
#include "wait.h"

int portwait_open(struct portwait *wait, struct error *err)
{
	int ret = channel_open(&wait->requests, &port_family, err);

	wait->mask = NULL;
	if (ret)
		return ret;
	ret = channel_listen(&wait->events, &port_family, err);
	if (ret)
		channel_close(&wait->requests);
	return ret;
}

void portwait_close(struct portwait *wait)
{
	channel_close(&wait->events);
	channel_close(&wait->requests);
}

/* What was told of the port that @arg is. */
static void take(const struct port *port, void *arg)
{
	struct port *known = arg;

	if (port->id == known->id)
		*known = *port;
}

/* Asks, where events have not told. */
static int look(struct portwait *wait, struct port *port, struct error *err)
{
	struct error ignored;
	struct port now;
	int ret = port_get(&wait->requests, port->id, &now, err);

	if (!ret)
		*port = now;
	if (ret != -ENOENT)
		return ret;
	/* It went meanwhile: the last event of it says why. */
	port_events(&wait->events, take, port, &ignored);
	port->state = HEARTH_USB_PORT_STATE_GONE;
	return 0;
}

/* Until there are events, for @ms at most; -1: for ever. */
static int wait_events(const struct portwait *wait, int ms)
{
	struct pollfd pfd = {
		.fd = channel_fd(&wait->events),
		.events = POLLIN,
	};
	const struct timespec ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L,
	};

	return ppoll(&pfd, 1, ms < 0 ? NULL : &ts, wait->mask) < 0 ? -errno : 0;
}

int portwait_until(struct portwait *wait, struct port *port, int limit,
		   bool (*until)(const struct port *port), struct error *err)
{
	int64_t deadline = wait_now() + limit;
	int ret, left;

	for (;;) {
		ret = port_events(&wait->events, take, port, err);
		if (ret == -ENODEV) {
			port->state = HEARTH_USB_PORT_STATE_GONE;
			port->reason = HEARTH_USB_PORT_REASON_UNLOAD;
			return 0;
		}
		if (ret == -ENOBUFS || (!ret && !port->state))
			ret = look(wait, port, err);
		if (ret)
			return ret;
		if (port->state == HEARTH_USB_PORT_STATE_GONE || until(port))
			return 0;
		left = limit < 0 ? -1 : wait_left(deadline);
		if (!left)
			return error_set(err, ETIMEDOUT,
					 "nothing has happened to port %u within %d ms",
					 port->id, limit);
		if (wait_events(wait, left) == -EINTR)
			return error_set(err, EINTR, "interrupted");
	}
}
