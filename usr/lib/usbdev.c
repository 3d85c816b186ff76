// SPDX-License-Identifier: GPL-2.0
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysfs.h"
#include "usbdev.h"

/* The value of "KEY=value" in the lines of @uevent. */
static bool find_value(const char *uevent, const char *key, char *value,
		       size_t size)
{
	size_t len = strlen(key);
	const char *line;

	for (line = uevent; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len)) {
			snprintf(value, size, "%.*s",
				 (int)strcspn(line + len, "\n"), line + len);
			return true;
		}
	}
	return false;
}

static void add_driver(struct usbdev *dev, const char *dir)
{
	char name[sizeof(dev->drivers[0])];
	unsigned int i;

	if (dev->n_drivers == USBDEV_DRIVERS ||
	    !sysfs_link(dir, "driver", name, sizeof(name)))
		return;
	for (i = 0; i < dev->n_drivers; i++)
		if (!strcmp(dev->drivers[i], name))
			return;
	strcpy(dev->drivers[dev->n_drivers++], name);
}

/* Is this what a user looks for? Not partitions, SCSI's and usbfs' back doors. */
static bool is_wanted(const char *subsystem, const char *name)
{
	static const char * const wanted[] = {
		"block", "tty", "net", "hidraw", "video4linux", "usbmisc",
		"input", "sound",
	};
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strcmp(subsystem, wanted[i]))
			break;
	if (i == sizeof(wanted) / sizeof(*wanted))
		return false;
	/* one of the many of a sound card, and of an input device */
	if (!strcmp(subsystem, "sound"))
		return strstr(name, "controlC");
	if (!strcmp(subsystem, "input"))
		return strstr(name, "event");
	return true;
}

static void add_node(struct usbdev *dev, const char *dir, const char *uevent)
{
	char subsystem[32], name[sizeof(dev->nodes[0]) - sizeof("/dev/")];
	char type[16];
	char *node = dev->nodes[dev->n_nodes];

	if (dev->n_nodes == USBDEV_NODES ||
	    !sysfs_link(dir, "subsystem", subsystem, sizeof(subsystem)))
		return;
	if (find_value(uevent, "DEVTYPE=", type, sizeof(type)) &&
	    !strcmp(type, "partition"))
		return;
	if (!strcmp(subsystem, "net") &&
	    find_value(uevent, "INTERFACE=", name, sizeof(name)))
		snprintf(node, sizeof(dev->nodes[0]), "%s", name);
	else if (find_value(uevent, "DEVNAME=", name, sizeof(name)) &&
		 is_wanted(subsystem, name))
		snprintf(node, sizeof(dev->nodes[0]), "/dev/%s", name);
	else
		return;
	dev->n_nodes++;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Drivers and nodes of all that is below the device. */
static void walk(struct usbdev *dev, char *dir)
{
	char *paths[] = { dir, NULL }, uevent[2048], number[4];
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT,
			    by_name);
	FTSENT *entry;

	while (fts && (entry = fts_read(fts))) {
		if (entry->fts_info != FTS_D)
			continue;
		if (sysfs_read(entry->fts_path, "bInterfaceNumber", number,
			      sizeof(number)))
			add_driver(dev, entry->fts_path);
		else if (sysfs_read(entry->fts_path, "uevent", uevent,
				   sizeof(uevent)))
			add_node(dev, entry->fts_path, uevent);
	}
	if (fts)
		fts_close(fts);
}

bool usbdev_read(const char *sysfs, uint32_t busnum, uint32_t root_port,
		 struct usbdev *dev)
{
	char link[PATH_MAX], dir[PATH_MAX];

	memset(dev, 0, sizeof(*dev));
	snprintf(link, sizeof(link), "%s/bus/usb/devices/%u-%u", sysfs, busnum,
		 root_port);
	if (!realpath(link, dir))
		return false;
	dev->vendor = (uint16_t)sysfs_number(dir, "idVendor", 16);
	dev->product = (uint16_t)sysfs_number(dir, "idProduct", 16);
	sysfs_read(dir, "manufacturer", dev->vendor_name,
		  sizeof(dev->vendor_name));
	sysfs_read(dir, "product", dev->product_name, sizeof(dev->product_name));
	walk(dev, dir);
	return true;
}
