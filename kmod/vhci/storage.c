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
 * sent until that is settled (conn->held).
 *
 * A device has to answer NAK as long as it has nothing to send, so the IN pipe
 * may be read before the command or its data are there. One that stalls it
 * instead is known by the order of the answers: the stall comes before what it
 * should have waited for. It is no longer read ahead of; nor is one whose driver
 * had to reset it in the middle of a posted command, whatever the cause was.
 */
#include <linux/scatterlist.h>

#include "../compat/compat.h"
#include "conn.h"

/* Devices that bear no transfer before its time. */
static const struct {
	u16 vendor;
	u16 product;
} storage_strict[] = {
	/* QEMU's usb-storage: its state machine knows one transfer at a time. */
	{ 0x46f4, 0x0001 },
};

/* --- which URBs ---------------------------------------------------------- */

static bool storage_bears_it(struct usb_device *udev)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(storage_strict); i++)
		if (le16_to_cpu(udev->descriptor.idVendor) ==
		    storage_strict[i].vendor &&
		    le16_to_cpu(udev->descriptor.idProduct) ==
		    storage_strict[i].product)
			return false;
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
	if (st->state.off || st->state.refused || usb_urb_dir_in(urb) || urb->num_sgs ||
	    urb->transfer_buffer_length != US_BULK_CB_WRAP_LEN ||
	    get_unaligned_le32(urb->transfer_buffer) != US_BULK_CB_SIGN)
		return false;
	if (st->out)
		return usb_pipeendpoint(urb->pipe) == st->out;
	return storage_bears_it(urb->dev) && storage_find(st, urb);
}

/* Is the URB for one of the two pipes? */
static bool storage_owns(const struct vhci_storage *st, struct urb *urb)
{
	return st->out && usb_pipeendpoint(urb->pipe) ==
			  (usb_urb_dir_in(urb) ? st->in : st->out);
}

static bool storage_is_status(const struct vhci_storage *st,
			      const struct vhci_req *req)
{
	return req->asked.in && req->asked.length == US_BULK_CS_WRAP_LEN &&
	       !st->left;
}

/* *what: how the device is handled with care from here on. */
static void storage_switch_off(struct vhci_conn *conn, bool *what,
			       const char *why)
{
	struct storage_state *state = &conn->storage.state;

	if (*what)
		return;
	dev_info(conn->hcd->self.controller,
		 "disk of device %#x: no more %s (%s)\n", conn->devid,
		 what == &state->off ? "posting" : "reading ahead behind data",
		 why);
	*what = true;
	state->why = why;
}

/* --- the status read ahead ----------------------------------------------- */

static void storage_read_ahead(struct vhci_conn *conn)
{
	struct vhci_storage *st = &conn->storage;
	struct vhci_req *req;

	if (st->status || st->ahead.there)
		return;
	if (!st->data_in && st->state.no_ahead_out)
		return;
	req = req_get(&conn->reqs);
	if (!req)
		return;
	req->kind = REQ_STATUS;
	req->asked.in = true;
	req->asked.length = US_BULK_CS_WRAP_LEN;
	req->asked.packets = 0;
	conn_pack_submit(conn, req, st->in, 0);
	st->status = req;
	st->fate = STORAGE_WANTED;
	conn_enqueue(conn, req, CONN_LANE_BULK);
}

/* Take the status back, and send nothing else before that is settled. */
static void storage_cancel(struct vhci_conn *conn, enum storage_fate fate)
{
	struct vhci_storage *st = &conn->storage;

	if (!st->status)
		return;
	st->fate = max_t(u8, st->fate, fate);
	if (conn->held)
		return;
	conn->held = true;
	conn_cancel(conn, st->status, -ECONNRESET);
}

/* The driver's URB @req takes the place of our own one. */
static void storage_claim(struct vhci_conn *conn, struct vhci_req *req)
{
	struct vhci_req *status = conn->storage.status;

	conn->storage.status = NULL;
	status->urb = req->urb;
	status->urb->hcpriv = status;
	req->urb = NULL;
	req_put(&conn->reqs, req);
}

static void storage_copy(struct urb *urb, const void *buf, u32 len)
{
	if (urb->num_sgs)
		sg_copy_from_buffer(urb->sg, urb->num_sgs, buf, len);
	else
		memcpy(urb->transfer_buffer, buf, len);
	urb->actual_length = len;
}

/* The URB gets the status that has come already. */
static void storage_give(struct vhci_conn *conn, struct vhci_req *req)
{
	struct vhci_storage *st = &conn->storage;
	int status = st->ahead.status;

	st->ahead.there = false;
	req->urb->actual_length = 0;
	if (st->ahead.len > req->urb->transfer_buffer_length)
		status = -EOVERFLOW;
	else
		storage_copy(req->urb, st->ahead.buf, st->ahead.len);
	req->actual = req->urb->actual_length;
	req->kind = REQ_STORAGE;
	conn_finish(conn, req, status);
}

