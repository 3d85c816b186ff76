// SPDX-License-Identifier: GPL-2.0
/* usbreset SYSFS-PATH: reset a device through usbfs, as libusb does. */
#include <err.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <sys/ioctl.h>

static int number(const char *dir, const char *file)
{
	char path[4096];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%d", &n) != 1)
		err(1, "%s", path);
	fclose(f);
	return n;
}

int main(int argc, char **argv)
{
	char path[64];
	int fd;

	if (argc != 2)
		errx(1, "usage: usbreset SYSFS-PATH");
	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/%03d",
		 number(argv[1], "busnum"), number(argv[1], "devnum"));
	fd = open(path, O_WRONLY);
	if (fd < 0)
		err(1, "%s", path);
	if (ioctl(fd, USBDEVFS_RESET, NULL))
		err(1, "reset of %s", path);
	return 0;
}
