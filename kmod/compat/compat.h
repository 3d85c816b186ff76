/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the supported kernels (6.1, 6.12, 7.2), and nowhere
 * else. The modules are written for the newest one; each entry here makes an
 * older one look like it and says since when it is not needed.
 */
#ifndef _HEARTH_COMPAT_H
#define _HEARTH_COMPAT_H

#include <linux/blkdev.h>
#include <linux/crypto.h>
#include <linux/version.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>

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

/* 6.8 named what freezes the filesystem of a block device after that. */
#if KERNEL_VERSION(6, 8, 0) > LINUX_VERSION_CODE
#define bdev_freeze(bdev)	freeze_bdev(bdev)
#define bdev_thaw(bdev)		thaw_bdev(bdev)
#endif

/* 6.5 gave block devices modes of their own. */
#ifndef BLK_OPEN_WRITE
#define BLK_OPEN_WRITE	FMODE_WRITE
#endif

/* 6.14 has sockets whose TLS key can be changed when a KeyUpdate came. */
#if KERNEL_VERSION(6, 14, 0) > LINUX_VERSION_CODE
#define HEARTH_TLS_REKEYS	false
#else
#define HEARTH_TLS_REKEYS	true
#endif

/* 6.4 hands a request's callback its data, not the request. */
#if KERNEL_VERSION(6, 4, 0) > LINUX_VERSION_CODE
#define HEARTH_CRYPTO_DATA	struct crypto_async_request
#define hearth_crypto_data(req)	((req)->data)
#else
#define HEARTH_CRYPTO_DATA	void
#define hearth_crypto_data(data)	(data)
#endif

/* 6.6 has the attributes of a dump's request in a struct genl_info. */
#if KERNEL_VERSION(6, 6, 0) > LINUX_VERSION_CODE
#define hearth_dump_attrs(cb)	(genl_dumpit_info(cb)->attrs)
#else
#define hearth_dump_attrs(cb)	(genl_info_dump(cb)->attrs)
#endif

/* 6.9 has a workqueue in softirqs; before, the work goes to @wq. */
static inline struct workqueue_struct *
hearth_bh_wq(struct workqueue_struct *wq)
{
#if KERNEL_VERSION(6, 9, 0) > LINUX_VERSION_CODE
	return wq;
#else
	return system_bh_wq;
#endif
}

/* 6.7 has crypto_memneq() in a header of its own. */
#if KERNEL_VERSION(6, 7, 0) > LINUX_VERSION_CODE
#include <crypto/algapi.h>
#else
#include <crypto/utils.h>
#endif

/* 6.7 named what it takes to join a group; stable kernels followed. */
#ifndef GENL_MCAST_CAP_NET_ADMIN
#define GENL_MCAST_CAP_NET_ADMIN	GENL_UNS_ADMIN_PERM
#endif

#endif /* _HEARTH_COMPAT_H */
