/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection to hearthd, who says what to announce, and is told what others do. It
 * is made again where it is lost.
 */
#ifndef HEARTH_DISCOVER_REPORT_H
#define HEARTH_DISCOVER_REPORT_H

#include <systemd/sd-event.h>

#include "../format/wire.h"

#define REPORT_SOCKET	"/run/hearth/node/discover"

struct report_ops {
	/* What is to be announced from now on. */
	void (*announce)(const struct wire *announce, void *arg);
	/* hearthd is away: nothing is to be announced. */
	void (*lost)(void *arg);
};

struct report {
	const char *path;
	const struct report_ops *ops;
	void *arg;
	int fd;			/* -1: there is none */
	sd_event_source *io, *again;
	size_t in_size, out_size;
	uint8_t in[1024], out[256 << 10];
};

/* Returns 0 or a negative errno; that hearthd is not there yet is no error. */
int report_start(struct report *report, sd_event *event, const char *path,
		 const struct report_ops *ops, void *arg);
void report_stop(struct report *report);

/*
 * Tells it, unless it is away. Where it does not come to read, what does not fit is
 * forgotten: the network repeats itself.
 */
void report_say(struct report *report, const struct wire *wire);

#endif
