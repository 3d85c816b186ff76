/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HEARTH_PEERMSG_H
#define _HEARTH_PEERMSG_H

struct workqueue_struct;

int peermsg_init(struct workqueue_struct *wq);
void peermsg_exit(void);

#endif /* _HEARTH_PEERMSG_H */
