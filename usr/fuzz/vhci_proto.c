// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel module's checks of a server's answers, as they are. The input is
 * what was asked for (9 bytes), a header, and packet descriptors.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define __packed __attribute__((packed))
#include "../../kmod/vhci/proto.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the module does next must stay inside of what was asked for. */
static void use(const struct proto_request *asked,
		const struct proto_answer *answer, const uint8_t *data,
		size_t size)
{
	u32 length = asked->packets ? asked->length / asked->packets : 0;
	u32 total = 0, i;

	if (answer->actual_length > asked->length)
		abort();
	if (!asked->packets)
		return;
	if (answer->packets != asked->packets)
		abort();
	for (i = 0; i < asked->packets; i++) {
		struct usbip_iso iso;

		if (size < sizeof(iso))
			return;
		memcpy(&iso, data, sizeof(iso));
		data += sizeof(iso);
		size -= sizeof(iso);
		if (proto_check_iso(&iso, i * length, length, &total,
				    answer->actual_length))
			return;
		if (be32_to_cpu(iso.actual_length) > length ||
		    total > answer->actual_length)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proto_request asked = { 0 };
	struct proto_answer answer;
	struct usbip_header hdr;
	int status;

	if (size < 9 + sizeof(hdr))
		return 0;
	memcpy(&asked.length, data, 4);
	memcpy(&asked.packets, data + 4, 4);
	asked.packets %= 1024;
	asked.in = data[8] & 1;
	memcpy(&hdr, data + 9, sizeof(hdr));

	if (proto_parse(&hdr, &answer))
		return 0;
	status = proto_status(answer.status);
	if (status > 0 || status < -4095)
		abort();
	if (answer.command == USBIP_RET_SUBMIT && !proto_check(&asked, &answer))
		use(&asked, &answer, data + 9 + sizeof(hdr),
		    size - 9 - sizeof(hdr));
	return 0;
}
