// SPDX-License-Identifier: GPL-2.0
/*
 * Root hubs: what the core's hub driver sees of the ports, and what is plugged
 * into them.
 */
#include <linux/usb/ch11.h>

#include "../compat/compat.h"
#include "roothub.h"

/* Power characteristics: individual switching and over-current, USB 2 and 3. */
#define ROOTHUB_CHARACTERISTICS	(HUB_CHAR_INDV_PORT_LPSM | HUB_CHAR_INDV_PORT_OCPM)

/*
 * Requests that the core can do without, such as that for a string: so many may
 * stay unanswered while it enumerates a device. Each takes it 5 s.
 */
#define ROOTHUB_SILENT_MAX	3

void roothub_init(struct vhci_roothub *hub, struct usb_hcd *hcd, bool super,
		  u8 ports)
{
	int i;

	spin_lock_init(&hub->lock);
	hub->hcd = hcd;
	hub->super = super;
	hub->ports = ports;
	for (i = 0; i < ROOTHUB_PORTS; i++) {
		hub->root[i].index = i;
		portstatus_init(&hub->root[i].ps, super);
	}
}

/* --- the root ports ------------------------------------------------------ */

/* A free root port, or NULL. */
struct vhci_root *roothub_reserve(struct vhci_roothub *hub)
{
	struct vhci_root *root = NULL;
	int i;

	spin_lock_irq(&hub->lock);
	for (i = 0; i < hub->ports; i++) {
		if (hub->root[i].taken)
			continue;
		root = &hub->root[i];
		root->taken = true;
		break;
	}
	spin_unlock_irq(&hub->lock);
	return root;
}

void roothub_unreserve(struct vhci_root *root)
{
	struct vhci_roothub *hub = root_to_roothub(root);

	spin_lock_irq(&hub->lock);
	root->taken = false;
	spin_unlock_irq(&hub->lock);
}

/* How many are not free? */
unsigned int roothub_taken(struct vhci_roothub *hub)
{
	unsigned int n = 0;
	int i;

	spin_lock_irq(&hub->lock);
	for (i = 0; i < hub->ports; i++)
		n += hub->root[i].taken;
	spin_unlock_irq(&hub->lock);
	return n;
}

/* The core polls the hub now, after waking it if it sleeps. */
static void roothub_changed(struct vhci_roothub *hub)
{
	if (hub->hcd->state == HC_STATE_SUSPENDED)
		usb_hcd_resume_root_hub(hub->hcd);
	usb_hcd_poll_rh_status(hub->hcd);
}

/* From here on the core asks the device what it is: it has reset the port. */
static void roothub_begin(struct vhci_plug *plug)
{
	if (plug->enumerating)
		return;
	plug->enumerating = true;
	plug->since = jiffies;
	plug->silent = 0;
}

/* A device is plugged in: visible to the core from here on. */
void roothub_plug(struct vhci_plug *plug)
{
	struct vhci_root *root = plug->root;
	struct vhci_roothub *hub = root_to_roothub(root);

	spin_lock_irq(&hub->lock);
	kref_get(&plug->ref);
	rcu_assign_pointer(root->plug, plug);
	portstatus_plug(&root->ps, plug->speed);
	spin_unlock_irq(&hub->lock);
	roothub_changed(hub);
}

/* The device is gone; the root port stays the port's until roothub_release(). */
void roothub_unplug(struct vhci_plug *plug)
{
	struct vhci_root *root = plug->root;
	struct vhci_roothub *hub = root_to_roothub(root);

	spin_lock_irq(&hub->lock);
	portstatus_unplug(&root->ps);
	spin_unlock_irq(&hub->lock);
	roothub_changed(hub);
}

/**
 * roothub_release() - leave the root port
 * @plug: after roothub_unplug()
 *
 * Return: false if the core still has the device, and plug->changed() tells when
 * that is over; or if it was left before.
 */
bool roothub_release(struct vhci_plug *plug)
{
	struct vhci_root *root = plug->root;
	struct vhci_roothub *hub = root_to_roothub(root);
	bool released = false;

	spin_lock_irq(&hub->lock);
	if (!plug->udev && rcu_access_pointer(root->plug) == plug) {
		RCU_INIT_POINTER(root->plug, NULL);
		released = true;
	}
	spin_unlock_irq(&hub->lock);
	if (released)
		plug_put(plug);
	return released;
}

