// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "../../lib/port.h"
#include "port.h"
#include "usb.h"

#define DETACH_MS	5000

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct gone {
	uint32_t id;
	bool gone;
};

static void gone_event(const struct port *port, void *arg)
{
	struct gone *gone = arg;

	if (port->id == gone->id && port->state == HEARTH_USB_PORT_STATE_GONE)
		gone->gone = true;
}

/* Returns 0 with @gone->gone or without, or a negative errno. */
static int wait_gone(struct channel *chan, struct channel *events,
		     struct gone *gone, struct error *err)
{
	int64_t left, deadline = now_ms() + DETACH_MS;
	struct pollfd pfd = {
		.fd = channel_fd(events),
		.events = POLLIN,
	};
	struct port port;
	int ret;

	while (!gone->gone && (left = deadline - now_ms()) > 0) {
		poll(&pfd, 1, (int)left);
		ret = port_events(events, gone_event, gone, err);
		if (ret == -ENODEV) {
			gone->gone = true;
		} else if (ret == -ENOBUFS) {
			ret = port_get(chan, gone->id, &port, err);
			if (ret == -ENOENT)
				gone->gone = true;
			else if (ret)
				return ret;
		} else if (ret) {
			return ret;
		}
	}
	return 0;
}

static int detach_port(uint32_t id, bool wait, bool *gone, struct error *err)
{
	struct gone state = { .id = id };
	struct channel events;
	struct channel chan;
	int ret;

	ret = channel_open(&chan, &port_family, err);
	if (ret)
		return ret;
	if (wait) {
		/* Before the request, or the event could be missed. */
		ret = channel_listen(&events, &port_family, err);
		if (ret)
			goto out;
	}
	ret = port_detach(&chan, id, err);
	if (wait) {
		if (!ret)
			ret = wait_gone(&chan, &events, &state, err);
		channel_close(&events);
	}
	*gone = state.gone;
out:
	channel_close(&chan);
	return ret;
}

static int run(struct run *run)
{
	bool wait = true, gone = false;
	struct out *out = run->out;
	struct error err;
	uint32_t id;
	int c;

	while ((c = verb_option(run)) != -1) {
		if (c == '?')
			return run->code;
		wait = false;
	}
	if (!port_number(run->argv[0], &id))
		return EXIT_USAGE;
	if (detach_port(id, wait, &gone, &err))
		return refused(&err);

	out_object_begin(out, NULL);
	out_uint(out, "port", "port %llu: ", id);
	out_string(out, "state", gone || !wait ? "%s" : NULL,
		   gone ? "gone" : "detaching");
	if (wait && !gone)
		out_text(out, "unplugged, but a program or a mount still holds the device");
	out_text(out, "\n");
	out_object_end(out);
	return EXIT_DONE;
}

static const struct option options[] = {
	{ "no-wait", no_argument, NULL, 'n' },
	{ 0 },
};

const struct verb usb_detach = {
	.name = "detach",
	.what = "unplug a device",
	.synopsis = "PORT [--no-wait]",
	.help =
	"Unplugs the device at a port and waits up to 5 seconds until nothing here holds\n"
	"it any more.\n"
	"\n"
	"  --no-wait           don't wait for that\n",
	.options = options,
	.least = 1, .most = 1, .needs = "one port",
	.run = run,
};
