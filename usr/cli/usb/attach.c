// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <time.h>

#include "../../format/number.h"
#include "../../lib/port.h"
#include "../../lib/server.h"
#include "usb.h"

#define ENUMERATE_MS	3000
#define STEP_MS		50

enum {
	UNLINK_TIMEOUT = 1, STALL_TIMEOUT, PEER_TIMEOUT, CONNECT_TIMEOUT,
	NO_POSTING, PLAIN,
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

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
	out_uint(out, "busnum", "here usb %llu-", port->busnum);
	out_uint(out, "root-port", "%llu", port->root_port);
	if (port->devnum)
		out_uint(out, "devnum", NULL, port->devnum);
	else
		out_text(out, " (not yet enumerated)");
	out_text(out, "\n");
	out_object_end(out);
}

static int run(struct run *run)
{
	struct port_attach attach = { 0 };
	struct channel chan;
	struct usbip_device dev;
	struct port port = { 0 };
	int limit = USB_CONNECT_MS;
	struct address addr;
	struct error err;
	uint64_t ms;
	int c, ret;

	while ((c = verb_option(run)) != -1) {
		if (c == '?')
			return run->code;
		if (c == NO_POSTING || c == PLAIN) {
			attach.no_posting |= c == NO_POSTING;
			continue;
		}
		if (!number_parse(optarg, HEARTH_USB_TIMEOUT_MAX, &ms) || !ms)
			return usage("a time limit is 1 to %u milliseconds, not \"%s\"",
				     HEARTH_USB_TIMEOUT_MAX, optarg);
		if (c == UNLINK_TIMEOUT)
			attach.unlink_timeout = (uint32_t)ms;
		else if (c == STALL_TIMEOUT)
			attach.stall_timeout = (uint32_t)ms;
		else if (c == PEER_TIMEOUT)
			attach.peer_timeout = (uint32_t)ms;
		else
			limit = (int)ms;
	}
	if (address_parse(run->argv[0], USBIP_DEFAULT_PORT, &addr, &err))
		return usage("\"%s\" is no server: %s", run->argv[0], err.text);
	if (!usbip_busid_valid(run->argv[1]))
		return usage("\"%s\" is no bus id", run->argv[1]);

	/* First, so that no server is bothered for nothing. */
	if (channel_open(&chan, &port_family, &err))
		return refused(&err);
	ret = attach_device(&chan, &addr, run->argv[1], limit, &attach, &dev,
			    &port.id, &err);
	if (!ret)
		ret = wait_enumerated(&chan, &port, &err);
	channel_close(&chan);
	if (ret)
		return refused(&err);
	show_attached(run->out, &port, &dev);
	return EXIT_DONE;
}

static const struct option options[] = {
	{ "unlink-timeout", required_argument, NULL, UNLINK_TIMEOUT },
	{ "stall-timeout", required_argument, NULL, STALL_TIMEOUT },
	{ "peer-timeout", required_argument, NULL, PEER_TIMEOUT },
	{ "connect-timeout", required_argument, NULL, CONNECT_TIMEOUT },
	{ "no-posting", no_argument, NULL, NO_POSTING },
	{ "plain", no_argument, NULL, PLAIN },
	{ 0 },
};

const struct verb usb_attach = {
	.name = "attach",
	.what = "plug a device of a server in here",
	.synopsis = "[--plain] SERVER BUSID [OPTION...]",
	.help =
	"Plugs the device in and prints its port. Time limits are 1 to 3600000\n"
	"milliseconds; when one is exceeded, the device is unplugged.\n"
	"\n"
	USB_SERVER_HELP
	"  --unlink-timeout MS how long the server may take to confirm that a request was\n"
	"                      cancelled (default: 5000)\n"
	"  --stall-timeout MS  how long the connection may stand still in the middle of a\n"
	"                      message (default: 10000)\n"
	"  --peer-timeout MS   how long the server's machine may leave what was sent\n"
	"                      unacknowledged (default: 15000)\n"
	"  --connect-timeout MS\n"
	"                      how long finding the server, connecting and asking for the\n"
	"                      device may take together (default: 10000)\n"
	"  --no-posting        for a disk: wait for the server after each transfer\n",
	.options = options,
	.least = 2, .most = 2, .needs = "a server and a bus id",
	.run = run,
};
