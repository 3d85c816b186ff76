// SPDX-License-Identifier: GPL-2.0
#include <string.h>

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

void port_show(struct out *out, const struct port *port)
{
	out_uint(out, "port", "port %llu: ", port->id);
	out_string(out, "state", "%s", port_state_name(port->state));
	if (*port->busid)
		out_string(out, "busid", ", %s", port->busid);
	if (*port->server)
		out_string(out, "server", " of %s", port->server);
	out_string(out, "speed", ", %s speed", usbip_speed_name(port->speed));
	out_uint(out, "busnum", ", on bus %llu", port->busnum);
	out_uint(out, "root-port", " port %llu", port->root_port);
	if (port->devnum)
		out_uint(out, "devnum", " device %llu", port->devnum);
	out_uint(out, "devid", NULL, port->devid);
	out_bool(out, "tls", ", TLS", port->tls);
	out_bool(out, "no-posting", ", no posting", port->no_posting);
	if (port->reason) {
		out_string(out, "reason", NULL, port_reason_name(port->reason));
		out_string(out, NULL, ": %s", port_reason_text(port->reason));
	}
	if (port->error) {
		out_uint(out, "errno", NULL, port->error);
		out_string(out, NULL, ": %s", strerror((int)port->error));
	}
}

