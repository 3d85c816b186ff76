/* SPDX-License-Identifier: GPL-2.0 */
/* URBs: which can be carried, how they look on the wire, and giving them back. */
#ifndef _HEARTH_VHCI_URB_H
#define _HEARTH_VHCI_URB_H

#include <linux/usb.h>

#include "cursor.h"
#include "request.h"

struct usb_hcd;

bool urb_check(struct urb *urb);
bool urb_is_set_address(struct urb *urb);
struct req_iso *urb_pack_iso(struct urb *urb, gfp_t gfp);
void urb_bind(struct urb *urb, struct vhci_req *req, struct req_iso *iso);
void urb_pack(const struct vhci_req *req, u32 devid, struct usbip_header *hdr);
void urb_cursor(const struct vhci_req *req, struct cursor *at);
const char *urb_unpack_iso(struct vhci_req *req,
			   const struct proto_answer *answer);
void urb_fill(struct urb *urb, const void *buf, u32 len);
void urb_giveback(struct usb_hcd *hcd, struct vhci_req *req, int status);

/* Bytes behind the header of the submit of @req. */
static inline u32 urb_out_bytes(const struct vhci_req *req)
{
	return req->dir_in ? 0 : req->length;
}

static inline u32 urb_iso_bytes(const struct vhci_req *req)
{
	return req_packets(req) * sizeof(struct usbip_iso);
}

#endif /* _HEARTH_VHCI_URB_H */
