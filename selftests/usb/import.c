// SPDX-License-Identifier: GPL-2.0
/* OP_REQ_IMPORT of USB/IP. */
#include <err.h>
#include <string.h>
#include <sys/socket.h>

#include "import.h"

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

void import(int fd, const char *busid, uint32_t *devid, uint32_t *speed)
{
	uint8_t req[40] = { 0x01, 0x11, 0x80, 0x03 }, rep[8 + 312];

	strncpy((char *)req + 8, busid, 31);
	if (send(fd, req, sizeof(req), MSG_NOSIGNAL) != sizeof(req) ||
	    recv(fd, rep, 8, MSG_WAITALL) != 8 || rep[7] ||
	    recv(fd, rep + 8, 312, MSG_WAITALL) != 312)
		errx(1, "import of %s refused", busid);
	*devid = be32(rep + 8 + 288) << 16 | be32(rep + 8 + 292);
	*speed = be32(rep + 8 + 296);
}
