// SPDX-License-Identifier: GPL-2.0
/* URBs: which can be carried, how they look on the wire, and giving them back. */
#include <linux/slab.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>

#include "urb.h"

/*
 * A buffer in one piece that is longer than the stock server can allocate in
 * one: it is to take one of pages, as it does for a scatter list.
 */
#define URB_ONE_PIECE	(4 * 1024 * 1024)

/* --- submitting ----------------------------------------------------------- */

/*
 * Packets must lie in order and apart in the buffer: the answer's come end to
 * end and are moved there from behind.
 */
static bool urb_check_packets(struct urb *urb)
{
	struct usb_iso_packet_descriptor *desc;
	u32 end = 0;
	int i;

	if (urb->num_sgs || urb->number_of_packets <= 0 ||
	    urb->number_of_packets > U16_MAX)
		return false;
	for (i = 0; i < urb->number_of_packets; i++) {
		desc = &urb->iso_frame_desc[i];
		if (desc->offset < end ||
		    desc->offset > urb->transfer_buffer_length ||
		    desc->length > urb->transfer_buffer_length - desc->offset)
			return false;
		end = desc->offset + desc->length;
	}
	return true;
}

/* Is the URB one that we can carry? */
bool urb_check(struct urb *urb)
{
	struct scatterlist *sg;
	u64 sum = 0;
	int i;

	if (urb->num_sgs) {
		for_each_sg(urb->sg, sg, urb->num_sgs, i)
			sum += sg->length;
		if (sum < urb->transfer_buffer_length)
			return false;
	} else if (urb->transfer_buffer_length && !urb->transfer_buffer) {
		return false;
	}
	return !usb_pipeisoc(urb->pipe) || urb_check_packets(urb);
}

/* The host gives devices addresses; this one already has one over there. */
bool urb_is_set_address(struct urb *urb)
{
	const struct usb_ctrlrequest *setup = (void *)urb->setup_packet;

	return usb_pipecontrol(urb->pipe) && !usb_pipeendpoint(urb->pipe) &&
	       setup->bRequestType == USB_RECIP_DEVICE &&
	       setup->bRequest == USB_REQ_SET_ADDRESS;
}

/* The packet descriptors of an isochronous URB, as they go over the wire. */
struct req_iso *urb_pack_iso(struct urb *urb, gfp_t gfp)
{
	struct req_iso *iso;
	u32 i;

	iso = kzalloc(struct_size(iso, packet, urb->number_of_packets), gfp);
	if (!iso)
		return NULL;
	iso->n = urb->number_of_packets;
	for (i = 0; i < iso->n; i++) {
		const struct usb_iso_packet_descriptor *desc =
			&urb->iso_frame_desc[i];

		iso->packet[i].offset = cpu_to_be32(desc->offset);
		iso->packet[i].length = cpu_to_be32(desc->length);
	}
	return iso;
}

/**
 * urb_bind() - make a request that of an URB
 * @urb: that urb_check() has found good, linked to its endpoint
 * @req: fresh
 * @iso: from urb_pack_iso(), or NULL if it is not isochronous
 */
void urb_bind(struct urb *urb, struct vhci_req *req, struct req_iso *iso)
{
	req->kind = REQ_URB;
	req->urb = urb;
	req->ep = usb_pipeendpoint(urb->pipe);
	req->dir_in = usb_urb_dir_in(urb);
	req->length = urb->transfer_buffer_length;
	req->isochronous = !!iso;
	req->iso = iso;
	urb->hcpriv = req;
}

/* --- on the wire ---------------------------------------------------------- */

static u32 urb_flags(const struct urb *urb)
{
	u32 flags = urb->transfer_flags &
		    (USBIP_URB_SHORT_NOT_OK | USBIP_URB_ISO_ASAP |
		     USBIP_URB_ZERO_PACKET | USBIP_URB_NO_INTERRUPT);
	u32 length = urb->transfer_buffer_length;

	/* Without bytes the stock server takes it for an error. */
	if (length && (urb->num_sgs || (usb_pipebulk(urb->pipe) &&
					length > URB_ONE_PIECE)))
		flags |= USBIP_URB_DMA_MAP_SG;
	return flags;
}

/*
 * USB/IP has no command for a reset. The stock server resets the device when it
 * sees the request that a hub would get to reset the port, so send that, as
 * other clients do.
 */
