// SPDX-License-Identifier: GPL-2.0
/*
 * diskwire - the same I/O as diskio's, as bare USB/IP messages from userspace
 *
 *   diskwire [--far|--driven] HOST PORT BUSID read|write|random BYTES COUNT
 *
 * Imports a bulk-only disk and sends the messages that a controller would send
 * for each command: the command block, the data, the status, each after the
 * answer to the one before, or all at once (--far). There is no USB stack and no
 * block layer in it, so it is a limit: what the messages alone cost.
 *
 * With --driven the messages are the very ones that usb-storage and a controller
 * make of the same I/O at high speed: no command of more than 120 KiB, data said
 * to be in scatter lists, and all of a command at once.
 *
 * Sources: USB/IP 1.1.1; USB Mass Storage Class, Bulk-Only Transport 1.0.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define CBW_LEN	31
#define CSW_LEN	13
#define DRIVEN	(120 * 1024)	/* bytes of a command: max_sectors of usb-storage */

static uint32_t tag, blocks;
static int ep_in, ep_out, far, driven;

static void in_turn(uint8_t *cbw, int in, void *buf, uint32_t len, uint8_t *csw)
{
	wire_urb(ep_out, 0, NULL, cbw, CBW_LEN);
	if (len)
		wire_urb(in ? ep_in : ep_out, in, NULL, buf, len);
	wire_urb(ep_in, 1, NULL, csw, CSW_LEN);
}

static void at_once(uint8_t *cbw, int in, void *buf, uint32_t len, uint8_t *csw)
{
	uint32_t actual;

	wire_cork(1);
	wire_submit(ep_out, 0, NULL, cbw, CBW_LEN);
	wire_scatter(driven);
	if (len)
		wire_submit(in ? ep_in : ep_out, in, NULL, buf, len);
	wire_scatter(0);
	wire_cork(0);
	wire_submit(ep_in, 1, NULL, NULL, CSW_LEN);
	wire_answer(0, NULL, CBW_LEN, &actual);
	if (len)
		wire_answer(in, buf, len, &actual);
	wire_answer(1, csw, CSW_LEN, &actual);
}

/* One SCSI command. Returns its status: 0 is good. */
static int command(const uint8_t *cdb, int cdb_len, int in, void *buf,
		   uint32_t len)
{
	uint8_t cbw[CBW_LEN] = "USBC", csw[CSW_LEN];

	tag++;
	memcpy(cbw + 4, &tag, 4);
	memcpy(cbw + 8, &len, 4);	/* little-endian, as this machine is */
	cbw[12] = in ? 0x80 : 0;
	cbw[14] = cdb_len;
	memcpy(cbw + 15, cdb, cdb_len);
	if (far)
		at_once(cbw, in, buf, len, csw);
	else
		in_turn(cbw, in, buf, len, csw);
	if (memcmp(csw, "USBS", 4))
		errx(1, "command %#x: no status", cdb[0]);
	return csw[12];
}

/* Set the first configuration, and find the bulk endpoints. */
static void configure(void)
{
	uint8_t buf[255];
	uint32_t len, i;

	len = wire_configure(buf, sizeof(buf));
	for (i = 0; i + 2 <= len && buf[i] >= 2; i += buf[i])
		if (buf[i + 1] == 5 && i + 4 <= len && (buf[i + 3] & 3) == 2)
			*(buf[i + 2] & 0x80 ? &ep_in : &ep_out) = buf[i + 2] & 15;
	if (!ep_in || !ep_out)
		errx(1, "no bulk endpoints");
}

static void capacity(void)
{
	const uint8_t read_capacity[10] = { 0x25 };
	const uint8_t request_sense[6] = { 0x03, 0, 0, 0, 18 };
	uint8_t cap[8], sense[18];
	int tries = 5;

	/* A disk fresh from a reset says so first (unit attention). */
	while (command(read_capacity, sizeof(read_capacity), 1, cap,
		       sizeof(cap))) {
		if (!--tries)
			errx(1, "the disk is not ready");
		command(request_sense, sizeof(request_sense), 1, sense,
			sizeof(sense));
	}
	blocks = (cap[0] << 24 | cap[1] << 16 | cap[2] << 8 | cap[3]) + 1u;
}

/* @bytes from or to block @lba. */
static void move(int writing, uint32_t lba, void *buf, uint32_t bytes)
{
	uint8_t cdb[10] = { writing ? 0x2a : 0x28 };
	uint32_t n = bytes / 512;

	cdb[2] = lba >> 24;
	cdb[3] = lba >> 16;
	cdb[4] = lba >> 8;
	cdb[5] = lba;
	cdb[7] = n >> 8;
	cdb[8] = n;
	if (command(cdb, sizeof(cdb), !writing, buf, bytes))
		errx(1, "%s of block %u failed", writing ? "write" : "read", lba);
}

int main(int argc, char **argv)
{
	uint64_t i, state = 1, places;
	size_t bytes, count, done, part;
	int writing, random;
	void *buf;

	if (argc > 1 && (!strcmp(argv[1], "--far") || !strcmp(argv[1], "--driven"))) {
		far = 1;
		driven = !strcmp(argv[1], "--driven");
		argv++;
		argc--;
	}
	if (argc != 7)
		errx(1, "usage: diskwire [--far|--driven] HOST PORT BUSID read|write|random BYTES COUNT");
	argv++;
	writing = !strcmp(argv[3], "write");
	random = !strcmp(argv[3], "random");
	bytes = strtoul(argv[4], NULL, 0);
	count = strtoul(argv[5], NULL, 0);
	buf = calloc(1, bytes);
	wire_import(argv[0], atoi(argv[1]), argv[2]);
	configure();
	capacity();
	places = bytes ? (uint64_t)blocks * 512 / bytes : 0;
	if (!buf || !places)
		errx(1, "no room for blocks of %zu bytes", bytes);

	for (i = 0; i < count; i++) {
		uint32_t at = i % places * (bytes / 512);

		if (random) {
			state = state * 6364136223846793005ull + 1442695040888963407ull;
			at = (state >> 33) % places * (bytes / 512);
		}
		for (done = 0; done < bytes; done += part) {
			part = driven && bytes - done > DRIVEN ? DRIVEN : bytes - done;
			move(writing, at + done / 512, (char *)buf + done, part);
		}
	}
	return 0;
}
