// SPDX-License-Identifier: GPL-2.0
/*
 * The family hearth-usb. Its names, policy and operations are generated from
 * Documentation/netlink/specs/hearth-usb.yaml; here is what they do.
 */
#include <linux/module.h>
#include <linux/netlink.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "netlink-gen.h"
#include "netlink.h"
#include "port.h"

#define NETLINK_UNLINK_MS	5000
#define NETLINK_STALL_MS	10000
#define NETLINK_PEER_MS		15000
#define NETLINK_DETACH_MS	30000

static const struct genl_multicast_group netlink_groups[] = {
	[HEARTH_USB_NLGRP_PORTS] = { .name = HEARTH_USB_MCGRP_PORTS },
};

/* Filled in by netlink_init(): the size of the generated table is there. */
static struct genl_family netlink_family __ro_after_init = {
	.name		= HEARTH_USB_FAMILY_NAME,
	.version	= HEARTH_USB_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,
	.netnsok	= true,
	.mcgrps		= netlink_groups,
	.n_mcgrps	= ARRAY_SIZE(netlink_groups),
	.ops		= hearth_usb_nl_ops,
	.n_ops		= ARRAY_SIZE(hearth_usb_nl_ops),
	.resv_start_op	= __HEARTH_USB_CMD_MAX,
};

static u32 netlink_limit(struct nlattr *attr, u32 otherwise)
{
	return attr ? min_t(u32, nla_get_u32(attr), HEARTH_USB_TIMEOUT_MAX) :
		      otherwise;
}

/* Is @attr there? If not, an extack sentence says which one is missing. */
static bool netlink_need(struct genl_info *info, int attr, const char *sentence)
{
	if (info->attrs[attr])
		return true;
	if (info->extack) {
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, attr);
		info->extack->_msg = sentence;
	}
	return false;
}

