// SPDX-License-Identifier: GPL-2.0
/* A disk in a sysfs of files. */
#include <errno.h>

#include "../../lib/usblocal.h"
#include "sysfs.h"

static void build(void)
{
	static const char * const dirs[] = {
		"bus", "bus/usb", "bus/usb/devices", "d", "d/3-1.4",
		"d/3-1.4/3-1.4:1.0", "d/3-1.4/3-1.4:1.2", "d/usb3",
	};
	static const char * const files[][2] = {
		{ "busnum", "3\n" }, { "devnum", "12\n" }, { "speed", "480\n" },
		{ "idVendor", "46f4\n" }, { "idProduct", "0001\n" },
		{ "bcdDevice", "0100\n" }, { "bDeviceClass", "ef\n" },
		{ "bDeviceSubClass", "02\n" }, { "bDeviceProtocol", "01\n" },
		{ "bConfigurationValue", "1\n" }, { "bNumConfigurations", "2\n" },
		{ "bNumInterfaces", " 2\n" }, { "serial", "HEARTH 1\n" },
		{ "3-1.4:1.0/bInterfaceNumber", "00\n" },
		{ "3-1.4:1.0/bInterfaceClass", "08\n" },
		{ "3-1.4:1.0/bInterfaceSubClass", "06\n" },
		{ "3-1.4:1.0/bInterfaceProtocol", "50\n" },
		{ "3-1.4:1.2/bInterfaceNumber", "02\n" },
		{ "3-1.4:1.2/bInterfaceClass", "ff\n" },
	};
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		make(dirs[i]);
	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(name, sizeof(name), "d/3-1.4/%s", files[i][0]);
		put(name, files[i][1]);
	}
	point("../../../d/3-1.4", "bus/usb/devices/3-1.4");
	point("../../../d/usb3", "bus/usb/devices/usb3");
}

static void put_bytes(const char *name, const void *data, size_t size)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	file = fopen(path, "w");
	if (!file || fwrite(data, 1, size, file) != size)
		abort();
	fclose(file);
}

static void reads_what_it_says(void)
{
	static const uint8_t descriptors[] = {
		18, 1, 0, 2, 0, 0, 0, 64, 0xf4, 0x46, 1, 0, 0, 1, 1, 2, 3, 1,
		9, 2, 18, 0, 1, 1, 0, 0x80, 50,
		9, 4, 0, 0, 0, 8, 6, 0x50, 0,
	};
	static const uint8_t many[64 << 10] = { 18, 1 };
	struct usblocal_said said;
	struct error err;

	/* none yet, then one that is cut off */
	expect(usblocal_said(top, "3-1.4", 12, &said, &err) == -EPROTO);
	put_bytes("d/3-1.4/descriptors", descriptors, 20);
	expect(usblocal_said(top, "3-1.4", 12, &said, &err) == -EPROTO);
	put_bytes("d/3-1.4/descriptors", descriptors, sizeof(descriptors));
	expect(!usblocal_said(top, "3-1.4", 12, &said, &err));
	expect(said.id.vendor == 0x46f4 && said.id.product == 1);
	expect(said.class.n == 1 && said.class.interfaces[0].class == 8);
	expect(!said.authorized);
	expect_text(said.serial, "HEARTH 1");
	put("d/3-1.4/authorized", "1\n");
	expect(!usblocal_said(top, "3-1.4", 12, &said, &err) && said.authorized);
	put("d/3-1.4/authorized", "0\n");
	expect(!usblocal_said(top, "3-1.4", 12, &said, &err) && !said.authorized);
	/* another one, none, and what is no device */
	expect(usblocal_said(top, "3-1.4", 13, &said, &err) == -ENODEV);
	expect(usblocal_said(top, "3-1", 12, &said, &err) == -ENODEV);
	expect(usblocal_said(top, "usb3", 12, &said, &err) == -ENODEV);
	expect(usblocal_said(top, "../3-1.4", 12, &said, &err) == -ENODEV);
	put_bytes("d/3-1.4/descriptors", many, sizeof(many));
	expect(usblocal_said(top, "3-1.4", 12, &said, &err) == -E2BIG);
}

static void usblocal_reads_a_device(void)
{
	struct usblocal local;
	char command[64];

	if (!mkdtemp(top))
		abort();
	build();
	expect(usblocal_read(top, "3-1.4", &local));
	expect(local.about.busnum == 3 && local.about.devnum == 12);
	expect(local.about.speed == 3 && local.about.vendor == 0x46f4);
	expect(local.about.product == 1 && local.about.release == 0x100);
	expect(local.about.class == 0xef && local.about.subclass == 2);
	expect(local.about.configuration == 1);
	expect(local.about.n_configurations == 2);
	expect(local.about.n_interfaces == 2);
	expect(local.about.interfaces[0].class == 8);
	expect(local.about.interfaces[0].protocol == 0x50);
	expect(local.about.interfaces[1].class == 0xff);
	expect_text(local.about.busid, "3-1.4");
	expect_text(local.serial, "HEARTH 1");
	expect_text(local.node, "/dev/bus/usb/003/012");
	expect(usbip_busid_valid(local.about.busid));

	/* faster than the wire has a name for, and of no kind at all */
	put("d/3-1.4/speed", "20000\n");
	expect(usblocal_read(top, "3-1.4", &local) && local.about.speed == 6);
	put("d/3-1.4/speed", "unknown\n");
	expect(usblocal_read(top, "3-1.4", &local) && !local.about.speed);

	reads_what_it_says();

	expect(!usblocal_read(top, "usb3", &local));
	expect(!usblocal_read(top, "3-1.4:1.0", &local));
	expect(!usblocal_read(top, "3-2", &local));
	expect(!usblocal_read(top, "../3-1.4", &local));
	expect(!usblocal_read(top, "", &local));
	snprintf(command, sizeof(command), "rm -rf %s", top);
	expect(!system(command));
}

const struct test tests[] = {
	TEST(usblocal_reads_a_device),
	{ 0 },
};
