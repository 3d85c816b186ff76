/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the supported kernels (6.1, 6.12, 7.2), and nowhere
 * else. The modules are written for the newest one; each entry here makes an
 * older one look like it and says since when it is not needed.
 */
#ifndef _HEARTH_COMPAT_H
#define _HEARTH_COMPAT_H

#include <linux/version.h>
#include <linux/workqueue.h>

/* 6.12 moved the unaligned accessors. */
#if KERNEL_VERSION(6, 12, 0) > LINUX_VERSION_CODE
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

/*
 * 7.x wants to be told which queues are per CPU; before, those not unbound.
 * An enumerator, so it cannot be probed, and stable kernels have it too: the
 * header comes first.
 */
#if KERNEL_VERSION(7, 0, 0) > LINUX_VERSION_CODE
#define WQ_PERCPU	0
#endif

#endif /* _HEARTH_COMPAT_H */
