// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "../../format/number.h"
#include "../../lib/portwait.h"
#include "../../lib/server.h"
#include "peerdev.h"
#include "usb.h"

/* The kernel gives up after 60 s: that something is wrong there. */
#define KNOWN_MS	90000

enum {
	UNLINK_TIMEOUT = 1, STALL_TIMEOUT, PEER_TIMEOUT, CONNECT_TIMEOUT,
	NO_POSTING, PLAIN, NO_WAIT,
};

/* What is asked for, and what has become of it. */
struct request {
	bool plain;
	struct address addr;	/* of a plain server */
	const char *peer;
	char name[sizeof(((struct address *)0)->name)];	/* whose it is, to be shown */
	uint8_t id[PEER_ID];	/* of the peer */
	const char *busid;
	int limit;		/* of connecting, ms */
	bool no_wait;
	struct port_attach attach;
	struct portwait wait;
	sigset_t mask;
	struct usbip_device dev;
	struct port port;
};

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

static const int ends[] = { SIGINT, SIGTERM, SIGHUP };

#define N_ENDS	(sizeof(ends) / sizeof(*ends))

static void interrupt(int sig)
{
	(void)sig;
}

/* From here on these signals come while portwait_until() waits alone. */
static void catch_signals(sigset_t *mask)
{
	struct sigaction act = { .sa_handler = interrupt }, old;
	sigset_t block;
	size_t i;

	sigemptyset(&block);
	for (i = 0; i < N_ENDS; i++) {
		sigaction(ends[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(ends[i], &act, NULL);
		sigaddset(&block, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &block, mask);
}

/* Has the kernel found out what it is, or that it is nothing? */
static bool is_known(const struct port *port)
{
	return port->devnum || port->state != HEARTH_USB_PORT_STATE_ATTACHED;
}

/* A device that was not recognised leaves, so a failed attach leaves nothing. */
static int wait_known(struct request *r, struct error *err)
{
	struct port *port = &r->port;
	int ret = portwait_until(&r->wait, port, KNOWN_MS, is_known, err);
	struct error second;

	if (ret == -EINTR && !port_detach(&r->wait.requests, port->id, true, 0,
					  &second))
		return error_set(err, EINTR,
				 "interrupted; the device is unplugged again");
	if (ret == -ETIMEDOUT)
		return error_set(err, ETIMEDOUT,
				 "the kernel has not recognised the device within %d s; port %u stays attached",
				 KNOWN_MS / 1000, port->id);
	if (ret)
		return ret;
	if (port->state == HEARTH_USB_PORT_STATE_ATTACHED)
		return 0;
	if (!port->reason)
		return error_set(err, ENODEV,
				 "the device was attached and has left at once (see the kernel log)");
	return error_set(err, ENODEV,
			 "the device was attached and has left at once: %s%s%s",
			 port_reason_text(port->reason, port->error),
			 port->reason == HEARTH_USB_PORT_REASON_LOST ? ": " : "",
			 port->reason == HEARTH_USB_PORT_REASON_LOST ?
			 strerror((int)port->error) : "");
}

static int import_plain(struct request *r, struct error *err)
{
	struct server server;
	int ret = server_connect(&server, &r->addr, r->limit, err);

	if (ret)
		return ret;
	strcpy(r->name, r->addr.name);
	ret = server_import(&server, r->busid, &r->dev, err);
	if (!ret)
		return server.fd;
	server_close(&server);
	return ret;
}

/* Returns the connection that carries the device's URBs, or a negative errno. */
static int import(struct request *r, struct error *err)
{
	return r->plain ? import_plain(r, err) :
	       peerdev_import(r->peer, r->busid, &r->dev, r->name,
			      sizeof(r->name), r->id, err);
}

static int attach_device(struct request *r, struct error *err)
{
	struct usbip_device *dev = &r->dev;
	int ret, fd = import(r, err);

	if (fd < 0)
		return fd;
	ret = check_speed(dev, err);
	if (!ret)
		ret = usbip_devid(dev, &r->attach.devid, err);
	if (!ret) {
		r->attach.fd = fd;
		r->attach.speed = dev->speed;
		r->attach.busid = dev->busid;
		r->attach.server = r->name;
		r->attach.peer = r->plain ? NULL : r->id;
		/* What is attached from here on is not left behind. */
		catch_signals(&r->mask);
		r->wait.mask = &r->mask;
		ret = port_attach(&r->wait.requests, &r->attach, &r->port.id,
				  err);
	}
	/* From here on the kernel holds the connection. */
	close(fd);
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
		out_uint(out, "devnum", " device %llu", port->devnum);
	out_text(out, "\n");
	out_object_end(out);
}

static int take_option(struct request *r, int c)
{
	uint64_t ms;

	switch (c) {
	case NO_POSTING:
		r->attach.no_posting = true;
		return EXIT_DONE;
	case NO_WAIT:
		r->no_wait = true;
		return EXIT_DONE;
	case PLAIN:
		r->plain = true;
		return EXIT_DONE;
	}
	if (!number_parse(optarg, HEARTH_USB_TIMEOUT_MAX, &ms) || !ms)
		return usage("a time limit is 1 to %u milliseconds, not \"%s\"",
			     HEARTH_USB_TIMEOUT_MAX, optarg);
	if (c == UNLINK_TIMEOUT)
		r->attach.unlink_timeout = (uint32_t)ms;
	else if (c == STALL_TIMEOUT)
		r->attach.stall_timeout = (uint32_t)ms;
	else if (c == PEER_TIMEOUT)
		r->attach.peer_timeout = (uint32_t)ms;
	else
		r->limit = (int)ms;
	return EXIT_DONE;
}

static int take_arguments(struct request *r, struct run *run)
{
	struct error err;
	int c, ret;

	while ((c = verb_option(run)) != -1) {
		if (c == '?')
			return run->code;
		ret = take_option(r, c);
		if (ret)
			return ret;
	}
	r->peer = run->argv[0];
	r->busid = run->argv[1];
	if (!r->plain)
		return -1;
	if (address_parse(r->peer, USBIP_DEFAULT_PORT, &r->addr, &err))
		return usage("\"%s\" is no server: %s", r->peer, err.text);
	if (!usbip_busid_valid(r->busid))
		return usage("\"%s\" is no bus id", r->busid);
	return -1;
}

static int run(struct run *run)
{
	struct request r = { .limit = USB_CONNECT_MS };
	struct error err;
	int ret = take_arguments(&r, run);

	if (ret >= 0)
		return ret;
	/* First, so that no server is bothered for nothing. */
	if (portwait_open(&r.wait, &err))
		return refused(&err);
	ret = attach_device(&r, &err);
	if (!ret && r.no_wait)
		ret = port_get(&r.wait.requests, r.port.id, &r.port, &err);
	else if (!ret)
		ret = wait_known(&r, &err);
	portwait_close(&r.wait);
	if (ret)
		return refused(&err);
	show_attached(run->out, &r.port, &r.dev);
	return EXIT_DONE;
}

static const struct option options[] = {
	{ "unlink-timeout", required_argument, NULL, UNLINK_TIMEOUT },
	{ "stall-timeout", required_argument, NULL, STALL_TIMEOUT },
	{ "peer-timeout", required_argument, NULL, PEER_TIMEOUT },
	{ "connect-timeout", required_argument, NULL, CONNECT_TIMEOUT },
	{ "no-posting", no_argument, NULL, NO_POSTING },
	{ "no-wait", no_argument, NULL, NO_WAIT },
	{ "plain", no_argument, NULL, PLAIN },
	{ 0 },
};

const struct verb usb_attach = {
	.name = "attach",
	.what = "plug a device of a peer or a server in here",
	.synopsis = "PEER DEVICE [OPTION...]\n--plain SERVER BUSID [OPTION...]",
	.help =
	"Plugs the device in, waits until the kernel has recognised it, and prints its\n"
	"port. One that does not say what it is leaves again. Time limits are 1 to\n"
	"3600000 milliseconds; when one is exceeded, the device is unplugged.\n"
	"\n"
	USB_SERVER_HELP
	"  DEVICE              its bus id there, or VID:PID where there is one of these\n"
	"  --unlink-timeout MS how long the server may take to confirm that a request was\n"
	"                      cancelled (default: 5000)\n"
	"  --stall-timeout MS  how long the connection may stand still in the middle of a\n"
	"                      message (default: 10000)\n"
	"  --peer-timeout MS   how long the server's machine may leave what was sent\n"
	"                      unacknowledged (default: 15000)\n"
	"  --connect-timeout MS\n"
	"                      how long finding the server, connecting and asking for the\n"
	"                      device may take together (default: 10000)\n"
	"  --no-posting        for a disk: wait for the server after each transfer\n"
	"  --no-wait           print the port at once, whatever becomes of it\n",
	.options = options,
	.least = 2, .most = 2, .needs = "a peer or server, and a device",
	.run = run,
};
