// SPDX-License-Identifier: GPL-2.0
#include "port.h"
#include "usb.h"

static void show_full(const struct port *port, void *arg)
{
	const struct port_stats *stats = &port->stats;
	struct out *out = arg;
	char text[32];

	out_object_begin(out, NULL);
	port_show(out, port);
	out_object_begin(out, "stats");
	out_uint(out, "submitted", "\n    requests: %llu submitted",
		 stats->submitted);
	out_uint(out, "completed", ", %llu completed", stats->completed);
	out_uint(out, "errors", ", %llu with errors", stats->errors);
	out_uint(out, "unlinked", ", %llu cancelled", stats->unlinked);
	out_uint(out, "in-flight", ", %llu in flight", stats->in_flight);
	out_uint(out, "tx-bytes", "\n    bytes: %llu sent", stats->tx_bytes);
	out_uint(out, "rx-bytes", ", %llu received", stats->rx_bytes);
	out_uint(out, "rtt", NULL, stats->rtt);
	out_object_end(out);
	snprintf(text, sizeof(text), "%u.%03u", stats->rtt / 1000,
		 stats->rtt % 1000);
	out_string(out, NULL, "; round trip %s ms", text);
	out_uint(out, "unlink-timeout", "\n    time limits: unlink %llu ms",
		 port->unlink_timeout);
	out_uint(out, "stall-timeout", ", stall %llu ms", port->stall_timeout);
	out_uint(out, "peer-timeout", ", peer %llu ms\n", port->peer_timeout);
	out_object_end(out);
}

static int run(struct run *run)
{
	struct out *out = run->out;
	struct channel chan;
	struct error err;
	struct port port;
	uint32_t id = 0;
	int ret;

	if (verb_option(run) == '?')
		return run->code;
	if (run->argc && !port_number(run->argv[0], &id))
		return EXIT_USAGE;
	if (channel_open(&chan, &port_family, &err))
		return refused(&err);
	out_array_begin(out, NULL);
	if (id) {
		ret = port_get(&chan, id, &port, &err);
		if (!ret)
			show_full(&port, out);
	} else {
		ret = port_dump(&chan, show_full, out, &err);
	}
	if (ret)
		out_drop(out);
	else
		out_array_end(out);
	channel_close(&chan);
	return ret ? refused(&err) : EXIT_DONE;
}

const struct verb usb_ports = {
	.name = "ports",
	.what = "show what is plugged in",
	.synopsis = "[PORT]",
	.help =
	"Shows what is plugged in, with counters and time limits.\n",
	.most = 1, .needs = "one port or none",
	.run = run,
};