/* --- what drivers submit ------------------------------------------------- */

static void storage_command(struct vhci_conn *conn, struct vhci_req *req)
{
	struct vhci_storage *st = &conn->storage;
	const struct bulk_cb_wrap *cb = (void *)req->own;

	/* Some devices send the status for data: then nobody reads another. */
	storage_cancel(conn, STORAGE_DOOMED);
	if (st->ahead.status)
		st->ahead.there = false;
	st->fault = false;
	st->left = 0;
	st->command = NULL;
	st->data = NULL;
	/* A server that leaves one unanswered gets no more ahead of it. */
	if (st->posted) {
		conn_queue(conn, req, CONN_LANE_BULK);
		return;
	}
	/* Its data, or the request for its status, will be sent with it. */
	conn_enqueue(conn, req, CONN_LANE_BULK);
	tx_kick_late(conn);

	memcpy(req->own, req->urb->transfer_buffer, US_BULK_CB_WRAP_LEN);
	req->kind = REQ_COMMAND;
	st->posted++;
	st->running = true;
	st->command = req;
	st->left = le32_to_cpu(cb->DataTransferLength);
	st->data_in = cb->Flags & US_BULK_FLAG_IN;
	req->urb->actual_length = US_BULK_CB_WRAP_LEN;
	conn_giveback(conn, req, 0);
}

static void storage_transfer(struct vhci_conn *conn, struct vhci_req *req)
{
	struct vhci_storage *st = &conn->storage;
	bool data = st->left && req->asked.in == st->data_in &&
		    req->asked.length <= st->left;

	req->kind = REQ_STORAGE;
	st->data = data ? req : NULL;
	if (data)
		st->left -= req->asked.length;
	else if (req->asked.in)
		storage_cancel(conn, STORAGE_DOOMED);
	conn_enqueue(conn, req, CONN_LANE_BULK);
	if (data && !st->left)
		storage_read_ahead(conn);
}

/**
 * storage_submit() - send a bulk URB on its way
 * @conn: the connection, locked
 * @req: packed, with its URB linked
 *
 * The URB may have been given back when this returns.
 *
 * Return: true if the caller is to send what is queued: its driver will wait.
 */
bool storage_submit(struct vhci_conn *conn, struct vhci_req *req)
{
	struct vhci_storage *st = &conn->storage;

	if (storage_is_command(st, req->urb)) {
		storage_command(conn, req);
	} else if (!storage_owns(st, req->urb)) {
		conn_queue(conn, req, CONN_LANE_BULK);
	} else if (st->fault) {
		st->fault = false;
		req->urb->actual_length = 0;
		conn_finish(conn, req, -EPROTO);
	} else if (req->asked.in && st->ahead.there) {
		storage_give(conn, req);
	} else if (st->status && st->fate == STORAGE_WANTED &&
		   storage_is_status(st, req)) {
		storage_claim(conn, req);
	} else {
		storage_transfer(conn, req);
		return true;
	}
	return false;
}

/**
 * storage_reset() - the device forgets what it was doing
 * @conn: the connection, locked
 *
 * To be called before the request that resets it is queued.
 */
void storage_reset(struct vhci_conn *conn)
{
	struct vhci_storage *st = &conn->storage;
	struct vhci_req *command;

	if (st->running)
		storage_switch_off(conn, &st->state.off, "its driver resets it");
	st->running = false;
	storage_cancel(conn, STORAGE_PURGED);
	command = st->command;
	st->command = NULL;
	if (command)
		conn_cancel(conn, command, -ECONNRESET);
	st->out = 0;
	st->left = 0;
	st->data = NULL;
	st->fault = false;
	st->ahead.there = false;
}

/**
 * storage_control() - a control URB is about to be queued
 * @conn: the connection, locked
 * @urb: the URB
 *
 * Some requests act on what has been read ahead.
 */
void storage_control(struct vhci_conn *conn, struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (void *)urb->setup_packet;
	struct vhci_storage *st = &conn->storage;

	if (!st->out)
		return;
	switch (setup->bRequestType << 8 | setup->bRequest) {
	case USB_RECIP_DEVICE << 8 | USB_REQ_SET_CONFIGURATION:
	case USB_RECIP_INTERFACE << 8 | USB_REQ_SET_INTERFACE:
	case (USB_TYPE_CLASS | USB_RECIP_INTERFACE) << 8 | US_BULK_RESET_REQUEST:
		storage_reset(conn);
		break;
	case USB_RECIP_ENDPOINT << 8 | USB_REQ_CLEAR_FEATURE:
		if (le16_to_cpu(setup->wIndex) == (USB_DIR_IN | st->in))
			storage_cancel(conn, STORAGE_DOOMED);
		break;
	}
}

/* --- what comes back ----------------------------------------------------- */

