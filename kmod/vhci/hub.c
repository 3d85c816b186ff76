// SPDX-License-Identifier: GPL-2.0
/*
 * Root hubs: what the core's hub driver sees of the ports.
 *
 * Sources: USB 2.0, 11.24 and USB 3.2, 10.16. A device is there as soon as it
 * is plugged in, a reset is over as soon as it is asked for: the real device
 * has been through both at its server.
 */
#include <linux/usb/ch11.h>

#include "../compat/compat.h"
#include "hcd.h"
#include "port.h"

/* Power characteristics: individual switching and over-current, USB 2 and 3. */
#define HUB_CHARACTERISTICS	(HUB_CHAR_INDV_PORT_LPSM | HUB_CHAR_INDV_PORT_OCPM)

/* wPortStatus of a super-speed port keeps its power where others keep speed. */
static u16 hub_power_bit(struct vhci_hub *hub)
{
	return hub->super ? USB_SS_PORT_STAT_POWER : USB_PORT_STAT_POWER;
}

static void hub_set_link(struct vhci_root *root, u16 link)
{
	root->status = (root->status & ~USB_PORT_STAT_LINK_STATE) | link;
}

void hub_init(struct vhci_hub *hub)
{
	int i;

	spin_lock_init(&hub->lock);
	for (i = 0; i < VHCI_ROOT_PORTS; i++) {
		hub->root[i].index = i;
		hub->root[i].status = hub_power_bit(hub);
		if (hub->super)
			hub_set_link(&hub->root[i], USB_SS_PORT_LS_RX_DETECT);
	}
}

/* The core polls the hub now, after waking it if it sleeps. */
static void hub_changed(struct vhci_hub *hub)
{
	if (hub->hcd->state == HC_STATE_SUSPENDED)
		usb_hcd_resume_root_hub(hub->hcd);
	usb_hcd_poll_rh_status(hub->hcd);
}

/* A device is plugged in: visible to the core from here on. */
void hub_plug(struct vhci_port *port)
{
	struct vhci_root *root = port->root;
	struct vhci_hub *hub = root_to_hub(root);

	spin_lock_irq(&hub->lock);
	kref_get(&port->ref);
	rcu_assign_pointer(root->port, port);
	root->status |= USB_PORT_STAT_CONNECTION;
	root->change |= USB_PORT_STAT_C_CONNECTION;
	if (hub->super) {
		root->status |= USB_PORT_STAT_ENABLE;
		hub_set_link(root, USB_SS_PORT_LS_U0);
	} else if (port->speed == HEARTH_USB_SPEED_HIGH) {
		root->status |= USB_PORT_STAT_HIGH_SPEED;
	} else if (port->speed == HEARTH_USB_SPEED_LOW) {
		root->status |= USB_PORT_STAT_LOW_SPEED;
	}
	spin_unlock_irq(&hub->lock);
	hub_changed(hub);
}

/* The device is gone; the root port stays the port's until hub_release(). */
void hub_unplug(struct vhci_port *port)
{
	struct vhci_root *root = port->root;
	struct vhci_hub *hub = root_to_hub(root);

	spin_lock_irq(&hub->lock);
	root->status = hub_power_bit(hub);
	if (hub->super)
		hub_set_link(root, USB_SS_PORT_LS_RX_DETECT);
	root->change |= USB_PORT_STAT_C_CONNECTION;
	spin_unlock_irq(&hub->lock);
	hub_changed(hub);
}

/**
 * hub_release() - free the root port of an unplugged port
 * @port: after hub_unplug()
 *
 * Return: false if the core still has the device; hcd_free_dev() tells when
 * that is over.
 */
bool hub_release(struct vhci_port *port)
{
	struct vhci_root *root = port->root;
	struct vhci_hub *hub = root_to_hub(root);
	bool released = false;

	spin_lock_irq(&hub->lock);
	if (!port->udev && rcu_access_pointer(root->port) == port) {
		RCU_INIT_POINTER(root->port, NULL);
		released = true;
	}
	spin_unlock_irq(&hub->lock);
	if (released) {
		hub_unreserve(root);
		port_put(port);
	}
	return released;
}

/* Bit 0 is the hub itself, bit N its port N. Returns bytes, 0: no change. */
int hub_status_data(struct usb_hcd *hcd, char *buf)
{
	struct vhci_hub *hub = hcd_to_hub(hcd);
	unsigned long flags;
	u16 changed = 0;
	int i;

	BUILD_BUG_ON(VHCI_ROOT_PORTS > 15);

	spin_lock_irqsave(&hub->lock, flags);
	for (i = 0; i < VHCI_ROOT_PORTS; i++)
		if (hub->root[i].change)
			changed |= BIT(i + 1);
	spin_unlock_irqrestore(&hub->lock, flags);
	if (!changed)
		return 0;
	put_unaligned_le16(changed, buf);
	return sizeof(changed);
}

