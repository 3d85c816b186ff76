// SPDX-License-Identifier: GPL-2.0
/* hearth_vhci: a USB host controller whose URBs travel over a socket. */
#include <linux/module.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>

#include "../compat/compat.h"
#include "conn.h"
#include "hcd.h"
#include "netlink.h"
#include "port.h"

/* Sending, receiving and time limits of all connections. */
struct workqueue_struct *vhci_wq;

/*
 * Receiving over kTLS. One read decrypts for as long as records come, and is not
 * to hold up the work of other connections.
 */
struct workqueue_struct *vhci_tls_wq;

static int __init vhci_init(void)
{
	int ret;

	vhci_wq = alloc_workqueue("hearth_vhci",
				  WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	if (!vhci_wq)
		return -ENOMEM;
	ret = -ENOMEM;
	vhci_tls_wq = alloc_workqueue("hearth_vhci_tls",
				      WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!vhci_tls_wq)
		goto err_wq;
	ret = ports_init();
	if (ret)
		goto err_tls_wq;
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
err_tls_wq:
	destroy_workqueue(vhci_tls_wq);
err_wq:
	destroy_workqueue(vhci_wq);
	return ret;
}

static void __exit vhci_exit(void)
{
	netlink_exit();		/* nobody attaches any more */
	ports_detach_all();	/* sockets are closed, URBs given back */
	hcds_remove_all();	/* drivers let go of their devices */
	ports_exit();		/* waits for the last port */
	hcds_exit();
	destroy_workqueue(vhci_tls_wq);
	destroy_workqueue(vhci_wq);
}

module_init(vhci_init);
module_exit(vhci_exit);

MODULE_DESCRIPTION("USB host controller over a socket (USB/IP 1.1.1)");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY("hearth-usb");
