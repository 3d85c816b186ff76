// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/hearth-usb.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/hearth_usb.h>

/* HEARTH_USB_CMD_PORT_ATTACH - do */
const struct nla_policy hearth_usb_port_attach_nl_policy[HEARTH_USB_A_PORT_UNAUTHORIZED + 1] = {
	[HEARTH_USB_A_PORT_SOCKET_FD] = { .type = NLA_U32, },
	[HEARTH_USB_A_PORT_DEVID] = { .type = NLA_U32, },
	[HEARTH_USB_A_PORT_SPEED] = NLA_POLICY_RANGE(NLA_U32, 1, 6),
	[HEARTH_USB_A_PORT_BUSID] = { .type = NLA_NUL_STRING, .len = HEARTH_USB_BUSID_MAX_LEN, },
	[HEARTH_USB_A_PORT_SERVER] = { .type = NLA_NUL_STRING, .len = HEARTH_USB_SERVER_MAX_LEN, },
	[HEARTH_USB_A_PORT_UNLINK_TIMEOUT] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_USB_A_PORT_STALL_TIMEOUT] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_USB_A_PORT_PEER_TIMEOUT] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_USB_A_PORT_TLS] = { .type = NLA_FLAG, },
	[HEARTH_USB_A_PORT_NO_POSTING] = { .type = NLA_FLAG, },
	[HEARTH_USB_A_PORT_PEER] = NLA_POLICY_EXACT_LEN(HEARTH_USB_PEER_LEN),
	[HEARTH_USB_A_PORT_UNAUTHORIZED] = { .type = NLA_FLAG, },
};

/* HEARTH_USB_CMD_PORT_DETACH - do */
const struct nla_policy hearth_usb_port_detach_nl_policy[HEARTH_USB_A_PORT_DETACH_TIMEOUT + 1] = {
	[HEARTH_USB_A_PORT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_USB_A_PORT_NOW] = { .type = NLA_FLAG, },
	[HEARTH_USB_A_PORT_DETACH_TIMEOUT] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* HEARTH_USB_CMD_PORT_GET - do */
const struct nla_policy hearth_usb_port_get_nl_policy[HEARTH_USB_A_PORT_ID + 1] = {
	[HEARTH_USB_A_PORT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* HEARTH_USB_CMD_PORT_AUTHORIZE - do */
const struct nla_policy hearth_usb_port_authorize_nl_policy[HEARTH_USB_A_PORT_DEVNUM + 1] = {
	[HEARTH_USB_A_PORT_ID] = NLA_POLICY_MIN(NLA_U32, 1),
	[HEARTH_USB_A_PORT_DEVNUM] = { .type = NLA_U32, },
};

/* Ops table for hearth_usb */
const struct genl_ops hearth_usb_nl_ops[4] = {
	{
		.cmd		= HEARTH_USB_CMD_PORT_ATTACH,
		.doit		= hearth_usb_nl_port_attach_doit,
		.policy		= hearth_usb_port_attach_nl_policy,
		.maxattr	= HEARTH_USB_A_PORT_UNAUTHORIZED,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= HEARTH_USB_CMD_PORT_DETACH,
		.doit		= hearth_usb_nl_port_detach_doit,
		.policy		= hearth_usb_port_detach_nl_policy,
		.maxattr	= HEARTH_USB_A_PORT_DETACH_TIMEOUT,
		.flags		= GENL_ADMIN_PERM,
	},
	{
		.cmd		= HEARTH_USB_CMD_PORT_GET,
		.doit		= hearth_usb_nl_port_get_doit,
		.dumpit		= hearth_usb_nl_port_get_dumpit,
		.policy		= hearth_usb_port_get_nl_policy,
		.maxattr	= HEARTH_USB_A_PORT_ID,
	},
	{
		.cmd		= HEARTH_USB_CMD_PORT_AUTHORIZE,
		.doit		= hearth_usb_nl_port_authorize_doit,
		.policy		= hearth_usb_port_authorize_nl_policy,
		.maxattr	= HEARTH_USB_A_PORT_DEVNUM,
		.flags		= GENL_ADMIN_PERM,
	},
};

static const struct genl_multicast_group hearth_usb_nl_mcgrps[] = {
	[HEARTH_USB_NLGRP_PORTS] = { "ports", },
};