static const struct usb_ctrlrequest urb_reset_setup = {
	.bRequestType = USB_RT_PORT,
	.bRequest = USB_REQ_SET_FEATURE,
	.wValue = cpu_to_le16(USB_PORT_FEAT_RESET),
};

/**
 * urb_pack() - the header of what is to be sent of a request
 * @req: of any kind
 * @devid: of the device
 * @hdr: 48 bytes, written; the same ones each time
 */
void urb_pack(const struct vhci_req *req, u32 devid, struct usbip_header *hdr)
{
	struct proto_submit submit = {
		.seq = req->seq,
		.devid = devid,
		.ep = req->ep,
		.in = req->dir_in,
		.length = req->length,
		.packets = req_packets(req),
	};
	const struct urb *urb = req->urb;

	if (req_is_unlink(req)) {
		proto_pack_unlink(hdr, req->seq | REQ_SEQ_UNLINK, devid,
				  req->seq);
		return;
	}
	if (req->kind == REQ_RESET) {
		submit.setup = &urb_reset_setup;
	} else if (req->kind == REQ_URB || req->kind == REQ_STORAGE) {
		submit.flags = urb_flags(urb);
		submit.start_frame = urb->start_frame;
		submit.interval = urb->interval;
		if (usb_pipecontrol(urb->pipe))
			submit.setup = urb->setup_packet;
	}
	proto_pack_submit(hdr, &submit);
}

/* The start of the data of @req, which is its URB's or its own. */
void urb_cursor(const struct vhci_req *req, struct cursor *at)
{
	const struct urb *urb = req->urb;

	if (req->kind == REQ_COMMAND || req->kind == REQ_STATUS)
		cursor_init_buf(at, req->own);
	else if (urb && urb->num_sgs)
		cursor_init_sg(at, urb->sg);
	else
		cursor_init_buf(at, urb ? urb->transfer_buffer : NULL);
}

/* The packets of an answer arrived end to end: put each where it belongs. */
static void urb_spread(struct urb *urb)
{
	u32 from = urb->actual_length;
	int i;

	for (i = urb->number_of_packets - 1; i >= 0; i--) {
		struct usb_iso_packet_descriptor *desc = &urb->iso_frame_desc[i];

		from -= desc->actual_length;
		memmove(urb->transfer_buffer + desc->offset,
			urb->transfer_buffer + from, desc->actual_length);
	}
}

/**
 * urb_unpack_iso() - the packets of an isochronous answer
 * @req: the request; req->iso and its URB's buffer hold what came
 * @answer: its header, checked
 *
 * Return: NULL, or what is wrong with the packets.
 */
const char *urb_unpack_iso(struct vhci_req *req,
			   const struct proto_answer *answer)
{
	u32 actual = answer->actual_length;
	struct urb *urb = req->urb;
	const char *broken;
	u32 total = 0;
	u32 i;

	for (i = 0; i < req->iso->n; i++) {
		struct usb_iso_packet_descriptor *desc = &urb->iso_frame_desc[i];
		const struct usbip_iso *iso = &req->iso->packet[i];

		broken = proto_check_iso(iso, desc->offset, desc->length,
					 &total, actual);
		if (broken)
			return broken;
		desc->actual_length = be32_to_cpu(iso->actual_length);
		desc->status = proto_status((s32)be32_to_cpu(iso->status));
	}
	if (total != actual)
		return "the packets do not sum up to actual_length";
	urb->start_frame = answer->start_frame;
	urb->error_count = answer->error_count;
	if (req->dir_in)
		urb_spread(urb);
	return NULL;
}

/* The URB gets these bytes, which have come before it; there is room. */
void urb_fill(struct urb *urb, const void *buf, u32 len)
{
	if (urb->num_sgs)
		sg_copy_from_buffer(urb->sg, urb->num_sgs, buf, len);
	else
		memcpy(urb->transfer_buffer, buf, len);
	urb->actual_length = len;
}

/**
 * urb_giveback() - an URB goes back to its driver
 * @hcd: of its root hub
 * @req: whose URB it is, and that has none from here on
 * @status: how it ended
 *
 * Called with interrupts off. HCD_BH: its completion runs later, without any
 * lock of ours.
 */
void urb_giveback(struct usb_hcd *hcd, struct vhci_req *req, int status)
{
	struct urb *urb = req->urb;

	req->urb = NULL;
	urb->hcpriv = NULL;
	usb_hcd_unlink_urb_from_ep(hcd, urb);
	usb_hcd_giveback_urb(hcd, urb, status);
}
