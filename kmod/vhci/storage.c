// SPDX-License-Identifier: GPL-2.0
/*
 * Bulk-only mass storage: posted commands, and status read ahead.
 *
 * Sources: Universal Serial Bus Mass Storage Class, Bulk-Only Transport 1.0,
 * sections 5 and 6; drivers/usb/storage/transport.c for what a driver does.
 *
 * A status that was read ahead is the next packet of the IN pipe, so the next
 * URB of that pipe gets it. What must not happen is that the device takes the
 * request for another transfer than it was meant for: when the driver does
 * anything else, the request is cancelled first, and nothing but unlinks is
 * sent until that is settled (held).
 *
 * A device has to answer NAK as long as it has nothing to send, so the IN pipe
 * may be read before the command or its data are there. One that stalls it
 * instead is known by the order of the answers: the stall comes before what it
 * should have waited for. It is no longer read ahead of; nor is one whose driver
 * had to reset it in the middle of a posted command, whatever the cause was.
 */
#include <linux/jiffies.h>
#include <linux/usb.h>

#include "../compat/compat.h"
#include "storage.h"
#include "urb.h"

/* Devices that bear no transfer before its time. */
static const struct {
	u16 vendor;
	u16 product;
	const char *why;
} storage_strict[] = {
	{ 0x46f4, 0x0001, "QEMU's disk knows one transfer at a time" },
	/*
	 * US_FL_GO_SLOW in drivers/usb/storage/unusual_devs.h: these want a pause
	 * between the command block and what follows, which the driver makes and
	 * posting would swallow.
	 */
	{ 0x059f, 0x0643, "wants a pause behind a command" },
	{ 0x05e3, 0x0701, "wants a pause behind a command" },
	{ 0x05e3, 0x0702, "wants a pause behind a command" },
	{ 0x067b, 0x2507, "wants a pause behind a command" },
	{ 0x067b, 0x3507, "wants a pause behind a command" },
	{ 0x0ed1, 0x7636, "wants a pause behind a command" },
	{ 0x2735, 0x100b, "wants a pause behind a command" },
};

/* *what: how the device is handled with care from here on. */
static void storage_switch_off(struct vhci_storage *st, bool *what,
			       const char *why)
{
	if (*what)
		return;
	*what = true;
	st->state.why = why;
	st->ops->told(st, what == &st->state.off ? "posting" :
		      "reading ahead behind data", why);
}

/* --- which URBs ---------------------------------------------------------- */

static bool storage_bears_it(struct vhci_storage *st, struct usb_device *udev)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(storage_strict); i++) {
		if (le16_to_cpu(udev->descriptor.idVendor) !=
		    storage_strict[i].vendor ||
		    le16_to_cpu(udev->descriptor.idProduct) !=
		    storage_strict[i].product)
			continue;
		storage_switch_off(st, &st->state.off, storage_strict[i].why);
		return false;
	}
	return true;
}

/*
 * The interface of @urb's endpoint, if it is mass storage. The URB is linked
 * to its endpoint, so the core cannot take the configuration away.
 */
static bool storage_find(struct vhci_storage *st, struct urb *urb)
{
	struct usb_host_config *config = urb->dev->actconfig;
	int i;

	for (i = 0; config && i < config->desc.bNumInterfaces; i++) {
		struct usb_interface *intf = config->interface[i];
		struct usb_endpoint_descriptor *in, *out;
		struct usb_host_interface *alt;

		if (!intf)
			continue;
		alt = intf->cur_altsetting;
		if (alt->desc.bInterfaceClass != USB_CLASS_MASS_STORAGE ||
		    alt->desc.bInterfaceSubClass != USB_SC_SCSI ||
		    alt->desc.bInterfaceProtocol != USB_PR_BULK ||
		    usb_find_common_endpoints(alt, &in, &out, NULL, NULL) ||
		    usb_endpoint_num(out) != usb_pipeendpoint(urb->pipe))
			continue;
		st->in = usb_endpoint_num(in);
		st->out = usb_endpoint_num(out);
		return true;
	}
	return false;
}

