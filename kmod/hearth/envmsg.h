/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HEARTH_ENVMSG_H
#define _HEARTH_ENVMSG_H

#include <linux/types.h>

struct workqueue_struct;

int envmsg_init(struct workqueue_struct *wq);
void envmsg_exit(void);
bool envmsg_knows(u32 id);

#endif /* _HEARTH_ENVMSG_H */
