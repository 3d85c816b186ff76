// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "wire.h"

#define IN	0x200	/* URB_DIR_IN */
#define SG	0x40000	/* URB_DMA_MAP_SG */

static int sock, corked, scattered;
static uint32_t devid, seq;

static void get(void *buf, size_t len)
{
	if (len && recv(sock, buf, len, MSG_WAITALL) != (ssize_t)len)
		err(1, "server");
}

void wire_import(const char *host, int port, const char *busid)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	uint8_t req[40] = { 0x01, 0x11, 0x80, 0x03 }, rep[8 + 312];
	int one = 1;

	if (inet_pton(AF_INET, host, &addr.sin_addr) != 1)
		errx(1, "%s is no address", host);
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

void wire_scatter(int on)
{
	scattered = on;
}

void wire_cork(int on)
{
	corked = on;
}

uint32_t wire_submit(int ep, int in, const void *setup, const void *buf,
		     uint32_t len)
{
	uint32_t hdr[12] = {
		htonl(1), htonl(++seq), htonl(devid), htonl(in), htonl(ep),
		htonl((in ? IN : 0) | (scattered ? SG : 0)), htonl(len),
	};
	struct iovec iov[2] = {
		{ hdr, sizeof(hdr) },
		{ (void *)buf, in ? 0 : len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (setup)
		memcpy(&hdr[10], setup, 8);
	if (sendmsg(sock, &msg, corked ? MSG_MORE : 0) !=
	    (ssize_t)(iov[0].iov_len + iov[1].iov_len))
		err(1, "send");
	return seq;
}

uint32_t wire_answer(int in, void *buf, uint32_t len, uint32_t *actual)
{
	uint32_t hdr[12];

	get(hdr, sizeof(hdr));
	if (ntohl(hdr[0]) != 3 || hdr[5])
		errx(1, "URB %u: command %u status %d", ntohl(hdr[1]),
		     ntohl(hdr[0]), (int)ntohl(hdr[5]));
	*actual = ntohl(hdr[6]);
	if (*actual > len)
		errx(1, "URB %u: %u bytes of %u", ntohl(hdr[1]), *actual, len);
	if (in)
		get(buf, *actual);
	return ntohl(hdr[1]);
}

uint32_t wire_urb(int ep, int in, const void *setup, void *buf, uint32_t len)
{
	uint32_t sent = wire_submit(ep, in, setup, buf, len), actual;

	if (wire_answer(in, buf, len, &actual) != sent)
		errx(1, "URB %u: not its answer", sent);
	return actual;
}

uint32_t wire_configure(uint8_t *buf, uint32_t len)
{
	const uint8_t get_config[8] = { 0x80, 6, 0, 2, 0, 0, len & 255, len >> 8 };
	uint8_t set_config[8] = { 0, 9 };

	len = wire_urb(0, 1, get_config, buf, len);
	if (len < 9)
		errx(1, "no configuration");
	set_config[2] = buf[5];
	wire_urb(0, 0, set_config, NULL, 0);
	return len;
}
