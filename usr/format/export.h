/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What hearthd and one of its exporters (hearth-usbd) say to each other, each in a message
 * of its own on a socket that keeps them apart (SOCK_SEQPACKET):
 *
 *	order	hearthd's first: OP_REP_IMPORT as the client is to get it, and two
 *		descriptors alongside: the device's node, the stream to the client
 *	release	hearthd's later: be32 1; the session is to end
 *	report	the exporter's: be32 enum export_state | be32 enum usbip_status | a
 *		sentence in UTF-8, which ends with the message
 *
 * The first report says whether the device was taken, the last one how it ended. That
 * hearthd is gone ends nothing.
 */
#ifndef HEARTH_EXPORT_H
#define HEARTH_EXPORT_H

#include <stdbool.h>

#include "peer.h"
#include "usbip.h"

#define EXPORT_FDS		2
#define EXPORT_ORDER		(USBIP_OP_SIZE + USBIP_DEVICE_SIZE)
#define EXPORT_RELEASE		4u
#define EXPORT_TEXT		256u	/* bytes of a sentence, with the end */
#define EXPORT_NAME	(USBIP_BUSID_SIZE + PEER_ID_TEXT)
#define EXPORT_REPORT_MAX	(8u + EXPORT_TEXT - 1)

enum export_state {
	EXPORT_TAKEN,		/* the client has the device */
	EXPORT_REFUSED,		/* it was not taken */
	EXPORT_ENDED,
};

struct export_report {
	enum export_state state;
	enum usbip_status status;
	char text[EXPORT_TEXT];
};

/* Returns 0, or -EPROTO for what is no order. */
int export_parse_order(const void *data, size_t size, struct usbip_device *dev,
		       uint32_t *devid, struct error *err);

void export_pack_release(uint8_t buf[static EXPORT_RELEASE]);
bool export_is_release(const void *data, size_t size);

/* Returns how many bytes. */
size_t export_pack_report(uint8_t buf[static EXPORT_REPORT_MAX],
			  const struct export_report *report);

/*
 * What the connection to an exporter is called where systemd keeps it for hearthd:
 * "3-1.2_" and the id of the peer that has the device, or "plain" where @id is NULL.
 */
void export_name(char name[static EXPORT_NAME], const char *busid,
		 const uint8_t *id);
bool export_parse_name(const char *name, char busid[static USBIP_BUSID_SIZE],
		       bool *plain, uint8_t id[static PEER_ID]);

/* Returns 0, or -EPROTO for what is no report. */
int export_parse_report(const void *data, size_t size,
			struct export_report *report, struct error *err);

#endif
