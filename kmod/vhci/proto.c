// SPDX-License-Identifier: GPL-2.0
/*
 * The codec of USB/IP: packs what is asked, reads and checks what is answered.
 *
 * The server is a stranger: every field is held against what was asked. The
 * checks return NULL when all is well, else a sentence for the kernel log.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#else
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#define cpu_to_be32(x)	htonl(x)
#define be32_to_cpu(x)	ntohl(x)
#endif

#include "proto.h"

/**
 * proto_pack_submit() - the header of a CMD_SUBMIT
 * @hdr: 48 bytes, written
 * @submit: what it asks for
 *
 * Behind it go the bytes of the buffer, if they go to the device, and the
 * descriptors of isochronous packets.
 */
void proto_pack_submit(struct usbip_header *hdr,
		       const struct proto_submit *submit)
{
	u32 flags = submit->flags | (submit->in ? USBIP_URB_DIR_IN : 0);

	memset(hdr, 0, sizeof(*hdr));
	hdr->command = cpu_to_be32(USBIP_CMD_SUBMIT);
	hdr->seqnum = cpu_to_be32(submit->seq);
	hdr->devid = cpu_to_be32(submit->devid);
	hdr->direction = cpu_to_be32(submit->in ? USBIP_DIR_IN : USBIP_DIR_OUT);
	hdr->ep = cpu_to_be32(submit->ep);
	hdr->cmd_submit.transfer_flags = cpu_to_be32(flags);
	hdr->cmd_submit.length = cpu_to_be32(submit->length);
	hdr->cmd_submit.start_frame = cpu_to_be32(submit->start_frame);
	hdr->cmd_submit.number_of_packets = cpu_to_be32(submit->packets);
	hdr->cmd_submit.interval = cpu_to_be32(submit->interval);
	if (submit->setup)
		memcpy(hdr->cmd_submit.setup, submit->setup,
		       sizeof(hdr->cmd_submit.setup));
}

/**
 * proto_pack_unlink() - a CMD_UNLINK
 * @hdr: 48 bytes, written; nothing follows them
 * @seq: its own number
 * @devid: of the device
 * @victim: number of the submit that is no longer wanted
 */
void proto_pack_unlink(struct usbip_header *hdr, u32 seq, u32 devid,
		       u32 victim)
{
	memset(hdr, 0, sizeof(*hdr));
	hdr->command = cpu_to_be32(USBIP_CMD_UNLINK);
	hdr->seqnum = cpu_to_be32(seq);
	hdr->devid = cpu_to_be32(devid);
	hdr->cmd_unlink.seqnum = cpu_to_be32(victim);
}

/**
 * proto_parse() - read the header of an answer
 * @hdr: 48 bytes from the network
 * @answer: filled in; only @command and @seq for a RET_UNLINK's other fields
 *	have no meaning but @status
 *
 * Return: NULL, or what is wrong with the header.
 */
const char *proto_parse(const struct usbip_header *hdr,
			struct proto_answer *answer)
{
	u32 command = be32_to_cpu(hdr->command);

	answer->seq = be32_to_cpu(hdr->seqnum);
	switch (command) {
	case USBIP_RET_SUBMIT:
		answer->status = (s32)be32_to_cpu(hdr->ret_submit.status);
		answer->actual_length = be32_to_cpu(hdr->ret_submit.actual_length);
		answer->start_frame = be32_to_cpu(hdr->ret_submit.start_frame);
		answer->packets = be32_to_cpu(hdr->ret_submit.number_of_packets);
		answer->error_count = be32_to_cpu(hdr->ret_submit.error_count);
		break;
	case USBIP_RET_UNLINK:
		answer->status = (s32)be32_to_cpu(hdr->ret_unlink.status);
		answer->actual_length = 0;
		answer->start_frame = 0;
		answer->packets = 0;
		answer->error_count = 0;
		break;
	default:
		return "unknown command";
	}
	answer->command = command;
	return NULL;
}

/**
 * proto_check() - hold a RET_SUBMIT against its request
 * @request: what was asked
 * @answer: what proto_parse() read
 *
 * A good answer to an IN request is followed by actual_length bytes of data,
 * one to an isochronous request by its packet descriptors.
 *
 * Return: NULL, or what is wrong.
 */
const char *proto_check(const struct proto_request *request,
			const struct proto_answer *answer)
{
	if (answer->actual_length > request->length)
		return "actual_length is longer than the buffer";
	if (request->packets) {
		if (answer->packets != request->packets)
			return "number_of_packets is not what was asked for";
		if (answer->error_count > request->packets)
			return "error_count is more than the packets";
	}
	return NULL;
}

/**
 * proto_payload() - how many bytes follow the header of an answer
 * @request: what was asked
 * @answer: that proto_check() has found good
 */
u32 proto_payload(const struct proto_request *request,
		  const struct proto_answer *answer)
{
	return (request->in ? answer->actual_length : 0) +
	       request->packets * (u32)sizeof(struct usbip_iso);
}

/**
 * proto_check_iso() - hold one isochronous packet against its request
 * @iso: 16 bytes from the network
 * @offset: where the packet was to lie in the buffer
 * @length: bytes it was given there
 * @total: bytes of the packets before this one; the packet's are added
 * @actual_length: bytes of the whole answer
 *
 * The caller compares @total with @actual_length behind the last packet.
 *
 * Return: NULL, or what is wrong.
 */
const char *proto_check_iso(const struct usbip_iso *iso, u32 offset,
			    u32 length, u32 *total, u32 actual_length)
{
	u32 actual = be32_to_cpu(iso->actual_length);

	if (be32_to_cpu(iso->offset) != offset)
		return "the offset of a packet is not what was asked for";
	if (be32_to_cpu(iso->length) != length)
		return "the length of a packet is not what was asked for";
	if (actual > length)
		return "actual_length of a packet is longer than the packet";
	if (actual > actual_length - *total)
		return "the packets sum past actual_length";
	*total += actual;
	return NULL;
}

/**
 * proto_status() - the status a driver may see for one from the network
 * @status: as received
 *
 * Source: Documentation/driver-api/usb/error-codes.rst. Anything else becomes
 * -EPROTO: a driver must not be handed a code that it has other ideas of.
 *
 * Return: 0 or a negative errno.
 */
int proto_status(s32 status)
{
	switch (status) {
	case 0:
	case -ENOENT:
	case -ECONNRESET:
	case -EPIPE:
	case -EPROTO:
	case -EILSEQ:
	case -ETIME:
	case -ETIMEDOUT:
	case -EOVERFLOW:
	case -EREMOTEIO:
	case -ENODEV:
	case -ESHUTDOWN:
	case -EXDEV:
	case -EINVAL:
	case -ENOSR:
	case -ECOMM:
	case -EIO:
		return status;
	default:
		return -EPROTO;
	}
}
