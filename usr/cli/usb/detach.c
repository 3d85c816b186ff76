// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../../format/number.h"
#include "../../lib/portwait.h"
#include "port.h"
#include "usb.h"

#define GONE_MS		5000	/* for what holds the device behind the end */

struct request {
	bool now;
	bool no_wait;
	uint32_t limit;		/* ms; 0: the kernel's default */
};

/* Has the connection ended? */
static bool has_left(const struct port *port)
{
	return port->state == HEARTH_USB_PORT_STATE_DETACHING;
}

static bool never(const struct port *port)
{
	(void)port;
	return false;
}

/*
 * The kernel sees to it that the drivers' part ends; what holds the device then
 * may be there for ever, which is no error.
 */
static int wait_gone(struct portwait *wait, struct port *port,
		     struct error *err)
{
	int ret = portwait_until(wait, port, -1, has_left, err);

	if (ret || port->state == HEARTH_USB_PORT_STATE_GONE)
		return ret;
	ret = portwait_until(wait, port, GONE_MS, never, err);
	return ret == -ETIMEDOUT ? 0 : ret;
}

static int detach(const struct request *r, struct port *port, struct error *err)
{
	struct portwait wait;
	int ret = portwait_open(&wait, err);

	if (ret)
		return ret;
	ret = port_detach(&wait.requests, port->id, r->now, r->limit, err);
	if (!ret && !r->no_wait)
		ret = wait_gone(&wait, port, err);
	portwait_close(&wait);
	if (!ret && port->reason == HEARTH_USB_PORT_REASON_REQUEST &&
	    port->error)
		return error_set(err, (int)port->error,
				 "port %u is unplugged, but its drivers did not let go in time: what they had not written is lost",
				 port->id);
	return ret;
}

static void show(struct out *out, const struct port *port)
{
	out_object_begin(out, NULL);
	out_uint(out, "port", "port %llu: ", port->id);
	if (port->state == HEARTH_USB_PORT_STATE_DETACHING)
		out_string(out, "state", "unplugged, but a program or a mount still holds the device",
			   "detaching");
	else
		out_string(out, "state", "%s", port_state_name(port->state));
	/* Otherwise it went as it was told to. */
	if (port->reason != HEARTH_USB_PORT_REASON_REQUEST)
		port_show_reason(out, port);
	out_text(out, "\n");
	out_object_end(out);
}

static int take_arguments(struct request *r, struct port *port, struct run *run)
{
	uint64_t ms;
	int c;

	while ((c = verb_option(run)) != -1) {
		switch (c) {
		case 'w':
			r->no_wait = true;
			break;
		case 'n':
			r->now = true;
			break;
		case 't':
			if (!number_parse(optarg, HEARTH_USB_TIMEOUT_MAX, &ms) ||
			    !ms)
				return usage("a time limit is 1 to %u milliseconds, not \"%s\"",
					     HEARTH_USB_TIMEOUT_MAX, optarg);
			r->limit = (uint32_t)ms;
			break;
		default:
			return run->code;
		}
	}
	return port_number(run->argv[0], &port->id) ? -1 : EXIT_USAGE;
}

static int run(struct run *run)
{
	struct request r = { 0 };
	struct port port = { 0 };
	struct error err;
	int ret = take_arguments(&r, &port, run);

	if (ret >= 0)
		return ret;
	if (detach(&r, &port, &err))
		return refused(&err);
	if (r.no_wait)
		port.state = r.now ? HEARTH_USB_PORT_STATE_DETACHING :
				     HEARTH_USB_PORT_STATE_LEAVING;
	show(run->out, &port);
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
	"  --timeout MS        the server may be silent that long meanwhile (default:\n"
	"                      30000); ten times that is the most that it all takes\n"
	"  --no-wait           only begin with it\n",
	.options = options,
	.least = 1, .most = 1, .needs = "one port",
	.run = run,
};
