// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"
#include "usblocal.h"

#define DESCRIPTORS	(64u << 10)	/* bytes, more than any device has */

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

/* A file in the folder @dir, as far as there is room. Returns its size; 0 without one. */
static size_t read_in(int dir, const char *name, void *data, size_t room)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t n = 1;

	while (fd >= 0 && n > 0 && size < room) {
		n = read(fd, (char *)data + size, room - size);
		if (n > 0)
			size += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	return size;
}

static void read_text_in(int dir, const char *name, char *text, size_t room)
{
	size_t size = read_in(dir, name, text, room - 1);

	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static int read_class_in(int dir, struct usblocal_said *said, struct error *err)
{
	uint8_t *data = malloc(DESCRIPTORS);
	size_t size;
	int ret;

	if (!data)
		return error_set(err, ENOMEM, "out of memory");
	size = read_in(dir, "descriptors", data, DESCRIPTORS);
	ret = size == DESCRIPTORS ?
	      error_set(err, E2BIG, "more descriptors than a device may have") :
	      usbclass_parse(data, size, &said->class, &said->id, err);
	free(data);
	return ret;
}

/* The folder is that device's: another one that comes in its place has another folder. */
static int read_said_in(int dir, uint32_t devnum, struct usblocal_said *said,
			struct error *err)
{
	char text[16];

	read_text_in(dir, "devnum", text, sizeof(text));
	if (strtoul(text, NULL, 10) != devnum)
		return error_set(err, ENODEV, "another device is there");
	read_text_in(dir, "serial", said->serial, sizeof(said->serial));
	read_text_in(dir, "authorized", text, sizeof(text));
	said->authorized = !strcmp(text, "1");
	return read_class_in(dir, said, err);
}

int usblocal_said(const char *sysfs, const char *busid, uint32_t devnum,
		  struct usblocal_said *said, struct error *err)
{
	char path[PATH_MAX];
	int dir = -1, ret;

	memset(said, 0, sizeof(*said));
	snprintf(path, sizeof(path), "%s/bus/usb/devices/%s", sysfs, busid);
	if (is_device(busid))
		dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return error_set(err, ENODEV, "no device is there");
	ret = read_said_in(dir, devnum, said, err);
	close(dir);
	return ret;
}
