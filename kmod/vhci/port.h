/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A port: where one remote device is plugged in.
 *
 * A port is counted, by its plug. References are held by the table of ports, by
 * its root port, by its queued work and by whoever looked it up; it is freed a
 * grace period of RCU after the last.
 */
#ifndef _HEARTH_VHCI_PORT_H
#define _HEARTH_VHCI_PORT_H

#include <linux/completion.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <uapi/linux/hearth_usb.h>

#include "conn.h"
#include "roothub.h"

struct net;
struct netlink_ext_ack;

/* What a caller asks of port_attach(). */
struct port_config {
	struct net *net;		/* of the caller */
	u32 devid;
	u32 speed;
	const char *busid;		/* may be NULL */
	const char *server;		/* may be NULL */
	const u8 *peer;			/* its id; may be NULL */
	struct conn_limits limits;
	bool tls;
	bool no_posting;
	bool unauthorized;
};

struct vhci_port {
	struct vhci_plug plug;
	struct vhci_conn conn;
	u32 id;
	char busid[HEARTH_USB_BUSID_MAX_LEN + 1];
	char server[HEARTH_USB_SERVER_MAX_LEN + 1];
	u8 peer[HEARTH_USB_PEER_LEN];	/* if it is @bound */
	bool bound;			/* to a peer; holds hearth.ko till it is gone */
	u32 busnum;			/* of the root hub */
	u32 root_port;			/* of the root hub, from 1 */
	bool plugged;			/* written by attach, read by work */

	/*
	 * Protects what follows, up to @work. Taken inside RCU; nests with
	 * nothing.
	 */
	spinlock_t lock;
	struct net *net;		/* not counted; NULL: it has ended */
	u32 leaving;			/* enum hearth_usb_port_reason; 0: it stays */
	bool down;			/* written by work alone */
	u8 at_hub;			/* works, due or running, that use the root hub */
	u32 authorized;			/* number of the device that drivers may have */
	struct {			/* since @leaving was set: late_work's */
		u32 limit_ms;		/* longest standstill */
		unsigned long begin;	/* jiffies */
		unsigned long moved;	/* jiffies, of the last byte received */
		u64 rx_bytes;
	} leave;

	struct work_struct work;
	u32 told_devnum;		/* these three: of work */
	bool told_leaving;
	bool gone;			/* its root port is another's */
	struct work_struct leave_work;
	struct work_struct authorize_work;
	struct work_struct unbind_work;
	struct delayed_work late_work;
	struct completion closed;
	struct rcu_head rcu;
};

int port_attach(const struct port_config *config, int fd, u32 *id,
		struct netlink_ext_ack *extack);
int port_detach(struct vhci_port *port);
int port_authorize(struct vhci_port *port, u32 devnum);
void port_leave(struct vhci_port *port, u32 reason, u32 limit_ms);
void port_get_end(struct vhci_port *port, struct conn_end *end);
u32 port_state(struct vhci_port *port);
struct net *port_get_net(struct vhci_port *port);
void port_put(struct vhci_port *port);

/* A namespace sees its own ports, the initial one all. */
struct vhci_port *port_get(u32 id, const struct net *net);
struct vhci_port *port_get_next(u32 id, const struct net *net);
/* Grows whenever a port comes, goes or changes. */
unsigned int ports_generation(void);
void ports_leave_net(const struct net *net);

/*
 * @notify: told of each change of a port, with the port's new state. Called in
 * process context, without a lock; may sleep.
 */
int ports_init(void (*notify)(struct vhci_port *port, u32 state));
void ports_end(void);
void ports_exit(void);

#endif /* _HEARTH_VHCI_PORT_H */
