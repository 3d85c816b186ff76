// SPDX-License-Identifier: GPL-2.0
/* Disks of files, in use one way or the other. */
#include <string.h>

#include "../../lib/usbuse.h"
#include "sysfs.h"

static char proc[128];

static void build(void)
{
	static const char * const dirs[] = {
		"bus", "bus/usb", "bus/usb/devices", "d", "d/3-1",
		"d/3-1/3-1:1.0", "d/3-1/3-1:1.0/sda", "d/3-1/3-1:1.0/sda/holders",
		"d/3-1/3-1:1.0/sda/sda1", "d/3-1/3-1:1.0/sda/sda1/holders",
		"proc", "proc/self",
	};
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		make(dirs[i]);
	point("../../../d/3-1", "bus/usb/devices/3-1");
	point("../../../d/3-1/3-1:1.0", "bus/usb/devices/3-1:1.0");
	point("../../class/block", "d/3-1/3-1:1.0/sda/subsystem");
	point("../../class/block", "d/3-1/3-1:1.0/sda/sda1/subsystem");
	put("d/3-1/3-1:1.0/sda/dev", "8:0\n");
	put("d/3-1/3-1:1.0/sda/sda1/dev", "8:1\n");
	put("proc/self/mountinfo", "21 1 8:16 / / rw - ext4 /dev/sdb rw\n");
	put("proc/swaps", "Filename Type Size Used Priority\n/dev/sdb2 partition 1 0 -2\n");
	snprintf(proc, sizeof(proc), "%s/proc", top);
}

static void usbuse_tells_what_for(void)
{
	struct usblocal local = { .about = {
		.busid = "3-1", .configuration = 1, .n_interfaces = 1,
		.interfaces = { { .class = 8 } },
	} };
	char why[USBUSE_TEXT], command[128];

	if (!mkdtemp(top))
		abort();
	build();
	expect(usbuse_find(top, proc, &local, why) == USBUSE_NOT);

	put("proc/self/mountinfo", "21 1 8:16 / / rw - ext4 /dev/sdb rw\n"
	    "22 21 8:1 / /mnt/stick rw,noatime shared:1 - vfat /dev/sda1 rw\n");
	expect(usbuse_find(top, proc, &local, why) == USBUSE_BUSY);
	expect_text(why, "its disk sda1 is mounted at /mnt/stick");
	/* of a file system with a number of its own */
	put("proc/self/mountinfo", "22 21 0:40 / /mnt rw shared:1 - btrfs /dev/sda rw\n");
	expect(usbuse_find(top, proc, &local, why) == USBUSE_BUSY);
	expect_text(why, "its disk sda is mounted at /mnt");
	put("proc/self/mountinfo", "");

	put("proc/swaps", "Filename Type\n/dev/sda partition 1 0 -2\n");
	expect(usbuse_find(top, proc, &local, why) == USBUSE_BUSY);
	expect_text(why, "its disk sda is swapped to");
	put("proc/swaps", "");

	make("d/3-1/3-1:1.0/sda/sda1/holders/dm-0");
	expect(usbuse_find(top, proc, &local, why) == USBUSE_BUSY);
	expect_text(why, "its disk sda1 is part of dm-0");
	snprintf(command, sizeof(command),
		 "rm -rf %s/d/3-1/3-1:1.0/sda/sda1/holders/dm-0", top);
	expect(!system(command));

	local.about.class = 9;
	expect(usbuse_find(top, proc, &local, why) == USBUSE_KEEPS);
	expect_has(why, "hub");
	local.about.class = 0;
	local.about.interfaces[0] = (struct usbip_interface){ 3, 1, 2 };
	expect(usbuse_find(top, proc, &local, why) == USBUSE_NOT);
	local.about.interfaces[0].protocol = 1;
	expect(usbuse_find(top, proc, &local, why) == USBUSE_KEEPS);
	expect_has(why, "keyboard");
	local.about.interfaces[0].protocol = 2;
	strcpy(local.about.path, "/sys/devices/platform/hearth_vhci.0/usb3/3-1");
	expect(usbuse_find(top, proc, &local, why) == USBUSE_KEEPS);
	expect_has(why, "another machine's");

	expect(!usbuse_exported(top, &local));
	point("../../../bus/usb/drivers/usbfs", "d/3-1/3-1:1.0/driver");
	expect(usbuse_exported(top, &local));
	snprintf(command, sizeof(command), "rm -rf %s", top);
	expect(!system(command));
}

const struct test tests[] = {
	TEST(usbuse_tells_what_for),
	{ 0 },
};
