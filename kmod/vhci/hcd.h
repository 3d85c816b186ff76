/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Controllers: each has a high-speed and a super-speed root hub, is made when
 * the ports of the others are taken, and goes when its own are free.
 */
#ifndef _HEARTH_VHCI_HCD_H
#define _HEARTH_VHCI_HCD_H

#include <linux/usb.h>
#include <linux/usb/hcd.h>
#include <linux/workqueue.h>

struct netlink_ext_ack;
struct vhci_port;

#define VHCI_ROOT_PORTS		USB_SS_MAXPORTS

/* A port of a root hub. */
struct vhci_root {
	struct vhci_port __rcu *port;	/* written under the hub's lock */
	bool taken;			/* vhci_ctls_mutex */
	u8 index;			/* from 0 */
	u16 status;			/* wPortStatus; the hub's lock */
	u16 change;			/* wPortChange; the hub's lock */
};

/* A root hub: the private part of its HCD. */
struct vhci_hub {
	struct vhci_ctl *ctl;
	struct usb_hcd *hcd;
	/*
	 * Protects the state of the root ports and which device is behind
	 * them. Taken with interrupts off; nests in nothing of ours, and
	 * nothing nests in it.
	 */
	spinlock_t lock;
	bool super;
	struct vhci_root root[VHCI_ROOT_PORTS];
};

struct vhci_ctl {
	struct list_head node;		/* vhci_ctls_mutex */
	unsigned int taken;		/* root ports; vhci_ctls_mutex */
	bool going;			/* vhci_ctls_mutex */
	struct platform_device *pdev;
	struct usb_hcd *hcd[2];		/* high speed, super speed */
	struct delayed_work idle_work;
};

static inline struct vhci_hub *hcd_to_hub(struct usb_hcd *hcd)
{
	return (struct vhci_hub *)hcd->hcd_priv;
}

static inline struct vhci_hub *root_to_hub(struct vhci_root *root)
{
	return container_of(root - root->index, struct vhci_hub, root[0]);
}

/* hcd.c */
int hcds_init(void);
void hcds_remove_all(void);
void hcds_exit(void);
struct vhci_root *hub_reserve(u32 speed, struct netlink_ext_ack *extack);
void hub_unreserve(struct vhci_root *root);

static inline struct usb_hcd *hub_root_hcd(struct vhci_root *root)
{
	return root_to_hub(root)->hcd;
}

/* hub.c */
void hub_init(struct vhci_hub *hub);
void hub_plug(struct vhci_port *port);
void hub_unplug(struct vhci_port *port);
bool hub_release(struct vhci_port *port);
int hub_status_data(struct usb_hcd *hcd, char *buf);
int hub_control(struct usb_hcd *hcd, u16 type, u16 value, u16 index, char *buf,
		u16 length);
int hub_bus_suspend(struct usb_hcd *hcd);
int hub_bus_resume(struct usb_hcd *hcd);

#endif /* _HEARTH_VHCI_HCD_H */
