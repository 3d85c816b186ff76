// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>

#include "usb.h"

static const struct verb *const verbs[] = {
	&usb_list, &usb_attach, &usb_detach, &usb_ports, &usb_bind,
	&usb_unbind, &usb_share,
	&usb_unshare, &usb_shared, &usb_release, NULL,
};

const struct verb usb_object = {
	.name = "usb",
	.what = "USB devices of other machines, plugged in here, and of this one, shared",
	.verbs = verbs,
	.help = "Each verb has a --help of its own. See hearth-usb(8).\n",
};
