/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/hearth-usb.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_HEARTH_USB_GEN_H
#define _LINUX_HEARTH_USB_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/hearth_usb.h>

extern const struct nla_policy hearth_usb_port_attach_nl_policy[HEARTH_USB_A_PORT_UNAUTHORIZED + 1];

extern const struct nla_policy hearth_usb_port_detach_nl_policy[HEARTH_USB_A_PORT_DETACH_TIMEOUT + 1];

extern const struct nla_policy hearth_usb_port_get_nl_policy[HEARTH_USB_A_PORT_ID + 1];

extern const struct nla_policy hearth_usb_port_authorize_nl_policy[HEARTH_USB_A_PORT_DEVNUM + 1];

/* Ops table for hearth_usb */
extern const struct genl_ops hearth_usb_nl_ops[4];

int hearth_usb_nl_port_attach_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_usb_nl_port_detach_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_usb_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info);
int hearth_usb_nl_port_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int hearth_usb_nl_port_authorize_doit(struct sk_buff *skb,
				      struct genl_info *info);

enum {
	HEARTH_USB_NLGRP_PORTS,
};

#endif /* _LINUX_HEARTH_USB_GEN_H */