static int hub_descriptor(struct vhci_hub *hub, char *buf, u16 length)
{
	struct usb_hub_descriptor desc = {
		.bNbrPorts = VHCI_ROOT_PORTS,
		.wHubCharacteristics = cpu_to_le16(HUB_CHARACTERISTICS),
	};

	if (hub->super) {
		desc.bDescriptorType = USB_DT_SS_HUB;
		desc.bDescLength = USB_DT_SS_HUB_SIZE;
		desc.u.ss.bHubHdrDecLat = 0x04;	/* 0.4 us, the least allowed */
	} else {
		/* DeviceRemovable, then PortPwrCtrlMask, a bit a port + 1 */
		const int bytes = VHCI_ROOT_PORTS / 8 + 1;

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
static int hub_bos(struct vhci_hub *hub, char *buf, u16 length)
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

static void hub_port_reset(struct vhci_hub *hub, struct vhci_root *root,
			   bool warm)
{
	if (!(root->status & USB_PORT_STAT_CONNECTION))
		return;
	root->status |= USB_PORT_STAT_ENABLE;
	root->status &= ~(USB_PORT_STAT_RESET | USB_PORT_STAT_SUSPEND);
	root->change |= USB_PORT_STAT_C_RESET;
	if (!hub->super)
		return;
	/* On a super-speed port the suspend bit is part of the link state. */
	hub_set_link(root, USB_SS_PORT_LS_U0);
	if (warm)
		root->change |= USB_PORT_STAT_C_BH_RESET;
}

static int hub_set_link_state(struct vhci_hub *hub, struct vhci_root *root,
			      u16 link)
{
	if (!hub->super)
		return -EPIPE;
	link <<= 5;		/* where wPortStatus has it */
	switch (link) {
	case USB_SS_PORT_LS_U0:
		if ((root->status & USB_PORT_STAT_LINK_STATE) ==
		    USB_SS_PORT_LS_U3)
			root->change |= USB_PORT_STAT_C_LINK_STATE;
		fallthrough;
	case USB_SS_PORT_LS_U1:
	case USB_SS_PORT_LS_U2:
	case USB_SS_PORT_LS_U3:
		if (root->status & USB_PORT_STAT_ENABLE)
			hub_set_link(root, link);
		return 0;
	case USB_SS_PORT_LS_SS_DISABLED:
		root->status &= ~USB_PORT_STAT_ENABLE;
		hub_set_link(root, link);
		return 0;
	case USB_SS_PORT_LS_RX_DETECT:
		if (root->status & USB_PORT_STAT_CONNECTION) {
			root->status |= USB_PORT_STAT_ENABLE;
			hub_set_link(root, USB_SS_PORT_LS_U0);
		} else {
			hub_set_link(root, link);
		}
		return 0;
	default:
		return -EPIPE;
	}
}

static int hub_set_feature(struct vhci_hub *hub, struct vhci_root *root,
			   u16 feature, u16 arg)
{
	switch (feature) {
	case USB_PORT_FEAT_POWER:
		root->status |= hub_power_bit(hub);
		return 0;
	case USB_PORT_FEAT_RESET:
		hub_port_reset(hub, root, false);
		return 0;
	case USB_PORT_FEAT_BH_PORT_RESET:
		if (!hub->super)
			return -EPIPE;
		hub_port_reset(hub, root, true);
		return 0;
	case USB_PORT_FEAT_SUSPEND:
		if (hub->super)
			return -EPIPE;
		if (root->status & USB_PORT_STAT_ENABLE)
			root->status |= USB_PORT_STAT_SUSPEND;
		return 0;
	case USB_PORT_FEAT_LINK_STATE:
		return hub_set_link_state(hub, root, arg);
	case USB_PORT_FEAT_U1_TIMEOUT:
	case USB_PORT_FEAT_U2_TIMEOUT:
	case USB_PORT_FEAT_REMOTE_WAKE_MASK:
		return hub->super ? 0 : -EPIPE;
	default:
		return -EPIPE;
	}
}

static int hub_clear_feature(struct vhci_hub *hub, struct vhci_root *root,
			     u16 feature)
{
	switch (feature) {
	case USB_PORT_FEAT_ENABLE:
		root->status &= ~USB_PORT_STAT_ENABLE;
		return 0;
	case USB_PORT_FEAT_POWER:
		/* The device is powered where it is; only tell. */
		root->status &= ~hub_power_bit(hub);
		return 0;
	case USB_PORT_FEAT_SUSPEND:
		if (hub->super)
			return -EPIPE;
		if (root->status & USB_PORT_STAT_SUSPEND) {
			root->status &= ~USB_PORT_STAT_SUSPEND;
			root->change |= USB_PORT_STAT_C_SUSPEND;
		}
		return 0;
	case USB_PORT_FEAT_C_CONNECTION:
		root->change &= ~USB_PORT_STAT_C_CONNECTION;
		return 0;
	case USB_PORT_FEAT_C_ENABLE:
		root->change &= ~USB_PORT_STAT_C_ENABLE;
		return 0;
	case USB_PORT_FEAT_C_SUSPEND:
		root->change &= ~USB_PORT_STAT_C_SUSPEND;
		return 0;
	case USB_PORT_FEAT_C_OVER_CURRENT:
		root->change &= ~USB_PORT_STAT_C_OVERCURRENT;
		return 0;
	case USB_PORT_FEAT_C_RESET:
		root->change &= ~USB_PORT_STAT_C_RESET;
		return 0;
	case USB_PORT_FEAT_C_BH_PORT_RESET:
		root->change &= ~USB_PORT_STAT_C_BH_RESET;
		return 0;
	case USB_PORT_FEAT_C_PORT_LINK_STATE:
		root->change &= ~USB_PORT_STAT_C_LINK_STATE;
		return 0;
	case USB_PORT_FEAT_C_PORT_CONFIG_ERROR:
		root->change &= ~USB_PORT_STAT_C_CONFIG_ERROR;
		return 0;
	default:
		return -EPIPE;
	}
}

/* The extended status tells by which sublink speed attribute a link runs. */
static int hub_get_status(struct vhci_hub *hub, struct vhci_root *root,
			  u16 kind, char *buf, u16 length)
{
	struct vhci_port *port;
	u32 ext = 0;

	if (length < 4)
		return -EPIPE;
	put_unaligned_le16(root->status, buf);
	put_unaligned_le16(root->change, buf + 2);
	if (kind != HUB_EXT_PORT_STATUS || length < 8)
		return 4;
	port = rcu_dereference_protected(root->port,
					 lockdep_is_held(&hub->lock));
	if (port && port->speed == HEARTH_USB_SPEED_SUPER_PLUS)
		ext = 0x11;	/* receive and transmit by attribute 1 */
	put_unaligned_le32(ext, buf + 4);
	return 8;
}

static int hub_port_request(struct vhci_hub *hub, struct vhci_root *root,
			    u16 type, u16 value, u16 arg, char *buf, u16 length)
{
	switch (type) {
	case GetPortStatus:
		return hub_get_status(hub, root, value, buf, length);
	case SetPortFeature:
		return hub_set_feature(hub, root, value, arg);
	case ClearPortFeature:
		return hub_clear_feature(hub, root, value);
	case GetPortErrorCount:
		if (!hub->super || length < 4)
			return -EPIPE;
		put_unaligned_le32(0, buf);
		return 4;
	default:
		return -EPIPE;
	}
}

/* A request to the root hub. Returns bytes in @buf, or -EPIPE: stall. */
int hub_control(struct usb_hcd *hcd, u16 type, u16 value, u16 index, char *buf,
		u16 length)
{
	struct vhci_hub *hub = hcd_to_hub(hcd);
	u8 port1 = index & 0xff;
	unsigned long flags;
	bool changed;
	int ret;

	switch (type) {
	case GetHubDescriptor:
		return hub_descriptor(hub, buf, length);
	case DeviceRequest | USB_REQ_GET_DESCRIPTOR:
		return value >> 8 == USB_DT_BOS ? hub_bos(hub, buf, length) :
						  -EPIPE;
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
	if (!port1 || port1 > VHCI_ROOT_PORTS)
		return -EPIPE;

	spin_lock_irqsave(&hub->lock, flags);
	ret = hub_port_request(hub, &hub->root[port1 - 1], type, value,
			       index >> 8, buf, length);
	changed = type == SetPortFeature && hub->root[port1 - 1].change;
	spin_unlock_irqrestore(&hub->lock, flags);
	if (changed)
		usb_hcd_poll_rh_status(hcd);
	return ret;
}

int hub_bus_suspend(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_SUSPENDED;
	return 0;
}

int hub_bus_resume(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_RUNNING;
	/* A device may have come or gone while the hub slept. */
	usb_hcd_poll_rh_status(hcd);
	return 0;
}
