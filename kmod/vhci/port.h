/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A port: where one remote device is plugged in.
 *
 * A port is counted. References are held by the table of ports, by its root
 * port (RCU), by its queued work and by whoever looked it up.
 */
#ifndef _HEARTH_VHCI_PORT_H
#define _HEARTH_VHCI_PORT_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/workqueue.h>
#include <uapi/linux/hearth_usb.h>

#include "conn.h"

struct netlink_ext_ack;
struct vhci_root;

struct vhci_port {
	struct vhci_conn conn;
	struct kref ref;
	u32 id;
	u32 speed;			/* enum hearth_usb_speed */
	char busid[HEARTH_USB_BUSID_MAX_LEN + 1];
	char server[HEARTH_USB_SERVER_MAX_LEN + 1];
	u32 busnum;			/* of the root hub */
	u32 root_port;			/* of the root hub, from 1 */
	struct vhci_root *root;
	struct usb_device *udev;	/* hub lock; compared, not followed */
	u32 devnum;			/* of @udev once it is configured */
	bool configured;		/* a configuration was set since reset */
	bool plugged;			/* written by attach, read by work */
	bool down;			/* of work; readers do not mind */
	struct completion closed;
	struct work_struct work;
	struct rcu_head rcu;
};

/* What a caller asks of port_attach(). */
struct port_config {
	u32 devid;
	u32 speed;
	const char *busid;		/* may be NULL */
	const char *server;		/* may be NULL */
	struct conn_limits limits;
	bool tls;
	bool no_posting;
};

int port_attach(const struct port_config *config, int fd, u32 *id,
		struct netlink_ext_ack *extack);
int port_detach(u32 id);
struct vhci_port *port_get(u32 id);
struct vhci_port *port_get_next(u32 id);
void port_put(struct vhci_port *port);
void port_check(struct vhci_port *port);
u32 port_devnum(struct vhci_port *port);
u32 port_state(struct vhci_port *port);

int ports_init(void);
void ports_detach_all(void);
void ports_exit(void);

#endif /* _HEARTH_VHCI_PORT_H */
