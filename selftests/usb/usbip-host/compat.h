/* SPDX-License-Identifier: GPL-2.0 */
/* What the usbip-host of 6.12 lacks in other kernels. */
#ifndef USBIP_HOST_COMPAT_H
#define USBIP_HOST_COMPAT_H

#include <linux/kthread.h>
#include <linux/sched/task.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline int kthread_stop_put(struct task_struct *k)
{
	int ret = kthread_stop(k);

	put_task_struct(k);
	return ret;
}
#endif

#endif
