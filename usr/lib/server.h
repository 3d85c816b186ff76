/* SPDX-License-Identifier: GPL-2.0 */
/* A USB/IP server: a stream to it, and the two questions it answers. */
#ifndef HEARTH_SERVER_H
#define HEARTH_SERVER_H

#include <stdint.h>

#include "../format/address.h"
#include "../format/error.h"
#include "../format/usbip.h"

struct server {
	struct address addr;
	int fd;
	int64_t deadline;	/* of all that is done here, CLOCK_MONOTONIC, ms */
	int limit;		/* the same as the user gave it, ms */
};

/*
 * Connects to @addr. Finding its name, connecting and the one question that
 * follows together take no longer than @limit milliseconds. Returns 0 or a
 * negative errno, and then nothing is left open.
 */
int server_connect(struct server *server, const struct address *addr,
		   int limit, struct error *err);

/*
 * Asks for the list of devices; the server closes the connection after it.
 * @list is initialised here; after success the caller clears it. Returns 0 or a
 * negative errno.
 */
int server_list(struct server *server, struct usbip_list *list,
		struct error *err);

/*
 * Asks for the device @busid. After success the connection carries its URBs
 * and blocks again, and @dev (without interfaces) says what it is. Returns 0
 * or a negative errno.
 */
int server_import(struct server *server, const char *busid,
		  struct usbip_device *dev, struct error *err);

void server_close(struct server *server);

#endif