/*
 * The command cannot be carried on, and its driver has been told that it was
 * sent: what the driver waits for fails, or else what it submits next. With
 * -EPROTO it resets the device, as it does when a command block fails.
 */
static void storage_fail(struct vhci_conn *conn)
{
	struct vhci_storage *st = &conn->storage;
	struct vhci_req *req;
	u32 i;

	st->left = 0;
	st->fault = true;
	storage_cancel(conn, STORAGE_DOOMED);
	for (i = 0; (req = req_at(&conn->reqs, i)); i++) {
		if (req->kind < REQ_STORAGE || !req->urb)
			continue;
		st->fault = false;
		req->fault = true;
		conn_cancel(conn, req, -EPROTO);
	}
}

/* Was the IN pipe stalled by our reading it before the device was ready? */
static bool storage_was_early(struct vhci_conn *conn, struct vhci_req *req,
			      int status)
{
	struct vhci_storage *st = &conn->storage;

	if (status != -EPIPE || !req->asked.in)
		return false;
	if (req->kind == REQ_STATUS && st->data && !st->data_in)
		storage_switch_off(conn, &st->state.no_ahead_out, "early stall");
	else if (st->command)
		storage_switch_off(conn, &st->state.off, "early stall");
	else
		return false;
	return true;
}

/*
 * The answer to the first reading of the pipe was a stall, and now something
 * else than a status came: the stall was early after all.
 */
static void storage_check_status(struct vhci_conn *conn, struct vhci_req *req,
				 int status)
{
	const void *buf = req->urb->transfer_buffer;

	if (status == -EOVERFLOW ||
	    (!status && req->actual >= sizeof(__le32) && !req->urb->num_sgs &&
	     get_unaligned_le32(buf) != US_BULK_CS_SIGN))
		storage_switch_off(conn, &conn->storage.state.off, "no status");
	conn->storage.running &= status != 0;
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
		return !req->asked.in;
	default:
		return false;
	}
}

static void storage_keep(struct vhci_conn *conn, struct vhci_req *req,
			 int status)
{
	struct vhci_storage *st = &conn->storage;

	st->status = NULL;
	if (conn->held) {
		conn->held = false;
		tx_kick(conn);
	}
	if (st->fate == STORAGE_WANTED) {
		st->ahead.there = true;
		st->ahead.status = status;
		st->ahead.len = req->actual;
		memcpy(st->ahead.buf, req->own, req->actual);
	} else if (st->fate == STORAGE_DOOMED && !status) {
		storage_fail(conn);
	}
}

static void storage_command_done(struct vhci_conn *conn, struct vhci_req *req,
				 int status)
{
	struct vhci_storage *st = &conn->storage;

	st->posted--;
	if (req != st->command)
		return;
	st->command = NULL;
	if (status || req->actual != US_BULK_CB_WRAP_LEN)
		storage_fail(conn);
}

static int storage_urb_done(struct vhci_conn *conn, struct vhci_req *req,
			    int status)
{
	struct vhci_storage *st = &conn->storage;
	bool early = storage_was_early(conn, req, status);

	if (req == st->data) {
		st->data = NULL;
		/* Clearing the halt is not enough: the data is still to come. */
		req->fault |= early;
	} else if (storage_is_status(st, req)) {
		storage_check_status(conn, req, status);
	}
	if (req->fault)
		status = -EPROTO;
	if (!storage_status_follows(req, status))
		storage_cancel(conn, STORAGE_DOOMED);
	return status;
}

static int storage_status_done(struct vhci_conn *conn, struct vhci_req *req,
			       int status)
{
	storage_was_early(conn, req, status);
	if (!req->urb) {
		storage_keep(conn, req, status);
		return status;
	}
	storage_copy(req->urb, req->own, req->actual);
	if (req->fault)
		return -EPROTO;
	storage_check_status(conn, req, status);
	return status;
}

/**
 * storage_finished() - a request is over
 * @conn: the connection, locked
 * @req: of any kind; its URB, if it has one, is about to be given back
 * @status: how it ended
 *
 * Return: the status for the URB.
 */
int storage_finished(struct vhci_conn *conn, struct vhci_req *req, int status)
{
	switch (req->kind) {
	case REQ_COMMAND:
		storage_command_done(conn, req, status);
		return status;
	case REQ_STORAGE:
		return storage_urb_done(conn, req, status);
	case REQ_STATUS:
		return storage_status_done(conn, req, status);
	default:
		return status;
	}
}

/**
 * storage_late() - an answer came behind that to its unlink
 * @conn: the connection, locked
 * @req: whose answer is dropped
 * @status: how it ended
 *
 * If it was the status of a command, nobody will get that now.
 */
void storage_late(struct vhci_conn *conn, struct vhci_req *req, int status)
{
	if (req->kind == REQ_STATUS && !status &&
	    conn->storage.fate == STORAGE_DOOMED)
		storage_fail(conn);
}
