/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A root hub: its ports, what is plugged into them, and which device of the USB
 * core that is.
 *
 * A device of the core is bound to what is plugged in when the core has reset
 * the root port, which is the first thing it does with one, and stays so until
 * the core is through with it (free_dev). Both happen in the hub driver, one
 * after the other, and no URB binds anything: one of a device that was here
 * before finds nothing.
 */
#ifndef _HEARTH_VHCI_ROOTHUB_H
#define _HEARTH_VHCI_ROOTHUB_H

#include <linux/kref.h>
#include <linux/spinlock.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>

#include "portstatus.h"

struct vhci_conn;

/* Ports that a root hub may have. */
#define ROOTHUB_PORTS		USB_SS_MAXPORTS

/*
 * What is plugged into a root port: part of a port (port.h), which sets it up
 * and is counted by it.
 */
struct vhci_plug {
	struct kref ref;
	void (*release)(struct kref *ref);
	/* Something that roothub_*() tells of has changed. Must not sleep. */
	void (*changed)(struct vhci_plug *plug);
	struct vhci_conn *conn;
	struct vhci_root *root;
	u8 speed;			/* enum hearth_usb_speed */
	bool unauthorized;		/* drivers get it when somebody says so */

	/* The rest: the root hub's lock. */
	struct usb_device *udev;	/* bound; compared, not followed, but: */
	bool present;			/* offered to drivers: counted by us */
	bool configured;		/* a configuration was set since its reset */
	bool enumerating;		/* the core asks what it is, since: */
	unsigned long since;		/* jiffies */
	u8 silent;			/* requests of that without an answer */
	u32 devnum;			/* of @udev while it is present, or 0 */
};

/* A port of a root hub. */
struct vhci_root {
	struct vhci_plug __rcu *plug;	/* written under the hub's lock */
	bool taken;			/* the hub's lock */
	u8 index;			/* from 0 */
	struct portstatus ps;		/* the hub's lock */
};

/* A root hub: the first thing in the private part of its HCD. */
struct vhci_roothub {
	struct usb_hcd *hcd;
	/*
	 * Protects the root ports' state and what is plugged into them. Taken
	 * with interrupts off; nests in nothing of ours, and nothing nests in
	 * it.
	 */
	spinlock_t lock;
	bool super;
	u8 ports;			/* that it has */
	struct vhci_root root[ROOTHUB_PORTS];
};

static inline struct vhci_roothub *hcd_to_roothub(struct usb_hcd *hcd)
{
	return (struct vhci_roothub *)hcd->hcd_priv;
}

static inline struct vhci_roothub *root_to_roothub(struct vhci_root *root)
{
	return container_of(root - root->index, struct vhci_roothub, root[0]);
}

static inline void plug_put(struct vhci_plug *plug)
{
	kref_put(&plug->ref, plug->release);
}

void roothub_init(struct vhci_roothub *hub, struct usb_hcd *hcd, bool super,
		  u8 ports);
struct vhci_root *roothub_reserve(struct vhci_roothub *hub);
void roothub_unreserve(struct vhci_root *root);
unsigned int roothub_taken(struct vhci_roothub *hub);

/* For the port: may not be called with interrupts off. */
void roothub_plug(struct vhci_plug *plug);
void roothub_unplug(struct vhci_plug *plug);
bool roothub_release(struct vhci_plug *plug);
struct usb_device *roothub_get_device(struct vhci_plug *plug);
u32 roothub_devnum(struct vhci_plug *plug);
bool roothub_enumerating(struct vhci_plug *plug, unsigned int *ms);

/* For the controller: any context. */
struct vhci_plug *roothub_find(struct usb_hcd *hcd, struct usb_device *udev);
struct vhci_plug *roothub_at(struct usb_hcd *hcd, unsigned int port1);
struct vhci_plug *roothub_bind(struct usb_hcd *hcd, struct usb_device *udev,
			       bool *reset);
void roothub_unbind(struct usb_hcd *hcd, struct usb_device *udev);
void roothub_present(struct usb_hcd *hcd, struct usb_device *udev);
void roothub_configured(struct vhci_plug *plug);
bool roothub_silent(struct vhci_plug *plug, bool needed);

/* What the hub driver asks. */
int roothub_status_data(struct usb_hcd *hcd, char *buf);
int roothub_control(struct usb_hcd *hcd, u16 type, u16 value, u16 index,
		    char *buf, u16 length);
int roothub_suspend(struct usb_hcd *hcd);
int roothub_resume(struct usb_hcd *hcd);

#endif /* _HEARTH_VHCI_ROOTHUB_H */
