/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bulk-only mass storage in one round trip a command.
 *
 * A driver moves a command block, data and a status, each when the one before
 * is over: three round trips. Here the command block is posted: its URB ends
 * when it is queued. The status is read ahead: its request is sent right
 * behind that of the data, and the driver's URB claims it when it comes.
 *
 * See Documentation/internals/usb.rst. Everything here is called with the
 * connection locked.
 */
#ifndef _HEARTH_VHCI_STORAGE_H
#define _HEARTH_VHCI_STORAGE_H

#include <linux/types.h>
#include <linux/usb/storage.h>

struct urb;
struct vhci_conn;
struct vhci_req;

enum storage_fate {
	STORAGE_WANTED,		/* the driver will read it */
	STORAGE_DOOMED,		/* being cancelled; if it carries data all the
				 * same, the command has failed
				 */
	STORAGE_PURGED,		/* being cancelled; the device is reset */
};

/* What of it is on. */
struct storage_state {
	bool refused;		/* port-attach asked for none of it */
	bool off;		/* no posting: switched off by itself */
	bool no_ahead_out;	/* nothing is read ahead behind data-out */
	const char *why;	/* of off or no_ahead_out; NULL if neither */
};

struct vhci_storage {
	struct storage_state state;
	bool no_ahead_out;		/* not behind data to the device */
	u8 in;				/* endpoint numbers; out 0: none yet */
	u8 out;
	bool data_in;			/* direction of the command's data */
	u32 left;			/* bytes of it no URB has asked for */
	bool fault;			/* the next URB is to fail */
	bool running;			/* a command is posted, no status yet */
	u32 posted;			/* command blocks without an answer */
	struct vhci_req *command;	/* the running one, if it is posted */
	struct vhci_req *data;		/* the last URB of its data, unanswered */
	struct vhci_req *status;	/* read ahead, no URB has claimed it */
	u8 fate;			/* of @status, enum storage_fate */
	struct {			/* a status that came unclaimed */
		bool there;
		int status;
		u32 len;
		u8 buf[US_BULK_CS_WRAP_LEN];
	} ahead;
};

bool storage_submit(struct vhci_conn *conn, struct vhci_req *req);
void storage_control(struct vhci_conn *conn, struct urb *urb);
void storage_reset(struct vhci_conn *conn);
int storage_finished(struct vhci_conn *conn, struct vhci_req *req, int status);
void storage_late(struct vhci_conn *conn, struct vhci_req *req, int status);

#endif /* _HEARTH_VHCI_STORAGE_H */