static int netlink_put_stats(struct sk_buff *skb, struct vhci_port *port)
{
	u32 rtt = conn_rtt(&port->conn);
	struct conn_stats stats;
	struct nlattr *nest;

	conn_get_stats(&port->conn, &stats);
	nest = nla_nest_start(skb, HEARTH_USB_A_PORT_STATS);
	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u64_64bit(skb, HEARTH_USB_A_STATS_SUBMITTED,
			      stats.submitted, HEARTH_USB_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_USB_A_STATS_COMPLETED,
			      stats.completed, HEARTH_USB_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_USB_A_STATS_ERRORS,
			      stats.errors, HEARTH_USB_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_USB_A_STATS_UNLINKED,
			      stats.unlinked, HEARTH_USB_A_STATS_PAD) ||
	    nla_put_u32(skb, HEARTH_USB_A_STATS_IN_FLIGHT, stats.in_flight) ||
	    nla_put_u64_64bit(skb, HEARTH_USB_A_STATS_TX_BYTES,
			      stats.tx_bytes, HEARTH_USB_A_STATS_PAD) ||
	    nla_put_u64_64bit(skb, HEARTH_USB_A_STATS_RX_BYTES,
			      stats.rx_bytes, HEARTH_USB_A_STATS_PAD) ||
	    nla_put_u32(skb, HEARTH_USB_A_STATS_RTT, rtt) ||
	    nla_put_u32(skb, HEARTH_USB_A_STATS_WAITING, stats.waiting)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int netlink_put_end(struct sk_buff *skb, struct vhci_port *port)
{
	struct conn_end end;

	port_get_end(port, &end);
	if (!end.reason)
		return 0;
	if (nla_put_u32(skb, HEARTH_USB_A_PORT_REASON, end.reason))
		return -EMSGSIZE;
	return end.error ? nla_put_u32(skb, HEARTH_USB_A_PORT_ERROR,
				       -end.error) : 0;
}

static int netlink_put_posting(struct sk_buff *skb, struct vhci_conn *conn)
{
	struct storage_state storage;

	conn_get_storage(conn, &storage);
	if (storage.refused && nla_put_flag(skb, HEARTH_USB_A_PORT_NO_POSTING))
		return -EMSGSIZE;
	return storage.why ? nla_put_string(skb, HEARTH_USB_A_PORT_POSTING_OFF,
					    storage.why) : 0;
}

static int netlink_put_port(struct sk_buff *skb, struct vhci_port *port,
			    u32 state)
{
	struct vhci_conn *conn = &port->conn;
	u32 devnum = roothub_devnum(&port->plug);

	if (nla_put_u32(skb, HEARTH_USB_A_PORT_ID, port->id) ||
	    nla_put_u32(skb, HEARTH_USB_A_PORT_DEVID, conn->devid) ||
	    nla_put_u32(skb, HEARTH_USB_A_PORT_SPEED, port->plug.speed) ||
	    (port->busid[0] && nla_put_string(skb, HEARTH_USB_A_PORT_BUSID,
					      port->busid)) ||
	    (port->server[0] && nla_put_string(skb, HEARTH_USB_A_PORT_SERVER,
					       port->server)) ||
	    nla_put_u32(skb, HEARTH_USB_A_PORT_STATE, state) ||
	    nla_put_u32(skb, HEARTH_USB_A_PORT_BUSNUM, port->busnum) ||
	    nla_put_u32(skb, HEARTH_USB_A_PORT_ROOT_PORT, port->root_port) ||
	    (devnum && nla_put_u32(skb, HEARTH_USB_A_PORT_DEVNUM, devnum)) ||
	    nla_put_u32(skb, HEARTH_USB_A_PORT_UNLINK_TIMEOUT,
			conn->limits.unlink_ms) ||
	    nla_put_u32(skb, HEARTH_USB_A_PORT_STALL_TIMEOUT,
			conn->limits.stall_ms) ||
	    nla_put_u32(skb, HEARTH_USB_A_PORT_PEER_TIMEOUT,
			conn->limits.peer_ms) ||
	    (conn_is_tls(conn) && nla_put_flag(skb, HEARTH_USB_A_PORT_TLS)) ||
	    (port->bound && nla_put(skb, HEARTH_USB_A_PORT_PEER,
				    sizeof(port->peer), port->peer)) ||
	    (port->plug.unauthorized &&
	     nla_put_flag(skb, HEARTH_USB_A_PORT_UNAUTHORIZED)) ||
	    netlink_put_posting(skb, conn) ||
	    netlink_put_end(skb, port))
		return -EMSGSIZE;
	return netlink_put_stats(skb, port);
}

/* @cb: of a dump, else NULL */
static int netlink_fill(struct sk_buff *skb, struct vhci_port *port, u32 state,
			u32 portid, u32 seq, int flags, u8 cmd,
			struct netlink_callback *cb)
{
	void *hdr = genlmsg_put(skb, portid, seq, &netlink_family, flags, cmd);

	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);
	if (netlink_put_port(skb, port, state)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static void netlink_notify_net(struct net *net, struct vhci_port *port,
			       u32 state)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&netlink_family, net, HEARTH_USB_NLGRP_PORTS))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		goto lost;
	if (netlink_fill(skb, port, state, 0, 0, 0, HEARTH_USB_CMD_PORT_NTF,
			 NULL)) {
		nlmsg_free(skb);
		goto lost;
	}
	genlmsg_multicast_netns(&netlink_family, net, skb, 0,
				HEARTH_USB_NLGRP_PORTS, GFP_KERNEL);
	return;
lost:
	/* As if there had been no room in the socket: the listener dumps. */
	genl_set_err(&netlink_family, net, 0, HEARTH_USB_NLGRP_PORTS,
		     -ENOBUFS);
}

/**
 * netlink_notify() - tell the group "ports" of a port's new state
 * @port: the port
 * @state: enum hearth_usb_port_state
 *
 * In the port's namespace and in the initial one, which sees all.
 */
void netlink_notify(struct vhci_port *port, u32 state)
{
	struct net *net = port_get_net(port);

	if (net && !net_eq(net, &init_net))
		netlink_notify_net(net, port, state);
	if (net)
		put_net(net);
	netlink_notify_net(&init_net, port, state);
}

