// SPDX-License-Identifier: GPL-2.0
/* A client's message: the header, and packet descriptors behind it. */
#include <stdlib.h>
#include <string.h>

#include "../format/urb.h"

#define DEVID	0x00030002u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_packets(const struct urb *urb, const uint8_t *data, size_t size)
{
	struct urb_packet *packets;
	uint64_t sum = 0;
	struct error err;
	uint8_t *buf;
	uint32_t i;

	if (!urb->packets || size < urb_packets_size(urb))
		return;
	/* its own memory, so that ASan sees the end of it */
	buf = malloc(urb_packets_size(urb));
	memcpy(buf, data, urb_packets_size(urb));
	packets = calloc(urb->packets, sizeof(*packets));
	if (!urb_parse_packets(buf, urb, packets, &err)) {
		for (i = 0; i < urb->packets; i++) {
			sum += packets[i].length;
			if ((uint64_t)packets[i].offset + packets[i].length >
			    urb->length)
				abort();
		}
		if (sum > urb->length)
			abort();
	}
	free(packets);
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t value, index;
	struct error err;
	struct urb urb;
	int type;

	if (size < URB_HEADER || urb_parse(data, DEVID, &urb, &err))
		return 0;
	if (urb.ep > 15 || urb.packets > URB_PACKETS_MAX ||
	    urb_data_size(&urb) > INT32_MAX)
		abort();
	for (type = URB_CONTROL; type <= URB_NO_ENDPOINT; type++) {
		if (urb_refused(&urb, type))
			continue;
		if (type == URB_NO_ENDPOINT || urb.length > URB_LENGTH_MAX)
			abort();
		if (type == URB_CONTROL &&
		    urb_setup_length(urb.setup) > urb.length)
			abort();
	}
	urb_special(urb.setup, &value, &index);
	use_packets(&urb, data + URB_HEADER, size - URB_HEADER);
	return 0;
}
