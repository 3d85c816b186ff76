// SPDX-License-Identifier: GPL-2.0
/*
 * Validation of what a USB/IP server answers.
 *
 * The server is a stranger: every field is held against what was asked. The
 * checks return NULL when all is well, else a sentence for the kernel log.
 */
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#else
#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#define be32_to_cpu(x)	ntohl(x)
#endif

#include "proto.h"

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