/* --- the core's device --------------------------------------------------- */

/**
 * roothub_at() - what is plugged into a root port
 * @hcd: the controller
 * @port1: the root port, from 1
 *
 * Return: the plug, with a reference, or NULL.
 */
struct vhci_plug *roothub_at(struct usb_hcd *hcd, unsigned int port1)
{
	struct vhci_roothub *hub = hcd_to_roothub(hcd);
	struct vhci_plug *plug;

	if (!port1 || port1 > ROOTHUB_PORTS)
		return NULL;
	rcu_read_lock();
	plug = rcu_dereference(hub->root[port1 - 1].plug);
	if (plug && !kref_get_unless_zero(&plug->ref))
		plug = NULL;
	rcu_read_unlock();
	return plug;
}

/**
 * roothub_find() - what a device of the core is bound to
 * @hcd: the controller
 * @udev: the device
 *
 * Return: the plug, with a reference, or NULL.
 */
struct vhci_plug *roothub_find(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct vhci_plug *plug;

	/* USB/IP carries one device a connection: nothing is behind it. */
	if (udev->level != 1)
		return NULL;
	plug = roothub_at(hcd, udev->portnum);
	if (!plug || READ_ONCE(plug->udev) == udev)
		return plug;
	plug_put(plug);
	return NULL;
}

/**
 * roothub_bind() - the core has reset the root port of a device
 * @hcd: the controller
 * @udev: the device, new to us or not
 * @reset: set to whether the real device is to be reset as well
 *
 * Context: process, the root hub's device is locked.
 * Return: what it is bound to, with a reference, or NULL if nothing is there.
 */
struct vhci_plug *roothub_bind(struct usb_hcd *hcd, struct usb_device *udev,
			       bool *reset)
{
	struct vhci_roothub *hub = hcd_to_roothub(hcd);
	struct vhci_plug *plug;

	if (udev->level != 1)
		return NULL;
	plug = roothub_at(hcd, udev->portnum);
	if (!plug)
		return NULL;
	spin_lock_irq(&hub->lock);
	if (!plug->udev && rcu_access_pointer(plug->root->plug) == plug)
		WRITE_ONCE(plug->udev, udev);
	if (plug->udev == udev) {
		/* A device fresh from its server needs no reset. */
		*reset = plug->configured;
		/* One that drivers know has no configuration set again. */
		if (plug->configured || !plug->present)
			roothub_begin(plug);
		plug->configured = false;
	}
	spin_unlock_irq(&hub->lock);
	if (READ_ONCE(plug->udev) == udev) {
		plug->changed(plug);
		return plug;
	}
	plug_put(plug);
	return NULL;
}

/* The core is through with @udev. */
void roothub_unbind(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct vhci_plug *plug = roothub_find(hcd, udev);
	struct vhci_roothub *hub = hcd_to_roothub(hcd);
	bool present;

	if (!plug)
		return;
	spin_lock_irq(&hub->lock);
	present = plug->present;
	WRITE_ONCE(plug->udev, NULL);
	/* If it was not enumerated, the core tries once more. */
	if (present)
		plug->enumerating = false;
	plug->present = false;
	plug->devnum = 0;
	spin_unlock_irq(&hub->lock);
	if (present)
		usb_put_dev(udev);
	plug->changed(plug);
	plug_put(plug);
}

/* @udev was enumerated, and offered to drivers. */
void roothub_present(struct usb_hcd *hcd, struct usb_device *udev)
{
	struct vhci_plug *plug = roothub_find(hcd, udev);
	struct vhci_roothub *hub = hcd_to_roothub(hcd);

	if (!plug)
		return;
	spin_lock_irq(&hub->lock);
	if (plug->udev == udev) {
		if (!plug->present)
			usb_get_dev(udev);
		plug->present = true;
		plug->enumerating = false;
		plug->devnum = udev->devnum;
	}
	spin_unlock_irq(&hub->lock);
	plug->changed(plug);
	plug_put(plug);
}

