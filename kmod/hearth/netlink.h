/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _HEARTH_NETLINK_H
#define _HEARTH_NETLINK_H

int netlink_init(void);
void netlink_exit(void);

#endif /* _HEARTH_NETLINK_H */
