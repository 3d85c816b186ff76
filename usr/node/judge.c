// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../lib/usblocal.h"
#include "judge.h"

#define SYSFS	"/sys"

/* Where it is plugged in over there the kernel cannot know; what it is, it does. */
static bool is_meant(const struct usbrule *rule, const struct port *port,
		     const struct usblocal_said *said)
{
	struct usbip_device about = {
		.vendor = said->id.vendor, .product = said->id.product,
	};

	strcpy(about.busid, port->busid);
	return usbrule_matches(rule, &about, said->serial);
}

int judge(const struct store_wish *wish, const struct port *port,
	  struct usbclass *class, struct error *why)
{
	struct usblocal_said said;
	char here[32];
	int ret;

	snprintf(here, sizeof(here), "%u-%u", port->busnum, port->root_port);
	ret = usblocal_said(SYSFS, here, port->devnum, &said, why);
	/* that nobody can make sense of it is no excuse */
	if (said.authorized)
		return -EALREADY;
	*class = said.class;
	if (ret)
		return ret;
	if (!is_meant(&wish->rule, port, &said))
		return error_set(why, EPERM, "it is another device, %04x:%04x",
				 said.id.vendor, said.id.product);
	if (wish->class.n && !usbclass_fits(&wish->class, class, why))
		return -EPERM;
	return 0;
}
