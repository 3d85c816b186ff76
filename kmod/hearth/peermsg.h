/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HEARTH_PEERMSG_H
#define _HEARTH_PEERMSG_H

#include <linux/types.h>

struct net;
struct workqueue_struct;

bool peermsg_knows(const struct net *net, const u8 *id);

int peermsg_init(struct workqueue_struct *wq);
void peermsg_exit(void);

#endif /* _HEARTH_PEERMSG_H */
