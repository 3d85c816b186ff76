/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bulk-only mass storage in one round trip a command: a filter on bulk URBs.
 *
 * A driver moves a command block, data and a status, each when the one before
 * is over: three round trips. Here the command block is posted: its URB ends
 * when it is queued. The status is read ahead: its request is sent right
 * behind that of the data, and the driver's URB claims it when it comes.
 *
 * See Documentation/internals/usb.rst. Everything here is called with the lock
 * of the table of requests held. It needs no socket: what it does goes through
 * that table and struct storage_ops.
 */
#ifndef _HEARTH_VHCI_STORAGE_H
#define _HEARTH_VHCI_STORAGE_H

#include <linux/types.h>
#include <linux/usb/storage.h>

#include "request.h"

struct urb;
struct vhci_storage;

/* What becomes of a bulk URB's request. */
enum storage_verdict {
	STORAGE_PASS,	/* to be sent; if it is a REQ_STORAGE, at once: its
			 * driver will do nothing but wait for it
			 */
	STORAGE_HOLD,	/* to be sent with what will follow, or soon */
	STORAGE_DONE,	/* it is over, or another took its URB over */
};

enum storage_fate {
	STORAGE_WANTED,		/* the driver will read it */
	STORAGE_DOOMED,		/* being cancelled; if it carries data all the
				 * same, the command has failed
				 */
	STORAGE_PURGED,		/* being cancelled; the device is reset */
};

/* What a filter calls. */
struct storage_ops {
	/* Send @req behind the one that is filtered. */
	void (*queue)(struct vhci_storage *st, struct vhci_req *req);
	/* The URB of @req goes back to its driver; @req itself goes on. */
	void (*giveback)(struct vhci_storage *st, struct vhci_req *req,
			 int status);
	/* Nothing but unlinks is to be sent, or all again. */
	void (*hold)(struct vhci_storage *st, bool hold);
	/* Something was switched off, and why; for the log. */
	void (*told)(struct vhci_storage *st, const char *what,
		     const char *why);
};

/* What of it is on. */
struct storage_state {
	bool refused;		/* port-attach asked for none of it */
	bool off;		/* no posting: switched off by itself */
	bool no_ahead_out;	/* nothing is read ahead behind data-out */
	const char *why;	/* of off or no_ahead_out; NULL if neither */
};

struct vhci_storage {
	const struct storage_ops *ops;
	struct req_table *reqs;
	struct storage_state state;
	u8 in;				/* endpoint numbers; out 0: none yet */
	u8 out;
	bool stale;			/* they are looked for anew */
	bool data_in;			/* direction of the command's data */
	u32 left;			/* bytes of it no URB has asked for */
	bool fault;			/* the next URB is to fail */
	bool running;			/* a command is posted, no status yet */
	bool held;
	struct vhci_req *posted;	/* command block without an answer */
	struct vhci_req *command;	/* the running one, if it is posted */
	struct vhci_req *data;		/* the last URB of its data, unanswered */
	struct vhci_req *status;	/* read ahead, no URB has claimed it */
	struct vhci_req *reader;	/* the same, or claimed: @csw is in use */
	u8 fate;			/* of @status, enum storage_fate */
	struct {			/* a status that came unclaimed */
		bool there;
		int status;
		u32 len;
		u8 buf[US_BULK_CS_WRAP_LEN];
	} ahead;
	u8 cb[US_BULK_CB_WRAP_LEN] __aligned(4);	/* of @posted */
	u8 csw[US_BULK_CS_WRAP_LEN] __aligned(4);	/* of @reader */
};

void storage_init(struct vhci_storage *st, struct req_table *reqs,
		  const struct storage_ops *ops);
enum storage_verdict storage_submit(struct vhci_storage *st,
				    struct vhci_req *req);
void storage_control(struct vhci_storage *st, struct urb *urb);
void storage_reset(struct vhci_storage *st);
int storage_done(struct vhci_storage *st, struct vhci_req *req, int status);
void storage_late(struct vhci_storage *st, struct vhci_req *req, int status);

#endif /* _HEARTH_VHCI_STORAGE_H */