/* The reply to port-attach, with room for the port's number. */
static struct sk_buff *netlink_attach_reply(struct genl_info *info, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(nla_total_size(sizeof(u32)),
					  GFP_KERNEL);

	if (!skb) {
		NL_SET_ERR_MSG(info->extack, "no memory for the reply");
		return NULL;
	}
	/* There is room for the header, too. */
	*hdr = genlmsg_put_reply(skb, info, &netlink_family, 0,
				 HEARTH_USB_CMD_PORT_ATTACH);
	return skb;
}

/* What port-attach asks for, but for the socket. */
static int netlink_config(struct genl_info *info, struct port_config *config)
{
	struct nlattr **attrs = info->attrs;

	if (!netlink_need(info, HEARTH_USB_A_PORT_SOCKET_FD,
			  "a socket is needed") ||
	    !netlink_need(info, HEARTH_USB_A_PORT_DEVID,
			  "a device id is needed") ||
	    !netlink_need(info, HEARTH_USB_A_PORT_SPEED, "a speed is needed"))
		return -EINVAL;
	config->speed = nla_get_u32(attrs[HEARTH_USB_A_PORT_SPEED]);
	if (config->speed == HEARTH_USB_SPEED_WIRELESS) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    attrs[HEARTH_USB_A_PORT_SPEED],
				    "Wireless USB is not supported");
		return -EOPNOTSUPP;
	}
	config->net = genl_info_net(info);
	config->devid = nla_get_u32(attrs[HEARTH_USB_A_PORT_DEVID]);
	if (attrs[HEARTH_USB_A_PORT_BUSID])
		config->busid = nla_data(attrs[HEARTH_USB_A_PORT_BUSID]);
	if (attrs[HEARTH_USB_A_PORT_SERVER])
		config->server = nla_data(attrs[HEARTH_USB_A_PORT_SERVER]);
	config->limits.unlink_ms =
		netlink_limit(attrs[HEARTH_USB_A_PORT_UNLINK_TIMEOUT],
			      NETLINK_UNLINK_MS);
	config->limits.stall_ms =
		netlink_limit(attrs[HEARTH_USB_A_PORT_STALL_TIMEOUT],
			      NETLINK_STALL_MS);
	config->limits.peer_ms =
		netlink_limit(attrs[HEARTH_USB_A_PORT_PEER_TIMEOUT],
			      NETLINK_PEER_MS);
	config->tls = nla_get_flag(attrs[HEARTH_USB_A_PORT_TLS]);
	config->no_posting = nla_get_flag(attrs[HEARTH_USB_A_PORT_NO_POSTING]);
	config->unauthorized =
		nla_get_flag(attrs[HEARTH_USB_A_PORT_UNAUTHORIZED]);
	if (attrs[HEARTH_USB_A_PORT_PEER])
		config->peer = nla_data(attrs[HEARTH_USB_A_PORT_PEER]);
	return 0;
}

/* The port that a request names, with a reference, or an ERR_PTR(). */
static struct vhci_port *netlink_get_port(struct genl_info *info)
{
	struct nlattr *id = info->attrs[HEARTH_USB_A_PORT_ID];
	struct vhci_port *port;

	if (!netlink_need(info, HEARTH_USB_A_PORT_ID, "a port is needed"))
		return ERR_PTR(-EINVAL);
	port = port_get(nla_get_u32(id), genl_info_net(info));
	if (port)
		return port;
	NL_SET_ERR_MSG_ATTR(info->extack, id, "no such port");
	return ERR_PTR(-ENOENT);
}

static void netlink_undo_attach(struct genl_info *info, u32 id)
{
	struct vhci_port *port = port_get(id, genl_info_net(info));

	if (!port)
		return;
	port_detach(port);
	port_put(port);
}

int hearth_usb_nl_port_attach_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct port_config config = {};
	struct sk_buff *reply;
	void *hdr;
	u32 fd, id;
	int ret;

	ret = netlink_config(info, &config);
	if (ret)
		return ret;
	fd = nla_get_u32(info->attrs[HEARTH_USB_A_PORT_SOCKET_FD]);
	reply = netlink_attach_reply(info, &hdr);
	if (!reply)
		return -ENOMEM;
	ret = port_attach(&config, fd, &id, info->extack);
	if (ret) {
		nlmsg_free(reply);
		return ret;
	}
	nla_put_u32(reply, HEARTH_USB_A_PORT_ID, id);
	genlmsg_end(reply, hdr);
	ret = genlmsg_reply(reply, info);
	/* A port whose number nobody was told is of no use. */
	if (ret)
		netlink_undo_attach(info, id);
	return ret;
}

