// SPDX-License-Identifier: GPL-2.0
/* hearth_vhci: a USB host controller whose URBs travel over a socket. */
#include <linux/module.h>
#include <net/genetlink.h>

#include "hcd.h"
#include "link.h"
#include "netlink.h"
#include "port.h"

static int __init vhci_init(void)
{
	int ret;

	ret = links_init();
	if (ret)
		return ret;
	ret = ports_init(netlink_notify);
	if (ret)
		goto err_links;
	ret = hcds_init();
	if (ret)
		goto err_ports;
	ret = netlink_init();
	if (ret)
		goto err_hcds;
	return 0;

err_hcds:
	hcds_exit();
err_ports:
	ports_exit();
err_links:
	links_exit();
	return ret;
}

static void __exit vhci_exit(void)
{
	ports_end();		/* nobody attaches; sockets are closed */
	hcds_remove_all();	/* drivers let go of their devices */
	ports_exit();		/* waits for the last port, which tells */
	netlink_exit();
	hcds_exit();
	links_exit();
}

module_init(vhci_init);
module_exit(vhci_exit);

MODULE_DESCRIPTION("USB host controller over a socket (USB/IP 1.1.1)");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY("hearth-usb");