/* Is the URB a command block? One interface of a device is looked after. */
static bool storage_is_command(struct vhci_storage *st, struct urb *urb)
{
	if (st->state.off || st->state.refused || usb_urb_dir_in(urb) ||
	    urb->num_sgs ||
	    urb->transfer_buffer_length != US_BULK_CB_WRAP_LEN ||
	    get_unaligned_le32(urb->transfer_buffer) != US_BULK_CB_SIGN)
		return false;
	if (st->out && !st->stale)
		return usb_pipeendpoint(urb->pipe) == st->out;
	st->out = 0;
	st->stale = false;
	if (storage_find(st, urb) && !storage_bears_it(st, urb->dev))
		st->out = 0;
	return st->out;
}

/* Is the request for one of the two pipes? */
static bool storage_owns(const struct vhci_storage *st,
			 const struct vhci_req *req)
{
	return st->out && req->ep == (req->dir_in ? st->in : st->out);
}

static bool storage_is_status(const struct vhci_storage *st,
			      const struct vhci_req *req)
{
	return req->dir_in && req->length == US_BULK_CS_WRAP_LEN && !st->left;
}

/* --- the status read ahead ----------------------------------------------- */

static void storage_read_ahead(struct vhci_storage *st)
{
	struct vhci_req *req;

	if (st->reader || st->ahead.there)
		return;
	if (!st->data_in && st->state.no_ahead_out)
		return;
	req = req_get(st->reqs, REQ_RESERVE);
	if (!req)
		return;
	req->kind = REQ_STATUS;
	req->dir_in = true;
	req->ep = st->in;
	req->length = US_BULK_CS_WRAP_LEN;
	req->own = st->csw;
	st->status = req;
	st->reader = req;
	st->fate = STORAGE_WANTED;
	st->ops->queue(st, req);
}

/* Take the status back, and send nothing else before that is settled. */
static void storage_cancel(struct vhci_storage *st, enum storage_fate fate)
{
	if (!st->status)
		return;
	st->fate = max_t(u8, st->fate, fate);
	if (st->held)
		return;
	st->held = true;
	st->ops->hold(st, true);
	req_cancel(st->reqs, st->status, -ECONNRESET, (u32)jiffies);
}

/* The driver's URB @req takes the place of our own one. */
static void storage_claim(struct vhci_storage *st, struct vhci_req *req)
{
	struct vhci_req *status = st->status;

	st->status = NULL;
	status->urb = req->urb;
	status->urb->hcpriv = status;
	req->urb = NULL;
	req_drop(st->reqs, req);
}

/* The URB gets the status that has come already. */
static void storage_give(struct vhci_storage *st, struct vhci_req *req)
{
	int status = st->ahead.status;

	st->ahead.there = false;
	req->urb->actual_length = 0;
	if (st->ahead.len > req->urb->transfer_buffer_length)
		status = -EOVERFLOW;
	else
		urb_fill(req->urb, st->ahead.buf, st->ahead.len);
	req->actual = req->urb->actual_length;
	req->kind = REQ_STORAGE;
	req_end(st->reqs, req, status);
}

/* --- what drivers submit ------------------------------------------------- */

static enum storage_verdict storage_command(struct vhci_storage *st,
					    struct vhci_req *req)
{
	const struct bulk_cb_wrap *cb = (void *)st->cb;

	/* Some devices send the status for data: then nobody reads another. */
	storage_cancel(st, STORAGE_DOOMED);
	if (st->ahead.status)
		st->ahead.there = false;
	st->fault = false;
	st->left = 0;
	st->command = NULL;
	st->data = NULL;
	/* A server that leaves one unanswered gets no more ahead of it. */
	if (st->posted)
		return STORAGE_PASS;

	memcpy(st->cb, req->urb->transfer_buffer, US_BULK_CB_WRAP_LEN);
	req->kind = REQ_COMMAND;
	req->own = st->cb;
	st->posted = req;
	st->running = true;
	st->command = req;
	st->left = le32_to_cpu(cb->DataTransferLength);
	st->data_in = cb->Flags & US_BULK_FLAG_IN;
	req->urb->actual_length = US_BULK_CB_WRAP_LEN;
	st->ops->giveback(st, req, 0);
	/* Its data, or the request for its status, will be sent with it. */
	return STORAGE_HOLD;
}

