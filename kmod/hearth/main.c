// SPDX-License-Identifier: GPL-2.0
/* hearth: what outlives Hearth's daemons. It knows nothing of USB or of disks. */
#include <linux/module.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>

#include "envmsg.h"
#include "netlink.h"
#include "peermsg.h"

/* What ends by itself ends there. */
static struct workqueue_struct *hearth_wq;

static int __init hearth_init(void)
{
	int ret;

	hearth_wq = alloc_workqueue("hearth", WQ_UNBOUND, 0);
	if (!hearth_wq)
		return -ENOMEM;
	ret = peermsg_init(hearth_wq);
	if (ret)
		goto err_wq;
	ret = envmsg_init(hearth_wq);
	if (ret)
		goto err_peers;
	ret = netlink_init();
	if (ret)
		goto err_envs;
	return 0;

err_envs:
	envmsg_exit();
err_peers:
	peermsg_exit();
err_wq:
	destroy_workqueue(hearth_wq);
	return ret;
}

/*
 * Requests go before what they use. Peers and envs go on ending until their tables go,
 * when the family is not there any more: so nobody is told from the beginning on.
 */
static void __exit hearth_exit(void)
{
	netlink_mute();
	flush_workqueue(hearth_wq);
	netlink_exit();
	envmsg_exit();
	peermsg_exit();
	destroy_workqueue(hearth_wq);
}

module_init(hearth_init);
module_exit(hearth_exit);

MODULE_DESCRIPTION("Peers and sealed environments of a Hearth node");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY("hearth");
