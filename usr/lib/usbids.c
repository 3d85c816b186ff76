// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "usbids.h"

/* Where Debian's usb.ids, Fedora's and Arch's hwdata, and usbutils keep it. */
static const char * const places[] = {
	"/usr/share/misc/usb.ids",
	"/usr/share/hwdata/usb.ids",
	"/var/lib/usbutils/usb.ids",
};

void usbids_open(struct usbids *ids)
{
	struct stat st;
	size_t i;
	int fd = -1;

	*ids = (struct usbids){ 0 };
	for (i = 0; fd < 0 && i < sizeof(places) / sizeof(*places); i++)
		fd = open(places[i], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0) {
		ids->size = (size_t)st.st_size;
		ids->text = mmap(NULL, ids->size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (ids->text == MAP_FAILED)
			*ids = (struct usbids){ 0 };
	}
	close(fd);
}

void usbids_close(struct usbids *ids)
{
	if (ids->size)
		munmap(ids->text, ids->size);
	*ids = (struct usbids){ 0 };
}