static void storage_transfer(struct vhci_storage *st, struct vhci_req *req)
{
	bool data = st->left && req->dir_in == st->data_in &&
		    req->length <= st->left;

	req->kind = REQ_STORAGE;
	st->data = data ? req : NULL;
	if (data)
		st->left -= req->length;
	else if (req->dir_in)
		storage_cancel(st, STORAGE_DOOMED);
	st->ops->queue(st, req);
	if (data && !st->left)
		storage_read_ahead(st);
}

/**
 * storage_submit() - a bulk URB is submitted
 * @st: the filter
 * @req: fresh, with its URB linked
 *
 * Return: what becomes of @req. What passes or is held has been queued.
 */
enum storage_verdict storage_submit(struct vhci_storage *st,
				    struct vhci_req *req)
{
	enum storage_verdict verdict = STORAGE_DONE;

	if (storage_is_command(st, req->urb)) {
		verdict = storage_command(st, req);
		st->ops->queue(st, req);
	} else if (!storage_owns(st, req)) {
		verdict = STORAGE_PASS;
		st->ops->queue(st, req);
	} else if (st->fault) {
		st->fault = false;
		req->urb->actual_length = 0;
		req_end(st->reqs, req, -EPROTO);
	} else if (req->dir_in && st->ahead.there) {
		storage_give(st, req);
	} else if (st->status && st->fate == STORAGE_WANTED &&
		   storage_is_status(st, req)) {
		storage_claim(st, req);
	} else {
		verdict = STORAGE_PASS;
		storage_transfer(st, req);
	}
	return verdict;
}

/**
 * storage_reset() - the device forgets what it was doing
 * @st: the filter
 *
 * To be called before the request that resets it is queued. A command block
 * that has not left is not sent any more, though its driver was told that it
 * was: on a cable the device would have forgotten it now. What the driver still
 * moves for it fails.
 */
void storage_reset(struct vhci_storage *st)
{
	struct vhci_req *command = st->command;

	if (st->running)
		storage_switch_off(st, &st->state.off, "its driver resets it");
	st->running = false;
	storage_cancel(st, STORAGE_PURGED);
	st->command = NULL;
	st->fault = command && command->out == REQ_QUEUED;
	st->stale = true;
	st->left = 0;
	st->data = NULL;
	st->ahead.there = false;
	if (command)
		req_cancel(st->reqs, command, -ECONNRESET, (u32)jiffies);
}

/* The pipes may be another interface's from here on. */
static void storage_forget(struct vhci_storage *st)
{
	storage_reset(st);
	st->fault = false;
	st->out = 0;
}

/**
 * storage_control() - a control URB is about to be queued
 * @st: the filter
 * @urb: the URB
 *
 * Some requests act on what has been read ahead.
 */
void storage_control(struct vhci_storage *st, struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (void *)urb->setup_packet;

	if (!st->out)
		return;
	switch (setup->bRequestType << 8 | setup->bRequest) {
	case USB_RECIP_DEVICE << 8 | USB_REQ_SET_CONFIGURATION:
	case USB_RECIP_INTERFACE << 8 | USB_REQ_SET_INTERFACE:
		storage_forget(st);
		break;
	case (USB_TYPE_CLASS | USB_RECIP_INTERFACE) << 8 | US_BULK_RESET_REQUEST:
		storage_reset(st);
		break;
	case USB_RECIP_ENDPOINT << 8 | USB_REQ_CLEAR_FEATURE:
		if (le16_to_cpu(setup->wIndex) == (USB_DIR_IN | st->in))
			storage_cancel(st, STORAGE_DOOMED);
		break;
	}
}

/* --- what comes back ----------------------------------------------------- */

/*
 * The command cannot be carried on, and its driver has been told that it was
 * sent: what the driver waits for fails, or else what it submits next. With
 * -EPROTO it resets the device, as it does when a command block fails.
 */
static void storage_fail(struct vhci_storage *st)
{
	struct vhci_req *req;
	u32 i;

	st->left = 0;
	st->fault = true;
	storage_cancel(st, STORAGE_DOOMED);
	for (i = 0; (req = req_at(st->reqs, i)); i++) {
		if (req->kind < REQ_STORAGE || !req->urb)
			continue;
		st->fault = false;
		req->fault = true;
		req_cancel(st->reqs, req, -EPROTO, (u32)jiffies);
	}
}

