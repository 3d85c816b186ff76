// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../format/address.h"
#include "../../format/names.h"
#include "../../lib/server.h"
#include "../../lib/usbids.h"
#include "../../format/usbip.h"
#include "../hearth.h"

#define CONNECT_MS	10000
#define ENUMERATE_MS	3000
#define DETACH_MS	5000
#define STEP_MS		50

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A number from 1 to @max; 0 if @text is none. */
static uint32_t parse_number(const char *text, uint32_t max)
{
	size_t len = strspn(text, "0123456789");
	unsigned long v;

	if (!len || len > 10 || text[len])
		return 0;
	v = strtoul(text, NULL, 10);
	return v <= max ? (uint32_t)v : 0;
}

/* --- list ---------------------------------------------------------------- */

static void show_interfaces(struct out *out, const struct usbip_device *dev)
{
	char text[64];
	unsigned int i;

	out_array_begin(out, "interfaces");
	for (i = 0; i < dev->n_interfaces; i++) {
		const struct usbip_interface *intf = &dev->interfaces[i];

		out_object_begin(out, NULL);
		snprintf(text, sizeof(text), "    interface %u: ", i);
		out_text(out, text);
		out_string(out, "class-name", "%s", usbip_class_name(intf->class));
		out_uint(out, "class", " (%02llx", intf->class);
		out_uint(out, "subclass", "/%02llx", intf->subclass);
		out_uint(out, "protocol", "/%02llx)\n", intf->protocol);
		out_object_end(out);
	}
	out_array_end(out);
}

static void show_device(struct out *out, const struct usbip_device *dev,
			const struct usbids *ids)
{
	char vendor[NAMES_SIZE], product[NAMES_SIZE], id[5];

	names_find(ids->text, ids->size, dev->vendor, dev->product, vendor,
		   product);
	out_object_begin(out, NULL);
	out_string(out, "busid", "%s: ", dev->busid);
	snprintf(id, sizeof(id), "%04x", dev->vendor);
	out_string(out, "vendor", "%s:", id);
	snprintf(id, sizeof(id), "%04x", dev->product);
	out_string(out, "product", "%s", id);
	if (*vendor)
		out_string(out, "vendor-name", " %s", vendor);
	if (*product)
		out_string(out, "product-name", " %s", product);
	out_string(out, "speed", ", %s speed\n", usbip_speed_name(dev->speed));
	out_string(out, "path", "    %s\n", dev->path);
	out_uint(out, "busnum", NULL, dev->busnum);
	out_uint(out, "devnum", NULL, dev->devnum);
	out_uint(out, "release", NULL, dev->release);
	out_uint(out, "class", NULL, dev->class);
	out_uint(out, "subclass", NULL, dev->subclass);
	out_uint(out, "protocol", NULL, dev->protocol);
	out_string(out, "class-name", dev->class ? "    device: %s\n" : NULL,
		   usbip_class_name(dev->class));
	/* So it is with the stock server and a device bound to usbip-host. */
	if (!dev->class && !dev->n_interfaces)
		out_text(out, "    class: by interface; the server does not tell\n");
	show_interfaces(out, dev);
	out_object_end(out);
}

static int list(struct out *out, int argc, char **argv)
{
	struct usbip_list devices;
	struct server server;
	struct address addr;
	struct error err;
	struct usbids ids;
	size_t i;
	int ret;

	if (argc != 2)
		return usage("usb list needs one server");
	if (address_parse(argv[1], USBIP_DEFAULT_PORT, &addr, &err))
		return usage("\"%s\" is no server: %s", argv[1], err.text);

	if (server_connect(&server, &addr, CONNECT_MS, &err))
		return refused(&err);
	ret = server_list(&server, &devices, &err);
	server_close(&server);
	if (ret)
		return refused(&err);

	usbids_open(&ids);
	out_array_begin(out, NULL);
	for (i = 0; i < devices.n; i++)
		show_device(out, &devices.devices[i], &ids);
	if (!devices.n)
		out_text(out, "the server shares no devices\n");
	out_array_end(out);
	usbids_close(&ids);
	usbip_list_clear(&devices);
	return EXIT_DONE;
}

/* --- attach -------------------------------------------------------------- */

