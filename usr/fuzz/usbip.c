// SPDX-License-Identifier: GPL-2.0
/* Everything that is said before URBs: a list and an import, and who asks for them. */
#include <stdlib.h>
#include <string.h>

#include "../format/usbip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_device(const struct usbip_device *dev)
{
	struct error err;
	uint32_t devid;

	if (!usbip_busid_valid(dev->busid) ||
	    strlen(dev->path) >= sizeof(dev->path))
		abort();
	usbip_devid(dev, &devid, &err);
}

static void fuzz_list(const uint8_t *data, size_t size)
{
	struct usbip_list list;
	struct error err;
	uint8_t *piece;
	size_t need, i;
	int ret = 0;

	usbip_list_init(&list);
	while (!ret && (need = usbip_list_need(&list)) && need <= size) {
		if (need > USBIP_LIST_PIECE_MAX)
			abort();
		/* Its own memory, so that ASan sees the end of it. */
		piece = malloc(need);
		memcpy(piece, data, need);
		ret = usbip_list_feed(&list, piece, &err);
		free(piece);
		data += need;
		size -= need;
	}
	if (!ret)
		for (i = 0; i < list.n; i++)
			check_device(&list.devices[i]);
	usbip_list_clear(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char busid[USBIP_BUSID_SIZE];
	struct usbip_device dev;
	struct error err;

	if (size >= USBIP_IMPORT_SIZE &&
	    usbip_parse_request(data, &err) == USBIP_OP_REQ_IMPORT &&
	    !usbip_parse_busid(data + USBIP_OP_SIZE, busid, &err) &&
	    !usbip_busid_valid(busid))
		abort();
	fuzz_list(data, size);
	if (size >= USBIP_OP_SIZE)
		usbip_parse_op(data, USBIP_OP_REP_IMPORT, &err);
	if (size >= USBIP_OP_SIZE + USBIP_DEVICE_SIZE &&
	    !usbip_parse_device(data + USBIP_OP_SIZE, &dev, &err))
		check_device(&dev);
	return 0;
}
