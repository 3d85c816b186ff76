/* SPDX-License-Identifier: GPL-2.0 */
/* The verbs of "hearth usb". */
#ifndef HEARTH_CLI_USB_H
#define HEARTH_CLI_USB_H

#include "../verb.h"

/* How long a server may take to be found, to connect and to answer, ms. */
#define USB_CONNECT_MS	10000

#define USB_SERVER_HELP \
	"  SERVER              HOST[:PORT], unix:/PATH or vsock:CID:PORT\n" \
	"  --plain             it speaks plain USB/IP, as all servers do today\n"

extern const struct verb usb_object;
extern const struct verb usb_list, usb_attach, usb_detach, usb_ports;

#endif
