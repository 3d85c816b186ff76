// SPDX-License-Identifier: GPL-2.0
#include <linux/export.h>

#include "bind.h"
#include "envmsg.h"
#include "peermsg.h"

const struct hearth_bind hearth_bind = {
	.add = notify_add,
	.remove = notify_remove,
	.knows_peer = peermsg_knows,
	.knows_env = envmsg_knows,
};
EXPORT_SYMBOL_GPL(hearth_bind);
