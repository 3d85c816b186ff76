// SPDX-License-Identifier: GPL-2.0
/* What hearthd and an exporter say to each other. */
#include <stdlib.h>
#include <string.h>

#include "../format/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t buf[EXPORT_REPORT_MAX];
	struct export_report report;
	struct usbip_device about;
	struct error err;
	char busid[USBIP_BUSID_SIZE], *name = malloc(size + 1);
	uint8_t id[PEER_ID];
	uint32_t devid;
	bool plain;

	memcpy(name, data, size);
	name[size] = '\0';
	if (export_parse_name(name, busid, &plain, id) &&
	    !usbip_busid_valid(busid))
		abort();
	free(name);
	export_is_release(data, size);
	if (!export_parse_order(data, size, &about, &devid, &err) &&
	    !usbip_busid_valid(about.busid))
		abort();
	if (export_parse_report(data, size, &report, &err))
		return 0;
	/* what was understood is all that there was */
	if (export_pack_report(buf, &report) != size ||
	    memcmp(buf, data, size))
		abort();
	return 0;
}
