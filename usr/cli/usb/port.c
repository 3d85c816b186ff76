// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../../format/names.h"
#include "../../format/number.h"
#include "../../format/usbip.h"
#include "../say.h"
#include "port.h"

bool port_number(const char *text, uint32_t *id)
{
	uint64_t n;

	if (!number_parse(text, UINT32_MAX, &n) || !n) {
		usage("\"%s\" is no port: ports are numbers from 1", text);
		return false;
	}
	*id = (uint32_t)n;
	return true;
}

void port_show_device(struct out *out, const struct usbids *ids,
		      uint16_t vendor, uint16_t product, const char *vendor_name,
		      const char *product_name)
{
	char vendor_found[NAMES_SIZE], product_found[NAMES_SIZE], id[5];

	names_find(ids->text, ids->size, vendor, product, vendor_found,
		   product_found);
	if (*vendor_found)
		vendor_name = vendor_found;
	if (*product_found)
		product_name = product_found;
	snprintf(id, sizeof(id), "%04x", vendor);
	out_string(out, "vendor", "%s:", id);
	snprintf(id, sizeof(id), "%04x", product);
	out_string(out, "product", "%s", id);
	if (*vendor_name)
		out_string(out, "vendor-name", " %s", vendor_name);
	if (*product_name)
		out_string(out, "product-name", " %s", product_name);
}

void port_show_reason(struct out *out, const struct port *port)
{
	if (!port->reason)
		return;
	out_string(out, "reason", NULL, port_reason_name(port->reason));
	out_string(out, NULL, ": %s", port_reason_text(port->reason,
						       port->error));
	if (!port->error)
		return;
	out_uint(out, "errno", NULL, port->error);
	/* the other reasons say it themselves */
	if (port->reason == HEARTH_USB_PORT_REASON_LOST ||
	    port->reason == HEARTH_USB_PORT_REASON_TLS)
		out_string(out, NULL, ": %s", strerror((int)port->error));
}

void port_show(struct out *out, const struct port *port)
{
	out_uint(out, "port", "port %llu: ", port->id);
	out_string(out, "state", "%s", port_state_name(port->state));
	if (*port->busid)
		out_string(out, "busid", ", %s", port->busid);
	if (*port->server)
		out_string(out, "server", " of %s", port->server);
	out_string(out, "speed", ", %s speed", usbip_speed_name(port->speed));
	/* as the kernel's log has it: "usb 3-1: new high-speed USB device" */
	out_uint(out, "busnum", ", here usb %llu-", port->busnum);
	out_uint(out, "root-port", "%llu", port->root_port);
	if (port->devnum)
		out_uint(out, "devnum", " device %llu", port->devnum);
	out_uint(out, "devid", NULL, port->devid);
	out_bool(out, "tls", ", TLS", port->tls);
	out_bool(out, "no-posting", ", no posting", port->no_posting);
	out_bool(out, "unauthorized", ", plugged in unauthorized",
		 port->unauthorized);
	if (*port->posting_off)
		out_string(out, "posting-off", ", posting is off (%s)",
			   port->posting_off);
	port_show_reason(out, port);
}
