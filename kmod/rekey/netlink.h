/* SPDX-License-Identifier: GPL-2.0 */
/* The family hearth-volume: shows volumes and tells of their changes. */
#ifndef _HEARTH_REKEY_NETLINK_H
#define _HEARTH_REKEY_NETLINK_H

#include <linux/types.h>

struct rekey_volume;
struct work_struct;

void netlink_notify_closed(struct rekey_volume *v);
void netlink_notify_work(struct work_struct *work);
int netlink_init(void);
void netlink_exit(void);

#endif /* _HEARTH_REKEY_NETLINK_H */
