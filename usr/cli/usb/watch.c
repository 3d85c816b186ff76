// SPDX-License-Identifier: GPL-2.0
#include "port.h"
#include "watch.h"

static int parse_port(struct nl_msg *msg, void *thing)
{
	return port_parse(msg, thing);
}

static bool is_same_port(const void *a, const void *b)
{
	const struct port *x = a, *y = b;

	return x->id == y->id;
}

static bool has_port_changed(const void *before, const void *now)
{
	const struct port *x = before, *y = now;

	return x->state != y->state || x->devnum != y->devnum;
}

static bool is_port_gone(const void *thing)
{
	const struct port *port = thing;

	return port->state == HEARTH_USB_PORT_STATE_GONE;
}

static void set_port_gone(void *thing)
{
	struct port *port = thing;

	port->state = HEARTH_USB_PORT_STATE_GONE;
}

static void show_port_event(struct out *out, const void *thing)
{
	port_show(out, thing);
}

const struct monitor_kind usb_watch = {
	.object = "usb",
	.name = "port",
	.family = &port_family,
	.size = sizeof(struct port),
	.parse = parse_port,
	.dump = port_dump_request,
	.refused = "the kernel does not show its ports",
	.is_same = is_same_port,
	.has_changed = has_port_changed,
	.is_gone = is_port_gone,
	.set_gone = set_port_gone,
	.show = show_port_event,
};
