// SPDX-License-Identifier: GPL-2.0
/*
 * urbwire - small URBs as bare USB/IP messages, to the device "echo" of liar
 *
 *   urbwire PORT BUSID deep EP LEN COUNT DEPTH
 *   urbwire PORT BUSID ping EP LEN COUNT
 *
 * "deep" reads EP with DEPTH requests under way; "ping" writes and reads it by
 * turns, each after the answer to the one before.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

static void deep(int ep, void *buf, uint32_t len, long count, long depth)
{
	long sent = 0, done;
	uint32_t actual;

	while (sent < depth && sent < count) {
		wire_submit(ep, 1, NULL, NULL, len);
		sent++;
	}
	for (done = 0; done < count; done++) {
		wire_answer(1, buf, len, &actual);
		if (actual != len)
			errx(1, "%u bytes of %u", actual, len);
		if (sent < count) {
			wire_submit(ep, 1, NULL, NULL, len);
			sent++;
		}
	}
}

static void ping(int ep, void *buf, uint32_t len, long count)
{
	while (count--)
		if (wire_urb(ep, 0, NULL, buf, len) != len ||
		    wire_urb(ep, 1, NULL, buf, len) != len)
			errx(1, "short");
}

int main(int argc, char **argv)
{
	uint8_t descriptors[255];
	uint32_t len;
	void *buf;

	if (argc < 7 || argc > 8)
		errx(1, "usage: urbwire PORT BUSID deep|ping EP LEN COUNT [DEPTH]");
	len = strtoul(argv[5], NULL, 0);
	buf = calloc(1, len);
	wire_import("127.0.0.1", atoi(argv[1]), argv[2]);
	wire_configure(descriptors, sizeof(descriptors));
	if (!strcmp(argv[3], "deep") && argc == 8)
		deep(atoi(argv[4]), buf, len, atol(argv[6]), atol(argv[7]));
	else
		ping(atoi(argv[4]), buf, len, atol(argv[6]));
	return 0;
}
