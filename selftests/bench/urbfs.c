// SPDX-License-Identifier: GPL-2.0
/*
 * urbfs - the same URBs as urbwire's, through usbfs
 *
 *   urbfs SERIAL deep EP LEN COUNT DEPTH
 *   urbfs SERIAL ping EP LEN COUNT
 *
 * It looks at lengths alone, not at data: the tests do that.
 */
#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/usbdevice_fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static int fd;

static int read_file(const char *dir, const char *name, char *text, int size)
{
	char path[512];
	FILE *f;
	int ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		return 0;
	ok = fgets(text, size, f) != NULL;
	text[strcspn(text, "\n")] = '\0';
	fclose(f);
	return ok;
}

static void open_device(const char *serial)
{
	unsigned int intf = 0;
	char text[64], path[64];
	size_t i;
	glob_t g;

	glob("/sys/bus/usb/devices/*", 0, NULL, &g);
	for (i = 0; i < g.gl_pathc; i++)
		if (read_file(g.gl_pathv[i], "serial", text, sizeof(text)) &&
		    !strcmp(text, serial))
			break;
	if (i == g.gl_pathc)
		errx(1, "no device %s", serial);
	read_file(g.gl_pathv[i], "busnum", text, sizeof(text));
	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/", atoi(text));
	read_file(g.gl_pathv[i], "devnum", text, sizeof(text));
	snprintf(path + strlen(path), 4, "%03d", atoi(text) & 127);
	fd = open(path, O_RDWR);
	if (fd < 0 || ioctl(fd, USBDEVFS_CLAIMINTERFACE, &intf))
		err(1, "%s", path);
}

static void submit(struct usbdevfs_urb *urb, int type, int ep, uint32_t len)
{
	void *buf = urb->buffer;

	memset(urb, 0, sizeof(*urb));
	urb->type = type;
	urb->endpoint = ep;
	urb->buffer = buf;
	urb->buffer_length = len;
	if (ioctl(fd, USBDEVFS_SUBMITURB, urb))
		err(1, "submit");
}

static struct usbdevfs_urb *reap(void)
{
	struct usbdevfs_urb *urb;

	if (ioctl(fd, USBDEVFS_REAPURB, &urb))
		err(1, "reap");
	if (urb->status || urb->actual_length != urb->buffer_length)
		errx(1, "status %d, %d bytes of %d", urb->status,
		     urb->actual_length, urb->buffer_length);
	return urb;
}

static void deep(int ep, uint32_t len, long count, long depth)
{
	struct usbdevfs_urb *urbs = calloc(depth, sizeof(*urbs));
	long sent = 0, done;

	for (; sent < depth && sent < count; sent++) {
		urbs[sent].buffer = calloc(1, len);
		submit(&urbs[sent], USBDEVFS_URB_TYPE_BULK, ep | 0x80, len);
	}
	for (done = 0; done < count; done++) {
		struct usbdevfs_urb *urb = reap();

		if (sent++ < count)
			submit(urb, USBDEVFS_URB_TYPE_BULK, ep | 0x80, len);
	}
}

static void ping(int ep, uint32_t len, long count)
{
	struct usbdevfs_urb urb = { .buffer = calloc(1, len) };

	while (count--) {
		submit(&urb, USBDEVFS_URB_TYPE_INTERRUPT, ep, len);
		reap();
		submit(&urb, USBDEVFS_URB_TYPE_INTERRUPT, ep | 0x80, len);
		reap();
	}
}

int main(int argc, char **argv)
{
	if (argc < 6 || argc > 7)
		errx(1, "usage: urbfs SERIAL deep|ping EP LEN COUNT [DEPTH]");
	open_device(argv[1]);
	if (!strcmp(argv[2], "deep") && argc == 7)
		deep(atoi(argv[3]), strtoul(argv[4], NULL, 0), atol(argv[5]),
		     atol(argv[6]));
	else
		ping(atoi(argv[3]), strtoul(argv[4], NULL, 0), atol(argv[5]));
	return 0;
}
