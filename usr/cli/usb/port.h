/* SPDX-License-Identifier: GPL-2.0 */
/* How ports are written on the command line, and shown. */
#ifndef HEARTH_CLI_PORT_H
#define HEARTH_CLI_PORT_H

#include "../../lib/port.h"
#include "../../lib/usbids.h"
#include "../out.h"

/* A port's number. Returns false where @text is none, which has been said. */
bool port_number(const char *text, uint32_t *id);

/* "46f4:0001 QEMU QEMU USB HARDDRIVE"; names of @ids, else the device's own. */
void port_show_device(struct out *out, const struct usbids *ids,
		      uint16_t vendor, uint16_t product, const char *vendor_name,
		      const char *product_name);

/* ": the connection broke", where there is something to tell. */
void port_show_reason(struct out *out, const struct port *port);

/* The place and the state of @port, without a line's end. */
void port_show(struct out *out, const struct port *port);

#endif