int hearth_usb_nl_port_detach_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct vhci_port *port = netlink_get_port(info);
	int ret = 0;

	if (IS_ERR(port))
		return PTR_ERR(port);
	/*
	 * Nothing here waits for drivers: while a request is under way no family
	 * of generic netlink can be registered.
	 */
	if (nla_get_flag(info->attrs[HEARTH_USB_A_PORT_NOW]))
		ret = port_detach(port);
	else
		port_leave(port, HEARTH_USB_PORT_REASON_REQUEST,
			   netlink_limit(info->attrs[HEARTH_USB_A_PORT_DETACH_TIMEOUT],
					 NETLINK_DETACH_MS));
	port_put(port);
	return ret;
}

int hearth_usb_nl_port_authorize_doit(struct sk_buff *skb,
				      struct genl_info *info)
{
	struct vhci_port *port;
	int ret;

	if (!netlink_need(info, HEARTH_USB_A_PORT_DEVNUM,
			  "the number of the device is needed"))
		return -EINVAL;
	port = netlink_get_port(info);
	if (IS_ERR(port))
		return PTR_ERR(port);
	ret = port_authorize(port,
			     nla_get_u32(info->attrs[HEARTH_USB_A_PORT_DEVNUM]));
	if (ret)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[HEARTH_USB_A_PORT_DEVNUM],
				    "the port has no device of that number");
	port_put(port);
	return ret;
}

int hearth_usb_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct vhci_port *port = netlink_get_port(info);
	struct sk_buff *reply;
	int ret = -ENOMEM;

	if (IS_ERR(port))
		return PTR_ERR(port);
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply) {
		NL_SET_ERR_MSG(info->extack, "no memory for the reply");
		goto out;
	}
	ret = netlink_fill(reply, port, port_state(port), info->snd_portid,
			   info->snd_seq, 0, HEARTH_USB_CMD_PORT_GET, NULL);
	if (ret)
		nlmsg_free(reply);
	else
		ret = genlmsg_reply(reply, info);
out:
	port_put(port);
	return ret;
}

/*
 * Goes on from the id after the last one sent. Ids only grow, so a port is
 * never sent twice, and one that stays for the whole dump is never missed. A dump
 * in the middle of which something changed says so.
 */
int hearth_usb_nl_port_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	const struct net *net = sock_net(cb->skb->sk);
	struct vhci_port *port;
	int ret;

	/* 0 would mean that it is not kept. */
	cb->seq = ports_generation() ?: 1;
	while (cb->args[0] <= U32_MAX &&
	       (port = port_get_next(cb->args[0], net))) {
		ret = netlink_fill(skb, port, port_state(port),
				   NETLINK_CB(cb->skb).portid,
				   cb->nlh->nlmsg_seq, NLM_F_MULTI,
				   HEARTH_USB_CMD_PORT_GET, cb);
		if (!ret)
			cb->args[0] = port->id + 1L;
		port_put(port);
		if (ret)
			return skb->len ?: ret;
	}
	return skb->len;
}

/* --- namespaces ---------------------------------------------------------- */

static void __net_exit netlink_net_exit(struct net *net)
{
	ports_leave_net(net);
}

static struct pernet_operations netlink_net_ops = {
	.exit = netlink_net_exit,
};

int __init netlink_init(void)
{
	int ret = register_pernet_subsys(&netlink_net_ops);

	if (ret)
		return ret;
	ret = genl_register_family(&netlink_family);
	if (ret)
		unregister_pernet_subsys(&netlink_net_ops);
	return ret;
}

void netlink_exit(void)
{
	genl_unregister_family(&netlink_family);
	unregister_pernet_subsys(&netlink_net_ops);
}
