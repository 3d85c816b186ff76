// SPDX-License-Identifier: GPL-2.0
/* A disk in a sysfs of files. */
#include "../../lib/usbdev.h"
#include "sysfs.h"

static void build(void)
{
	static const char * const dirs[] = {
		"bus", "bus/usb", "bus/usb/devices", "d", "d/3-1",
		"d/3-1/3-1:1.0", "d/3-1/3-1:1.1", "d/3-1/3-1:1.0/sda",
		"d/3-1/3-1:1.0/sda/sda1", "d/3-1/3-1:1.0/sg0",
		"d/3-1/3-1:1.1/eth1",
	};
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		make(dirs[i]);
	point("../../../d/3-1", "bus/usb/devices/3-1");
	put("d/3-1/idVendor", "46f4\n");
	put("d/3-1/idProduct", "0001\n");
	put("d/3-1/product", "A\tstick\n");
	put("d/3-1/uevent", "DEVNAME=bus/usb/003/002\nDEVTYPE=usb_device\n");
	point("../../bus/usb", "d/3-1/subsystem");
	put("d/3-1/3-1:1.0/bInterfaceNumber", "00\n");
	point("../../drivers/usb-storage", "d/3-1/3-1:1.0/driver");
	put("d/3-1/3-1:1.1/bInterfaceNumber", "01\n");
	point("../../drivers/usb-storage", "d/3-1/3-1:1.1/driver");
	put("d/3-1/3-1:1.0/sda/uevent", "MAJOR=8\nDEVNAME=sda\nDEVTYPE=disk\n");
	point("../../class/block", "d/3-1/3-1:1.0/sda/subsystem");
	put("d/3-1/3-1:1.0/sda/sda1/uevent",
	    "DEVNAME=sda1\nDEVTYPE=partition\n");
	point("../../class/block", "d/3-1/3-1:1.0/sda/sda1/subsystem");
	put("d/3-1/3-1:1.0/sg0/uevent", "DEVNAME=sg0\n");
	point("../../class/scsi_generic", "d/3-1/3-1:1.0/sg0/subsystem");
	put("d/3-1/3-1:1.1/eth1/uevent", "INTERFACE=eth1\nIFINDEX=3\n");
	point("../../class/net", "d/3-1/3-1:1.1/eth1/subsystem");
}

static void usbdev_finds_drivers_and_nodes(void)
{
	char command[64];
	struct usbdev dev;

	if (!mkdtemp(top))
		abort();
	build();
	expect(!usbdev_read(top, 3, 2, &dev));
	expect(usbdev_read(top, 3, 1, &dev));
	expect(dev.vendor == 0x46f4 && dev.product == 1);
	expect_text(dev.vendor_name, "");
	expect_text(dev.product_name, "A\tstick");
	expect(dev.n_drivers == 1);
	expect_text(dev.drivers[0], "usb-storage");
	expect(dev.n_nodes == 2);
	expect_text(dev.nodes[0], "/dev/sda");
	expect_text(dev.nodes[1], "eth1");
	snprintf(command, sizeof(command), "rm -rf %s", top);
	expect(!system(command));
}

const struct test tests[] = {
	TEST(usbdev_finds_drivers_and_nodes),
	{ 0 },
};
