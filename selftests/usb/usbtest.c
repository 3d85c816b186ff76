// SPDX-License-Identifier: GPL-2.0
/*
 * usbtest BUS/DEVICE CASE COUNT LENGTH VARY SGLEN - one case of the kernel's
 * module usbtest, on interface 0, which the module has bound. What the numbers
 * mean: drivers/usb/misc/usbtest.c. Exit code: 0 it passed, 1 it failed, 2 it
 * could not be tried.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <linux/usbdevice_fs.h>

/* As the module's struct usbtest_param_64. */
struct param {
	__u32 number;
	__u32 count;
	__u32 length;
	__u32 vary;
	__u32 sglen;
	__s64 seconds;
	__s64 microseconds;
};

#define REQUEST		_IOWR('U', 100, struct param)

int main(int argc, char **argv)
{
	struct param param;
	struct usbdevfs_ioctl wrapped = {
		.ifno = 0,
		.ioctl_code = REQUEST,
		.data = &param,
	};
	char path[64];
	int fd;

	if (argc != 7)
		errx(2, "usage: usbtest BUS/DEVICE CASE COUNT LENGTH VARY SGLEN");
	param.number = atoi(argv[2]);
	param.count = atoi(argv[3]);
	param.length = atoi(argv[4]);
	param.vary = atoi(argv[5]);
	param.sglen = atoi(argv[6]);
	snprintf(path, sizeof(path), "/dev/bus/usb/%s", argv[1]);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(2, "%s", path);
	/* Some cases return what they moved last. */
	if (ioctl(fd, USBDEVFS_IOCTL, &wrapped) < 0)
		err(errno == EOPNOTSUPP ? 2 : 1, "case %u", param.number);
	printf("case %u: %lld.%06lld s\n", param.number,
	       (long long)param.seconds, (long long)param.microseconds);
	return 0;
}
