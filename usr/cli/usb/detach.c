// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "../../format/number.h"
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
	bool late;		/* the drivers did not let go in time */
	int64_t deadline;	/* set when the connection ends */
};

static void gone_event(const struct port *port, void *arg)
{
	struct gone *gone = arg;

	if (port->id != gone->id)
		return;
	gone->gone = port->state == HEARTH_USB_PORT_STATE_GONE;
	if (port->state != HEARTH_USB_PORT_STATE_LEAVING && !gone->deadline)
		gone->deadline = now_ms() + DETACH_MS;
	gone->late |= port->reason == HEARTH_USB_PORT_REASON_REQUEST &&
		      port->error == ETIMEDOUT;
}

/*
 * The kernel sees to it that the drivers' part ends; what holds the device then is
 * not waited for longer than DETACH_MS. Returns 0 with @gone->gone or without, or
 * a negative errno.
 */
static int wait_gone(struct channel *chan, struct channel *events,
		     struct gone *gone, struct error *err)
{
	struct pollfd pfd = {
		.fd = channel_fd(events),
		.events = POLLIN,
	};
	struct port port;
	int64_t left = -1;
	int ret;

	while (!gone->gone && left) {
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
			else
				gone_event(&port, gone);
		} else if (ret) {
			return ret;
		}
		if (gone->deadline) {
			left = gone->deadline - now_ms();
			left = left < 0 ? 0 : left;
		}
	}
	return 0;
}

static int detach_port(struct gone *state, bool wait, bool now, uint32_t limit_ms,
		       struct error *err)
{
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
	ret = port_detach(&chan, state->id, now, limit_ms, err);
	if (wait) {
		if (!ret)
			ret = wait_gone(&chan, &events, state, err);
		channel_close(&events);
	}
out:
	channel_close(&chan);
	return ret;
}

static int run(struct run *run)
{
	struct gone gone = { 0 };
	bool wait = true, now = false;
	struct out *out = run->out;
	const char *state;
	struct error err;
	uint64_t ms = 0;
	int c;

	while ((c = verb_option(run)) != -1) {
		switch (c) {
		case 'w':
			wait = false;
			break;
		case 'n':
			now = true;
			break;
		case 't':
			if (!number_parse(optarg, HEARTH_USB_TIMEOUT_MAX, &ms) ||
			    !ms)
				return usage("a time limit is 1 to %u milliseconds, not \"%s\"",
					     HEARTH_USB_TIMEOUT_MAX, optarg);
			break;
		default:
			return run->code;
		}
	}
	if (!port_number(run->argv[0], &gone.id))
		return EXIT_USAGE;
	if (detach_port(&gone, wait, now, (uint32_t)ms, &err))
		return refused(&err);

	state = gone.gone ? "gone" : !wait && !now ? "leaving" : "detaching";
	out_object_begin(out, NULL);
	out_uint(out, "port", "port %llu: ", gone.id);
	out_string(out, "state", gone.gone || !wait ? "%s" : NULL, state);
	if (wait && !gone.gone)
		out_text(out, "unplugged, but a program or a mount still holds the device");
	out_bool(out, "late", "; its drivers did not let go in time: what they had not written is lost",
		 gone.late);
	out_text(out, "\n");
	out_object_end(out);
	return EXIT_DONE;
}

static const struct option options[] = {
	{ "no-wait", no_argument, NULL, 'w' },
	{ "now", no_argument, NULL, 'n' },
	{ "timeout", required_argument, NULL, 't' },
	{ 0 },
};

const struct verb usb_detach = {
	.name = "detach",
	.what = "unplug a device",
	.synopsis = "PORT [--now] [--timeout MS] [--no-wait]",
	.help =
	"Has the drivers of the device at a port write back what they hold and let go of\n"
	"it, unplugs it, and then waits up to 5 seconds until nothing here holds it any\n"
	"more.\n"
	"\n"
	"  --now               unplug it at once: what is not written back is lost\n"
	"  --timeout MS        the server may be silent that long meanwhile (30000); ten\n"
	"                      times that is the most that it all takes\n"
	"  --no-wait           only begin with it\n",
	.options = options,
	.least = 1, .most = 1, .needs = "one port",
	.run = run,
};
