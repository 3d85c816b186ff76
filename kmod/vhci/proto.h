/* SPDX-License-Identifier: GPL-2.0 */
/*
 * USB/IP 1.1.1 after the import: messages of a connected device.
 *
 * Source: Documentation/usb/usbip_protocol.rst of the kernel tree. All fields
 * are big-endian. This file and proto.c are pure: they neither sleep nor lock
 * nor allocate, and are built for userspace too, where a fuzzer feeds them.
 */
#ifndef _HEARTH_VHCI_PROTO_H
#define _HEARTH_VHCI_PROTO_H

#ifdef __KERNEL__
#include <linux/types.h>
#else	/* the fuzzer; it defines __packed */
#include <stdbool.h>
#include <linux/types.h>
typedef __u32 u32;
typedef __s32 s32;
#endif

enum usbip_command {
	USBIP_CMD_SUBMIT = 1,
	USBIP_CMD_UNLINK = 2,
	USBIP_RET_SUBMIT = 3,
	USBIP_RET_UNLINK = 4,
};

#define USBIP_DIR_OUT	0
#define USBIP_DIR_IN	1

/* transfer_flags on the wire; the numbers are those of include/linux/usb.h */
#define USBIP_URB_SHORT_NOT_OK	0x0001
#define USBIP_URB_ISO_ASAP	0x0002
#define USBIP_URB_ZERO_PACKET	0x0040
#define USBIP_URB_NO_INTERRUPT	0x0080
#define USBIP_URB_DIR_IN	0x0200
#define USBIP_URB_DMA_MAP_SG	0x00040000

/* Every message starts with these 48 bytes. */
struct usbip_header {
	__be32 command;
	__be32 seqnum;		/* chosen by the client, echoed by the server */
	__be32 devid;		/* 0 in answers */
	__be32 direction;	/* 0 in answers */
	__be32 ep;		/* endpoint number; 0 in answers */
	union {
		struct {
			__be32 transfer_flags;
			__be32 length;		/* bytes of the buffer */
			__be32 start_frame;
			__be32 number_of_packets; /* 0 unless isochronous */
			__be32 interval;
			__u8 setup[8];
		} cmd_submit;
		struct {
			__be32 status;		/* 0 or negative errno */
			__be32 actual_length;
			__be32 start_frame;
			__be32 number_of_packets;
			__be32 error_count;
			__u8 padding[8];
		} ret_submit;
		struct {
			__be32 seqnum;		/* of the submit to cancel */
			__u8 padding[24];
		} cmd_unlink;
		struct {
			__be32 status;
			__u8 padding[24];
		} ret_unlink;
	};
} __packed;

/* One for each isochronous packet, behind the data. */
struct usbip_iso {
	__be32 offset;
	__be32 length;
	__be32 actual_length;
	__be32 status;
} __packed;

/* A CMD_SUBMIT in the machine's byte order. */
struct proto_submit {
	u32 seq;
	u32 devid;
	u32 ep;			/* endpoint number */
	bool in;
	u32 flags;		/* USBIP_URB_*, but for USBIP_URB_DIR_IN */
	u32 length;		/* bytes of the buffer */
	u32 packets;		/* isochronous packets; 0: not isochronous */
	u32 start_frame;
	u32 interval;
	const void *setup;	/* 8 bytes, or NULL: not a control transfer */
};

/* What the client asked for; an answer is held against it. */
struct proto_request {
	u32 length;		/* bytes of the buffer */
	u32 packets;		/* isochronous packets; 0: not isochronous */
	bool in;
};

/* An answer in the machine's byte order; nothing in it has been believed. */
struct proto_answer {
	enum usbip_command command;
	u32 seq;
	s32 status;
	u32 actual_length;
	u32 start_frame;
	u32 packets;
	u32 error_count;
};

void proto_pack_submit(struct usbip_header *hdr,
		       const struct proto_submit *submit);
void proto_pack_unlink(struct usbip_header *hdr, u32 seq, u32 devid,
		       u32 victim);
const char *proto_parse(const struct usbip_header *hdr,
			struct proto_answer *answer);
const char *proto_check(const struct proto_request *request,
			const struct proto_answer *answer);
u32 proto_payload(const struct proto_request *request,
		  const struct proto_answer *answer);
const char *proto_check_iso(const struct usbip_iso *iso, u32 offset,
			    u32 length, u32 *total, u32 actual_length);
int proto_status(s32 status);

#endif /* _HEARTH_VHCI_PROTO_H */
