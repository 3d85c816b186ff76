// SPDX-License-Identifier: GPL-2.0
/*
 * diskwire - the same I/O as diskio's, as bare USB/IP messages from userspace
 *
 *   diskwire PORT BUSID read|write|random BYTES COUNT
 *
 * Imports a bulk-only disk from 127.0.0.1:PORT and sends the messages that a
 * controller would send for each command: the command block, the data, the
 * status, each after the answer to the one before. There is no USB stack and no
 * block layer in it, so it is a limit: what the messages alone cost.
 *
 * Sources: USB/IP 1.1.1; USB Mass Storage Class, Bulk-Only Transport 1.0.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define EP_MAX	16

static int sock;
static uint32_t devid, seq, blocks;
static int ep_in, ep_out;

static void get(void *buf, size_t len)
{
	if (len && recv(sock, buf, len, MSG_WAITALL) != (ssize_t)len)
		err(1, "server");
}

/* One URB: submit, and wait for its answer. Returns the bytes moved. */
static uint32_t urb(int ep, int in, const void *setup, void *buf, uint32_t len)
{
	uint32_t hdr[12] = {
		htonl(1), htonl(++seq), htonl(devid), htonl(in), htonl(ep),
		htonl(in ? 0x200 : 0), htonl(len),
	};
	struct iovec iov[2] = { { hdr, sizeof(hdr) }, { buf, in ? 0 : len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	uint32_t actual;

	if (setup)
		memcpy(&hdr[10], setup, 8);
	if (sendmsg(sock, &msg, 0) != (ssize_t)(iov[0].iov_len + iov[1].iov_len))
		err(1, "send");
	get(hdr, sizeof(hdr));
	if (ntohl(hdr[0]) != 3 || ntohl(hdr[1]) != seq || hdr[5])
		errx(1, "URB %u: command %u status %d", seq, ntohl(hdr[0]),
		     (int)ntohl(hdr[5]));
	actual = ntohl(hdr[6]);
	if (actual > len)
		errx(1, "URB %u: %u bytes of %u", seq, actual, len);
	if (in)
		get(buf, actual);
	return actual;
}

/* One SCSI command. Returns its status: 0 is good. */
static int command(const uint8_t *cdb, int cdb_len, int in, void *buf,
		   uint32_t len)
{
	uint8_t cbw[31] = "USBC", csw[13];

	memcpy(cbw + 4, &seq, 4);
	memcpy(cbw + 8, &len, 4);	/* little-endian, as this machine is */
	cbw[12] = in ? 0x80 : 0;
	cbw[14] = cdb_len;
	memcpy(cbw + 15, cdb, cdb_len);
	urb(ep_out, 0, NULL, cbw, sizeof(cbw));
	if (len)
		urb(in ? ep_in : ep_out, in, NULL, buf, len);
	urb(ep_in, 1, NULL, csw, sizeof(csw));
	if (memcmp(csw, "USBS", 4))
		errx(1, "command %#x: no status", cdb[0]);
	return csw[12];
}

static void import(int port, const char *busid)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	uint8_t req[40] = { 0x01, 0x11, 0x80, 0x03 }, rep[8 + 312];
	int one = 1;

	sock = socket(AF_INET, SOCK_STREAM, 0);
	if (sock < 0 || connect(sock, (void *)&addr, sizeof(addr)))
		err(1, "connect");
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	strncpy((char *)req + 8, busid, 31);
	if (send(sock, req, sizeof(req), 0) != sizeof(req))
		err(1, "import");
	get(rep, 8);
	if (rep[7])
		errx(1, "import of %s refused: %u", busid, rep[7]);
	get(rep + 8, 312);
	devid = (uint32_t)rep[8 + 291] << 16 | rep[8 + 295];
}

/* Set the first configuration, and find the bulk endpoints. */
static void configure(void)
{
	const uint8_t get_config[8] = { 0x80, 6, 0, 2, 0, 0, 255, 0 };
	uint8_t set_config[8] = { 0, 9 }, buf[255];
	uint32_t len, i;

	len = urb(0, 1, get_config, buf, sizeof(buf));
	if (len < 9)
		errx(1, "no configuration");
	for (i = 0; i + 2 <= len && buf[i] >= 2; i += buf[i])
		if (buf[i + 1] == 5 && i + 4 <= len && (buf[i + 3] & 3) == 2)
			*(buf[i + 2] & 0x80 ? &ep_in : &ep_out) = buf[i + 2] & 15;
	if (!ep_in || !ep_out)
		errx(1, "no bulk endpoints");
	set_config[2] = buf[5];
	urb(0, 0, set_config, NULL, 0);
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

int main(int argc, char **argv)
{
	uint64_t i, state = 1, places;
	size_t bytes, count;
	int writing, random;
	void *buf;

	if (argc != 6)
		errx(1, "usage: diskwire PORT BUSID read|write|random BYTES COUNT");
	writing = !strcmp(argv[3], "write");
	random = !strcmp(argv[3], "random");
	bytes = strtoul(argv[4], NULL, 0);
	count = strtoul(argv[5], NULL, 0);
	buf = calloc(1, bytes);
	import(atoi(argv[1]), argv[2]);
	configure();
	capacity();
	places = bytes ? (uint64_t)blocks * 512 / bytes : 0;
	if (!buf || !places)
		errx(1, "no room for blocks of %zu bytes", bytes);

	for (i = 0; i < count; i++) {
		uint32_t n = bytes / 512, lba = i % places * n;
		uint8_t cdb[10] = { writing ? 0x2a : 0x28 };

		if (random) {
			state = state * 6364136223846793005ull + 1442695040888963407ull;
			lba = (state >> 33) % places * n;
		}
		cdb[2] = lba >> 24;
		cdb[3] = lba >> 16;
		cdb[4] = lba >> 8;
		cdb[5] = lba;
		cdb[7] = n >> 8;
		cdb[8] = n;
		if (command(cdb, sizeof(cdb), !writing, buf, bytes))
			errx(1, "%s of block %u failed", argv[3], lba);
	}
	return 0;
}
