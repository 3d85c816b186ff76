// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysfs.h"
#include "usblocal.h"

static uint32_t speed_of(const char *dir)
{
	static const struct {
		const char *text;
		uint32_t speed;
	} speeds[] = {
		{ "1.5", 1 }, { "12", 2 }, { "480", 3 }, { "5000", 5 },
		{ "10000", 6 }, { "20000", 6 },
	};
	char text[16];
	size_t i;

	sysfs_read(dir, "speed", text, sizeof(text));
	for (i = 0; i < sizeof(speeds) / sizeof(*speeds); i++)
		if (!strcmp(text, speeds[i].text))
			return speeds[i].speed;
	return 0;
}

/* "3-1.2"; not "usb3", and no interface, "3-1:1.0" */
static bool is_device(const char *busid)
{
	return usbip_busid_valid(busid) && isdigit((unsigned char)*busid) &&
	       strchr(busid, '-') && !strchr(busid, ':');
}

static void read_interfaces(const char *dir, struct usbip_device *about)
{
	char path[PATH_MAX];
	unsigned int i, n = 0;

	/* their numbers may have gaps */
	for (i = 0; i < UINT8_MAX && n < about->n_interfaces; i++) {
		char number[8];

		if (snprintf(path, sizeof(path), "%s/%s:%u.%u", dir,
			     about->busid, about->configuration, i) >=
		    (int)sizeof(path))
			return;
		if (!sysfs_read(path, "bInterfaceNumber", number,
				sizeof(number)))
			continue;
		about->interfaces[n++] = (struct usbip_interface){
			.class = (uint8_t)sysfs_number(path, "bInterfaceClass",
						       16),
			.subclass = (uint8_t)sysfs_number(
				path, "bInterfaceSubClass", 16),
			.protocol = (uint8_t)sysfs_number(
				path, "bInterfaceProtocol", 16),
		};
	}
	about->n_interfaces = (uint8_t)n;
}

bool usblocal_read(const char *sysfs, const char *busid,
		   struct usblocal *local)
{
	struct usbip_device *about = &local->about;
	char link[PATH_MAX], dir[PATH_MAX];

	memset(local, 0, sizeof(*local));
	if (!is_device(busid))
		return false;
	snprintf(link, sizeof(link), "%s/bus/usb/devices/%s", sysfs, busid);
	if (!realpath(link, dir))
		return false;
	snprintf(about->path, sizeof(about->path), "%.*s",
		 (int)sizeof(about->path) - 1, dir);
	strcpy(about->busid, busid);
	about->busnum = (uint32_t)sysfs_number(dir, "busnum", 10);
	about->devnum = (uint32_t)sysfs_number(dir, "devnum", 10);
	about->speed = speed_of(dir);
	about->vendor = (uint16_t)sysfs_number(dir, "idVendor", 16);
	about->product = (uint16_t)sysfs_number(dir, "idProduct", 16);
	about->release = (uint16_t)sysfs_number(dir, "bcdDevice", 16);
	about->class = (uint8_t)sysfs_number(dir, "bDeviceClass", 16);
	about->subclass = (uint8_t)sysfs_number(dir, "bDeviceSubClass", 16);
	about->protocol = (uint8_t)sysfs_number(dir, "bDeviceProtocol", 16);
	about->configuration =
		(uint8_t)sysfs_number(dir, "bConfigurationValue", 10);
	about->n_configurations =
		(uint8_t)sysfs_number(dir, "bNumConfigurations", 10);
	about->n_interfaces = (uint8_t)sysfs_number(dir, "bNumInterfaces", 10);
	read_interfaces(dir, about);
	sysfs_read(dir, "serial", local->serial, sizeof(local->serial));
	snprintf(local->node, sizeof(local->node), "/dev/bus/usb/%03u/%03u",
		 about->busnum, about->devnum);
	return about->busnum && about->devnum;
}
