/* SPDX-License-Identifier: GPL-2.0 */
/* The verbs of "hearth usb". */
#ifndef HEARTH_CLI_USB_H
#define HEARTH_CLI_USB_H

#include "../verb.h"

/* How long a server may take to be found, to connect and to answer, ms. */
#define USB_CONNECT_MS	10000

#define USB_SERVER_HELP \
	"  PEER                its name, its id, or the id's first digits (8 or more)\n" \
	"  --plain SERVER      one that speaks USB/IP without encryption: HOST[:PORT],\n" \
	"                      unix:/PATH or vsock:CID:PORT\n"

extern const struct verb usb_object;
extern const struct verb usb_list, usb_attach, usb_detach, usb_ports;
extern const struct verb usb_share, usb_unshare, usb_shared, usb_release;
extern const struct verb usb_bind, usb_unbind;

#endif