/* The core sets a configuration of the device. */
void roothub_configured(struct vhci_plug *plug)
{
	struct vhci_roothub *hub = root_to_roothub(plug->root);
	unsigned long flags;

	spin_lock_irqsave(&hub->lock, flags);
	plug->configured = true;
	/* The end of a reset. A new device is present when drivers had it. */
	if (plug->present)
		plug->enumerating = false;
	spin_unlock_irqrestore(&hub->lock, flags);
}

/**
 * roothub_silent() - a request of the core to endpoint 0 had no answer in time
 * @plug: whose device left it unanswered
 * @needed: the core can't enumerate a device without
 *
 * Return: true if the device is to be given up. The core tries each request
 * again, and all of it again, for longer than a minute.
 */
bool roothub_silent(struct vhci_plug *plug, bool needed)
{
	struct vhci_roothub *hub = root_to_roothub(plug->root);
	unsigned long flags;
	bool over;

	spin_lock_irqsave(&hub->lock, flags);
	/* Behind the configuration it is drivers that ask. */
	over = plug->enumerating &&
	       (needed || (!plug->configured &&
			   ++plug->silent > ROOTHUB_SILENT_MAX));
	spin_unlock_irqrestore(&hub->lock, flags);
	return over;
}

/* The device, counted, once it was offered to drivers; or NULL. */
struct usb_device *roothub_get_device(struct vhci_plug *plug)
{
	struct vhci_roothub *hub = root_to_roothub(plug->root);
	struct usb_device *udev = NULL;

	spin_lock_irq(&hub->lock);
	if (plug->present)
		udev = usb_get_dev(plug->udev);
	spin_unlock_irq(&hub->lock);
	return udev;
}

/* The local number of the device; 0 before it was offered to drivers. */
u32 roothub_devnum(struct vhci_plug *plug)
{
	return READ_ONCE(plug->devnum);
}

/*
 * Does the core ask the device what it is, for the first time or again, and for
 * how many milliseconds? What drivers do when they get it does not count.
 */
bool roothub_enumerating(struct vhci_plug *plug, unsigned int *ms)
{
	struct vhci_roothub *hub = root_to_roothub(plug->root);
	bool so;

	spin_lock_irq(&hub->lock);
	so = plug->enumerating && !plug->present && !plug->configured;
	*ms = jiffies_to_msecs(jiffies - plug->since);
	spin_unlock_irq(&hub->lock);
	return so;
}

/* --- what the hub driver asks -------------------------------------------- */

/* Bit 0 is the hub itself, bit N its port N. Returns bytes, 0: no change. */
int roothub_status_data(struct usb_hcd *hcd, char *buf)
{
	struct vhci_roothub *hub = hcd_to_roothub(hcd);
	unsigned long flags;
	u16 changed = 0;
	int i;

	BUILD_BUG_ON(ROOTHUB_PORTS > 15);

	spin_lock_irqsave(&hub->lock, flags);
	for (i = 0; i < hub->ports; i++)
		if (hub->root[i].ps.change)
			changed |= BIT(i + 1);
	spin_unlock_irqrestore(&hub->lock, flags);
	if (!changed)
		return 0;
	put_unaligned_le16(changed, buf);
	return sizeof(changed);
}

static int roothub_descriptor(struct vhci_roothub *hub, char *buf, u16 length)
{
	struct usb_hub_descriptor desc = {
		.bNbrPorts = hub->ports,
		.wHubCharacteristics = cpu_to_le16(ROOTHUB_CHARACTERISTICS),
	};

	if (hub->super) {
		desc.bDescriptorType = USB_DT_SS_HUB;
		desc.bDescLength = USB_DT_SS_HUB_SIZE;
		desc.u.ss.bHubHdrDecLat = 0x04;	/* 0.4 us, the least allowed */
	} else {
		/* DeviceRemovable, then PortPwrCtrlMask, a bit a port + 1 */
		const int bytes = hub->ports / 8 + 1;

		desc.bDescriptorType = USB_DT_HUB;
		desc.bDescLength = USB_DT_HUB_NONVAR_SIZE + 2 * bytes;
		memset(&desc.u.hs.DeviceRemovable[bytes], 0xff, bytes);
	}
	length = min_t(u16, length, desc.bDescLength);
	memcpy(buf, &desc, length);
	return length;
}

