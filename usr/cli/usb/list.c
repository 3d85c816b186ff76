// SPDX-License-Identifier: GPL-2.0
#include "../../format/names.h"
#include "../../lib/server.h"
#include "../../lib/usbids.h"
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

static int run(struct run *run)
{
	struct usbip_list devices;
	struct server server;
	struct address addr;
	struct usbids ids;
	struct error err;
	size_t i;
	int ret;

	if (verb_option(run) == '?')
		return run->code;
	if (address_parse(run->argv[0], USBIP_DEFAULT_PORT, &addr, &err))
		return usage("\"%s\" is no server: %s", run->argv[0], err.text);

	if (server_connect(&server, &addr, USB_CONNECT_MS, &err))
		return refused(&err);
	ret = server_list(&server, &devices, &err);
	server_close(&server);
	if (ret)
		return refused(&err);

	usbids_open(&ids);
	out_array_begin(run->out, NULL);
	for (i = 0; i < devices.n; i++)
		show_device(run->out, &devices.devices[i], &ids);
	if (!devices.n)
		out_text(run->out, "the server shares no devices\n");
	out_array_end(run->out);
	usbids_close(&ids);
	usbip_list_clear(&devices);
	return EXIT_DONE;
}

const struct verb usb_list = {
	.name = "list",
	.what = "show what a server shares",
	.synopsis = "HOST[:PORT]",
	.help =
	"Shows the bus id, vendor and product, speed, and the class of every interface of\n"
	"each device. Needs neither the kernel module nor a privilege.\n",
	.least = 1, .most = 1, .needs = "one server",
	.run = run,
};
