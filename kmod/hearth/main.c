// SPDX-License-Identifier: GPL-2.0
/* hearth: what outlives Hearth's daemons. It knows nothing of USB or of disks. */
#include <linux/module.h>
#include <net/genetlink.h>

#include "netlink.h"

static int __init hearth_init(void)
{
	return netlink_init();
}

static void __exit hearth_exit(void)
{
	netlink_exit();
}

module_init(hearth_init);
module_exit(hearth_exit);

MODULE_DESCRIPTION("Peers of a Hearth node");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY("hearth");
