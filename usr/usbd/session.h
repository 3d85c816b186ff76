/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client and the device that it has, from the import to the end: what it asks for goes to
 * libusb, and what comes of that back to it. Nothing here blocks, but for what the kernel
 * carries out at once (device_special()), and what a session holds of memory is bounded:
 * where it is too much nothing more is read from the client until less is.
 */
#ifndef HEARTH_USBD_SESSION_H
#define HEARTH_USBD_SESSION_H

#include <systemd/sd-event.h>

#include "device.h"
#include "inbox.h"
#include "outbox.h"

struct session {
	struct device *device;
	sd_event *event;
	uint32_t devid;
	sd_event_source *io, *silence, *retry, *more;
	struct request_table table;
	struct inbox inbox;
	struct outbox outbox;
	/* what is arriving: a header, then data and packets of a request */
	enum { SESSION_HEADER, SESSION_DATA, SESSION_PACKETS } arriving;
	struct request *request;
	uint8_t header[URB_HEADER];
	/* those that wait, in their order */
	struct request *waiting, *last_waiting;
	uint64_t waits_since;	/* CLOCK_MONOTONIC, microseconds */
	unsigned int running;	/* at the device */
	unsigned int controls;	/* of these, at endpoint 0 */
	bool over;
	struct error why;
};

/*
 * Begins with a client behind @fd, which has its import's answer. Returns 0 or a negative
 * errno. Later the session may end by itself: it is over then, and the loop ends, too.
 */
int session_start(struct session *session, sd_event *event,
		  struct device *device, int fd, uint32_t devid,
		  struct error *err);

/* Has something changed at libusb? To be called in each turn in which it may have. */
void session_go_on(struct session *session);

/* Ends it, for that reason, unless it is over already. */
void session_end(struct session *session, int code, const char *why);

/*
 * Takes back all that the device was asked for. Returns false where it does not give it back
 * in time: then nothing of it may be freed.
 */
bool session_stop(struct session *session);

#endif
