// SPDX-License-Identifier: GPL-2.0
#include <unistd.h>

#include "../../format/size.h"
#include "../../lib/usbdev.h"
#include "port.h"
#include "usb.h"

struct shown {
	struct out *out;
	struct usbids ids;
	bool any;
};

static void show_strings(struct out *out, const char *key, const char *first,
			 const char *between, const char *strings, size_t size,
			 unsigned int n)
{
	unsigned int i;

	out_array_begin(out, key);
	for (i = 0; i < n; i++) {
		out_text(out, i ? between : first);
		out_string(out, NULL, "%s", strings + i * size);
	}
	out_array_end(out);
}

/* What is plugged in, and what has become of it here. */
static void show_device(struct out *out, const struct usbids *ids,
			const struct port *port)
{
	struct usbdev dev;

	/* While drivers let go of it, sysfs waits for them. */
	if (port->state != HEARTH_USB_PORT_STATE_ATTACHED || !port->devnum ||
	    !usbdev_read("/sys", port->busnum, port->root_port, &dev))
		return;
	out_text(out, "\n    ");
	port_show_device(out, ids, dev.vendor, dev.product, dev.vendor_name,
			 dev.product_name);
	out_text(out, "\n    ");
	show_strings(out, "drivers", "driver ", ", ", dev.drivers[0],
		     sizeof(dev.drivers[0]), dev.n_drivers);
	if (!dev.n_drivers)
		out_text(out, "no driver");
	show_strings(out, "nodes", ": ", ", ", dev.nodes[0],
		     sizeof(dev.nodes[0]), dev.n_nodes);
}

static void show_bytes(struct out *out, const char *key, const char *fmt,
		       uint64_t bytes)
{
	char text[SIZE_TEXT];

	out_uint(out, key, NULL, bytes);
	out_string(out, NULL, fmt, size_text(bytes, text));
}

static void show_stats(struct out *out, const struct port_stats *stats)
{
	char text[32];

	out_object_begin(out, "stats");
	out_uint(out, "submitted", "\n    requests: %llu submitted",
		 stats->submitted);
	out_uint(out, "completed", ", %llu completed", stats->completed);
	out_uint(out, "errors", ", %llu with errors", stats->errors);
	out_uint(out, "unlinked", ", %llu cancelled", stats->unlinked);
	out_uint(out, "in-flight", ", %llu in flight", stats->in_flight);
	out_uint(out, "waiting", stats->waiting ? ", %llu not confirmed" : NULL,
		 stats->waiting);
	show_bytes(out, "tx-bytes", "\n    data: %s sent", stats->tx_bytes);
	show_bytes(out, "rx-bytes", ", %s received", stats->rx_bytes);
	out_uint(out, "rtt", NULL, stats->rtt);
	out_object_end(out);
	snprintf(text, sizeof(text), "%u.%03u", stats->rtt / 1000,
		 stats->rtt % 1000);
	out_string(out, NULL, "; round trip %s ms", text);
}

static void show_full(const struct port *port, void *arg)
{
	struct shown *shown = arg;
	struct out *out = shown->out;

	shown->any = true;
	out_object_begin(out, NULL);
	port_show(out, port);
	show_device(out, &shown->ids, port);
	show_stats(out, &port->stats);
	out_uint(out, "unlink-timeout", "\n    time limits: unlink %llu ms",
		 port->unlink_timeout);
	out_uint(out, "stall-timeout", ", stall %llu ms", port->stall_timeout);
	out_uint(out, "peer-timeout", ", peer %llu ms\n", port->peer_timeout);
	out_object_end(out);
}

static int show(struct shown *shown, uint32_t id, struct error *err)
{
	struct channel chan;
	struct port port;
	int ret;

	ret = channel_open(&chan, &port_family, err);
	if (ret)
		return ret;
	out_array_begin(shown->out, NULL);
	if (id) {
		ret = port_get(&chan, id, &port, err);
		if (!ret)
			show_full(&port, shown);
	} else {
		ret = port_dump(&chan, show_full, shown, err);
	}
	channel_close(&chan);
	if (ret) {
		out_drop(shown->out);
		return ret;
	}
	/* A pipe reads lists; an empty one is empty. */
	if (!shown->any && isatty(STDOUT_FILENO))
		out_text(shown->out, "nothing is plugged in: hearth usb attach does it\n");
	out_array_end(shown->out);
	return 0;
}

static int run(struct run *run)
{
	struct shown shown = { .out = run->out };
	struct error err;
	uint32_t id = 0;
	int ret;

	if (verb_option(run) == '?')
		return run->code;
	if (run->argc && !port_number(run->argv[0], &id))
		return EXIT_USAGE;
	usbids_open(&shown.ids);
	ret = show(&shown, id, &err);
	usbids_close(&shown.ids);
	return ret ? refused(&err) : EXIT_DONE;
}

const struct verb usb_ports = {
	.name = "ports",
	.what = "show what is plugged in",
	.synopsis = "[PORT]",
	.help =
	"Shows what is plugged in: what it is, what uses it here, counters and time\n"
	"limits. A port's number is given by Hearth, from 1 on, and used once. \"here usb\n"
	"3-1\" is bus 3 port 1, as in the kernel's log and in /sys/bus/usb/devices.\n",
	.most = 1, .needs = "one port or none",
	.run = run,
};