static int check_speed(const struct usbip_device *dev, struct error *err)
{
	switch (dev->speed) {
	case HEARTH_USB_SPEED_LOW:
	case HEARTH_USB_SPEED_FULL:
	case HEARTH_USB_SPEED_HIGH:
	case HEARTH_USB_SPEED_SUPER:
	case HEARTH_USB_SPEED_SUPER_PLUS:
		return 0;
	default:
		return error_set(err, EOPNOTSUPP,
				 "the server says that %s has %s speed (%u), which is not supported",
				 dev->busid, usbip_speed_name(dev->speed),
				 dev->speed);
	}
}

/*
 * Waits a little for the device to be enumerated, so that the message can be
 * complete; a slow device is no error, one that has left is.
 */
static int wait_enumerated(struct channel *chan, struct port *port,
			   struct error *err)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	int64_t deadline = now_ms() + ENUMERATE_MS;
	int ret;

	for (;;) {
		ret = port_get(chan, port->id, port, err);
		if (ret == -ENOENT)
			return error_set(err, ENODEV,
					 "the device was attached and has left at once (see the kernel log)");
		if (ret)
			return ret;
		if (port->state != HEARTH_USB_PORT_STATE_ATTACHED)
			return error_set(err, ENODEV,
					 "the device was attached and has left at once: %s%s%s",
					 port_reason_text(port->reason),
					 port->error ? ": " : "",
					 port->error ?
					 strerror((int)port->error) : "");
		if (port->devnum || now_ms() >= deadline)
			return 0;
		nanosleep(&step, NULL);
	}
}

static int attach_device(struct channel *chan, const struct address *addr,
			 const char *busid, int limit,
			 struct port_attach *attach, struct usbip_device *dev,
			 uint32_t *id, struct error *err)
{
	struct server server;
	int ret;

	ret = server_connect(&server, addr, limit, err);
	if (ret)
		return ret;
	ret = server_import(&server, busid, dev, err);
	if (!ret)
		ret = check_speed(dev, err);
	if (!ret)
		ret = usbip_devid(dev, &attach->devid, err);
	if (!ret) {
		attach->fd = server.fd;
		attach->speed = dev->speed;
		attach->busid = dev->busid;
		attach->server = addr->name;
		ret = port_attach(chan, attach, id, err);
	}
	/* From here on the kernel holds the connection. */
	server_close(&server);
	return ret;
}

static void show_attached(struct out *out, const struct port *port,
			  const struct usbip_device *dev)
{
	char id[5];

	out_object_begin(out, NULL);
	out_uint(out, "port", "port %llu: ", port->id);
	out_string(out, "busid", "%s of ", port->busid);
	out_string(out, "server", "%s, ", port->server);
	out_string(out, "speed", "%s speed, ", usbip_speed_name(port->speed));
	snprintf(id, sizeof(id), "%04x", dev->vendor);
	out_string(out, "vendor", "%s:", id);
	snprintf(id, sizeof(id), "%04x", dev->product);
	out_string(out, "product", "%s, ", id);
	out_uint(out, "busnum", "on bus %llu ", port->busnum);
	out_uint(out, "root-port", "port %llu", port->root_port);
	if (port->devnum)
		out_uint(out, "devnum", NULL, port->devnum);
	else
		out_text(out, " (not yet enumerated)");
	out_text(out, "\n");
	out_object_end(out);
}

