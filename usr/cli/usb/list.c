// SPDX-License-Identifier: GPL-2.0
#include "../../lib/server.h"
#include "../../lib/usbids.h"
#include "peerdev.h"
#include "port.h"
#include "usb.h"

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
	out_object_begin(out, NULL);
	out_string(out, "busid", "%s: ", dev->busid);
	port_show_device(out, ids, dev->vendor, dev->product, "", "");
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

/* What a server without TLS shares. */
static int list_plain(const struct address *addr, struct usbip_list *devices,
		      struct error *err)
{
	struct server server;
	int ret = server_connect(&server, addr, USB_CONNECT_MS, err);

	if (ret)
		return ret;
	ret = server_list(&server, devices, err);
	server_close(&server);
	return ret;
}

static int run(struct run *run)
{
	struct usbip_list devices;
	struct address addr;
	struct usbids ids;
	struct error err;
	bool plain = false;
	size_t i;
	int c, ret;

	while ((c = verb_option(run)) != -1) {
		if (c == '?')
			return run->code;
		plain = true;
	}
	if (plain && address_parse(run->argv[0], USBIP_DEFAULT_PORT, &addr,
				   &err))
		return usage("\"%s\" is no server: %s", run->argv[0], err.text);

	ret = plain ? list_plain(&addr, &devices, &err) :
		      peerdev_list(run->argv[0], &devices, &err);
	if (ret)
		return refused(&err);

	usbids_open(&ids);
	out_array_begin(run->out, NULL);
	for (i = 0; i < devices.n; i++)
		show_device(run->out, &devices.devices[i], &ids);
	if (!devices.n)
		out_text(run->out, "nothing is shared there\n");
	out_array_end(run->out);
	usbids_close(&ids);
	usbip_list_clear(&devices);
	return EXIT_DONE;
}

static const struct option options[] = {
	{ "plain", no_argument, NULL, 1 },
	{ 0 },
};

const struct verb usb_list = {
	.name = "list",
	.what = "show what a peer or a server shares",
	.synopsis = "PEER | --plain SERVER",
	.help =
	"Shows the bus id, vendor and product, speed, and the class of every interface of\n"
	"each device. Needs neither the kernel module nor a privilege.\n"
	"\n"
	USB_SERVER_HELP,
	.options = options,
	.least = 1, .most = 1, .needs = "one peer or server",
	.run = run,
};