/* Was the IN pipe stalled by our reading it before the device was ready? */
static bool storage_was_early(struct vhci_storage *st, struct vhci_req *req,
			      int status)
{
	if (status != -EPIPE || !req->dir_in)
		return false;
	if (req->kind == REQ_STATUS && st->data && !st->data_in)
		storage_switch_off(st, &st->state.no_ahead_out, "early stall");
	else if (st->command)
		storage_switch_off(st, &st->state.off, "early stall");
	else
		return false;
	return true;
}

/*
 * The answer to the first reading of the pipe was a stall, and now something
 * else than a status came: the stall was early after all.
 */
static void storage_check_status(struct vhci_storage *st, struct vhci_req *req,
				 int status)
{
	const void *buf = req->urb->transfer_buffer;

	if (status == -EOVERFLOW ||
	    (!status && req->actual >= sizeof(__le32) && !req->urb->num_sgs &&
	     get_unaligned_le32(buf) != US_BULK_CS_SIGN))
		storage_switch_off(st, &st->state.off, "no status");
	st->running &= status != 0;
}

/* Does the device send its status after a transfer that ended like this? */
static bool storage_status_follows(const struct vhci_req *req, int status)
{
	switch (status) {
	case 0:
	case -EREMOTEIO:	/* short */
	case -EOVERFLOW:
		return true;
	case -EPIPE:		/* a halted IN pipe has none before it is cleared */
		return !req->dir_in;
	default:
		return false;
	}
}

static void storage_keep(struct vhci_storage *st, struct vhci_req *req,
			 int status)
{
	st->status = NULL;
	if (st->held) {
		st->held = false;
		st->ops->hold(st, false);
	}
	if (st->fate == STORAGE_WANTED) {
		st->ahead.there = true;
		st->ahead.status = status;
		st->ahead.len = req->actual;
		memcpy(st->ahead.buf, st->csw, req->actual);
	} else if (st->fate == STORAGE_DOOMED && !status) {
		storage_fail(st);
	}
}

static void storage_command_done(struct vhci_storage *st, struct vhci_req *req,
				 int status)
{
	st->posted = NULL;
	if (req != st->command)
		return;
	st->command = NULL;
	if (status || req->actual != US_BULK_CB_WRAP_LEN)
		storage_fail(st);
}

static int storage_urb_done(struct vhci_storage *st, struct vhci_req *req,
			    int status)
{
	bool early = storage_was_early(st, req, status);

	if (req == st->data) {
		st->data = NULL;
		/* Clearing the halt is not enough: the data is still to come. */
		req->fault |= early;
	} else if (storage_is_status(st, req)) {
		storage_check_status(st, req, status);
	}
	if (req->fault)
		status = -EPROTO;
	if (!storage_status_follows(req, status))
		storage_cancel(st, STORAGE_DOOMED);
	return status;
}

static int storage_status_done(struct vhci_storage *st, struct vhci_req *req,
			       int status)
{
	storage_was_early(st, req, status);
	/* Nobody writes to the buffer that is copied from below. */
	st->reader = NULL;
	if (!req->urb) {
		storage_keep(st, req, status);
		return status;
	}
	urb_fill(req->urb, st->csw, req->actual);
	if (req->fault)
		return -EPROTO;
	storage_check_status(st, req, status);
	return status;
}

/**
 * storage_done() - a request is over
 * @st: the filter
 * @req: of any kind; its URB, if it has one, is about to be given back
 * @status: how it ended
 *
 * Return: the status for the URB.
 */
int storage_done(struct vhci_storage *st, struct vhci_req *req, int status)
{
	switch (req->kind) {
	case REQ_COMMAND:
		storage_command_done(st, req, status);
		return status;
	case REQ_STORAGE:
		return storage_urb_done(st, req, status);
	case REQ_STATUS:
		return storage_status_done(st, req, status);
	default:
		return status;
	}
}

/**
 * storage_late() - an answer came behind that to its unlink
 * @st: the filter
 * @req: whose answer is dropped
 * @status: how it ended
 *
 * If it was the status of a command, nobody will get that now.
 */
void storage_late(struct vhci_storage *st, struct vhci_req *req, int status)
{
	if (req->kind == REQ_STATUS && !status &&
	    st->fate == STORAGE_DOOMED)
		storage_fail(st);
}

void storage_init(struct vhci_storage *st, struct req_table *reqs,
		  const struct storage_ops *ops)
{
	st->reqs = reqs;
	st->ops = ops;
}