static int attach(struct out *out, int argc, char **argv)
{
	static const struct option options[] = {
		{ "unlink-timeout", required_argument, NULL, 'u' },
		{ "stall-timeout", required_argument, NULL, 's' },
		{ "peer-timeout", required_argument, NULL, 'p' },
		{ "connect-timeout", required_argument, NULL, 'c' },
		{ "no-posting", no_argument, NULL, 'n' },
		{ 0 },
	};
	struct port_attach attach = { 0 };
	struct channel chan;
	struct usbip_device dev;
	struct port port = { 0 };
	int limit = CONNECT_MS;
	struct address addr;
	struct error err;
	uint32_t ms;
	int c, ret;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return EXIT_USAGE;
		if (c == 'n') {
			attach.no_posting = true;
			continue;
		}
		ms = parse_number(optarg, HEARTH_USB_TIMEOUT_MAX);
		if (!ms)
			return usage("a time limit is 1 to %u milliseconds, not \"%s\"",
				     HEARTH_USB_TIMEOUT_MAX, optarg);
		if (c == 'u')
			attach.unlink_timeout = ms;
		else if (c == 's')
			attach.stall_timeout = ms;
		else if (c == 'p')
			attach.peer_timeout = ms;
		else
			limit = (int)ms;
	}
	if (argc - optind != 2)
		return usage("usb attach needs a server and a bus id");
	if (address_parse(argv[optind], USBIP_DEFAULT_PORT, &addr, &err))
		return usage("\"%s\" is no server: %s", argv[optind], err.text);
	if (!usbip_busid_valid(argv[optind + 1]))
		return usage("\"%s\" is no bus id", argv[optind + 1]);

	/* First, so that no server is bothered for nothing. */
	if (channel_open(&chan, &port_family, &err))
		return refused(&err);
	ret = attach_device(&chan, &addr, argv[optind + 1], limit, &attach, &dev,
			    &port.id, &err);
	if (!ret)
		ret = wait_enumerated(&chan, &port, &err);
	channel_close(&chan);
	if (ret)
		return refused(&err);
	show_attached(out, &port, &dev);
	return EXIT_DONE;
}

/* --- detach -------------------------------------------------------------- */

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

static int detach(struct out *out, int argc, char **argv)
{
	static const struct option options[] = {
		{ "no-wait", no_argument, NULL, 'n' },
		{ 0 },
	};
	bool wait = true, gone = false;
	struct error err;
	uint32_t id;
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return EXIT_USAGE;
		wait = false;
	}
	if (argc - optind != 1)
		return usage("usb detach needs one port");
	id = parse_number(argv[optind], UINT32_MAX);
	if (!id)
		return usage("\"%s\" is no port: ports are numbers from 1",
			     argv[optind]);
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

/* --- ports --------------------------------------------------------------- */

void show_port(struct out *out, const struct port *port)
{
	out_uint(out, "port", "port %llu: ", port->id);
	out_string(out, "state", "%s", port_state_name(port->state));
	if (*port->busid)
		out_string(out, "busid", ", %s", port->busid);
	if (*port->server)
		out_string(out, "server", " of %s", port->server);
	out_string(out, "speed", ", %s speed", usbip_speed_name(port->speed));
	out_uint(out, "busnum", ", on bus %llu", port->busnum);
	out_uint(out, "root-port", " port %llu", port->root_port);
	if (port->devnum)
		out_uint(out, "devnum", " device %llu", port->devnum);
	out_uint(out, "devid", NULL, port->devid);
	out_bool(out, "tls", ", TLS", port->tls);
	out_bool(out, "no-posting", ", no posting", port->no_posting);
	if (port->reason) {
		out_string(out, "reason", NULL, port_reason_name(port->reason));
		out_string(out, NULL, ": %s", port_reason_text(port->reason));
	}
	if (port->error) {
		out_uint(out, "errno", NULL, port->error);
		out_string(out, NULL, ": %s", strerror((int)port->error));
	}
}

static void show_full(const struct port *port, void *arg)
{
	const struct port_stats *stats = &port->stats;
	struct out *out = arg;
	char text[32];

	out_object_begin(out, NULL);
	show_port(out, port);
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

static int ports(struct out *out, int argc, char **argv)
{
	struct channel chan;
	struct error err;
	struct port port;
	uint32_t id = 0;
	int ret;

	if (argc > 2)
		return usage("usb ports takes one port or none");
	if (argc == 2) {
		id = parse_number(argv[1], UINT32_MAX);
		if (!id)
			return usage("\"%s\" is no port: ports are numbers from 1",
				     argv[1]);
	}
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

int usb_main(struct out *out, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*main)(struct out *out, int argc, char **argv);
	} verbs[] = {
		{ "list", list },
		{ "attach", attach },
		{ "detach", detach },
		{ "ports", ports },
	};
	size_t i;

	if (argc < 2)
		return usage("usb needs a verb: list, attach, detach or ports");
	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].main(out, argc - 1, argv + 1);
	return usage("usb has no verb \"%s\": list, attach, detach and ports are",
		     argv[1]);
}