/*
 * The BOS descriptor of the super-speed root hub: it does 5 Gbit/s, and by
 * sublink speed attribute 1, both directions, 10 Gbit/s. USB 3.2, 9.6.2.
 */
static int roothub_bos(struct vhci_roothub *hub, char *buf, u16 length)
{
	static const u8 bos[] = {
		5, USB_DT_BOS, 35, 0, 2,
		10, USB_DT_DEVICE_CAPABILITY, USB_SS_CAP_TYPE,
		0,			/* no latency tolerance messages */
		0x08, 0x00,		/* wSpeedsSupported: 5 Gbit/s */
		3,			/* all functions from 5 Gbit/s on */
		0, 0, 0,		/* exit latencies of U1 and U2 */
		20, USB_DT_DEVICE_CAPABILITY, USB_SSP_CAP_TYPE,
		0,
		0x01, 0, 0, 0,		/* two attributes, one id */
		0x01, 0x11,		/* all functions from id 1, one lane */
		0, 0,
		0x31, 0x40, 0x0a, 0,	/* id 1, receive, 10 Gbit/s, SSP */
		0xb1, 0x40, 0x0a, 0,	/* id 1, transmit, 10 Gbit/s, SSP */
	};

	BUILD_BUG_ON(sizeof(bos) != 35);
	if (!hub->super)
		return -EPIPE;
	length = min_t(u16, length, sizeof(bos));
	memcpy(buf, bos, length);
	return length;
}

static int roothub_get_status(const struct portstatus *ps, u16 kind, char *buf,
			      u16 length)
{
	if (length < 4)
		return -EPIPE;
	put_unaligned_le16(ps->status, buf);
	put_unaligned_le16(ps->change, buf + 2);
	if (kind != HUB_EXT_PORT_STATUS || length < 8)
		return 4;
	put_unaligned_le32(portstatus_extended(ps), buf + 4);
	return 8;
}

static int roothub_port_request(struct portstatus *ps, u16 type, u16 value,
				u16 arg, char *buf, u16 length)
{
	switch (type) {
	case GetPortStatus:
		return roothub_get_status(ps, value, buf, length);
	case SetPortFeature:
		return portstatus_set_feature(ps, value, arg);
	case ClearPortFeature:
		return portstatus_clear_feature(ps, value);
	case GetPortErrorCount:
		if (!ps->super || length < 4)
			return -EPIPE;
		put_unaligned_le32(0, buf);
		return 4;
	default:
		return -EPIPE;
	}
}

/* A request to the root hub. Returns bytes in @buf, or -EPIPE: stall. */
int roothub_control(struct usb_hcd *hcd, u16 type, u16 value, u16 index,
		    char *buf, u16 length)
{
	struct vhci_roothub *hub = hcd_to_roothub(hcd);
	u8 port1 = index & 0xff;
	struct portstatus *ps;
	unsigned long flags;
	u16 before, after;
	int ret;

	switch (type) {
	case GetHubDescriptor:
		return roothub_descriptor(hub, buf, length);
	case DeviceRequest | USB_REQ_GET_DESCRIPTOR:
		return value >> 8 == USB_DT_BOS ?
		       roothub_bos(hub, buf, length) : -EPIPE;
	case GetHubStatus:
		if (length < 4)
			return -EPIPE;
		put_unaligned_le32(0, buf);
		return 4;
	case SetHubFeature:
	case ClearHubFeature:
		return 0;
	case SetHubDepth:
		return hub->super ? 0 : -EPIPE;
	}
	if (!port1 || port1 > hub->ports)
		return -EPIPE;

	spin_lock_irqsave(&hub->lock, flags);
	ps = &hub->root[port1 - 1].ps;
	before = ps->change;
	ret = roothub_port_request(ps, type, value, index >> 8, buf, length);
	after = ps->change;
	spin_unlock_irqrestore(&hub->lock, flags);
	if (after & ~before)
		usb_hcd_poll_rh_status(hcd);
	return ret;
}

int roothub_suspend(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_SUSPENDED;
	return 0;
}

int roothub_resume(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_RUNNING;
	/* A device may have come or gone while the hub slept. */
	usb_hcd_poll_rh_status(hcd);
	return 0;
}
