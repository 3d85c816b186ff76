// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include <linux/usb/ch11.h>
#include <uapi/linux/hearth_usb.h>

#include "portstatus.h"

/* wPortStatus of a super-speed port keeps its power where others keep speed. */
static u16 portstatus_power(const struct portstatus *ps)
{
	return ps->super ? USB_SS_PORT_STAT_POWER : USB_PORT_STAT_POWER;
}

static void portstatus_link(struct portstatus *ps, u16 link)
{
	ps->status = (ps->status & ~USB_PORT_STAT_LINK_STATE) | link;
}

/* A port with power has a device on it, if one is plugged in. */
static void portstatus_connect(struct portstatus *ps)
{
	if (!ps->speed || !(ps->status & portstatus_power(ps)))
		return;
	ps->status |= USB_PORT_STAT_CONNECTION;
	ps->change |= USB_PORT_STAT_C_CONNECTION;
	if (ps->super) {
		ps->status |= USB_PORT_STAT_ENABLE;
		portstatus_link(ps, USB_SS_PORT_LS_U0);
	} else if (ps->speed == HEARTH_USB_SPEED_HIGH) {
		ps->status |= USB_PORT_STAT_HIGH_SPEED;
	} else if (ps->speed == HEARTH_USB_SPEED_LOW) {
		ps->status |= USB_PORT_STAT_LOW_SPEED;
	}
}

static void portstatus_disconnect(struct portstatus *ps)
{
	if (ps->status & USB_PORT_STAT_CONNECTION)
		ps->change |= USB_PORT_STAT_C_CONNECTION;
	ps->status &= portstatus_power(ps);
	if (ps->super)
		portstatus_link(ps, ps->status ? USB_SS_PORT_LS_RX_DETECT :
				USB_SS_PORT_LS_SS_DISABLED);
}

void portstatus_init(struct portstatus *ps, bool super)
{
	ps->super = super;
	ps->speed = 0;
	ps->change = 0;
	ps->status = portstatus_power(ps);
	if (super)
		portstatus_link(ps, USB_SS_PORT_LS_RX_DETECT);
}

void portstatus_plug(struct portstatus *ps, u8 speed)
{
	ps->speed = speed;
	portstatus_connect(ps);
}

void portstatus_unplug(struct portstatus *ps)
{
	ps->speed = 0;
	portstatus_disconnect(ps);
}

static void portstatus_reset(struct portstatus *ps, bool warm)
{
	if (!(ps->status & USB_PORT_STAT_CONNECTION))
		return;
	ps->status |= USB_PORT_STAT_ENABLE;
	ps->status &= ~(USB_PORT_STAT_RESET | USB_PORT_STAT_SUSPEND);
	ps->change |= USB_PORT_STAT_C_RESET;
	if (!ps->super)
		return;
	/* On a super-speed port the suspend bit is part of the link state. */
	portstatus_link(ps, USB_SS_PORT_LS_U0);
	if (warm)
		ps->change |= USB_PORT_STAT_C_BH_RESET;
}

static int portstatus_set_link(struct portstatus *ps, u16 link)
{
	if (!ps->super)
		return -EPIPE;
	link <<= 5;		/* where wPortStatus has it */
	switch (link) {
	case USB_SS_PORT_LS_U0:
		if ((ps->status & USB_PORT_STAT_LINK_STATE) ==
		    USB_SS_PORT_LS_U3)
			ps->change |= USB_PORT_STAT_C_LINK_STATE;
		fallthrough;
	case USB_SS_PORT_LS_U1:
	case USB_SS_PORT_LS_U2:
	case USB_SS_PORT_LS_U3:
		if (ps->status & USB_PORT_STAT_ENABLE)
			portstatus_link(ps, link);
		return 0;
	case USB_SS_PORT_LS_SS_DISABLED:
		ps->status &= ~USB_PORT_STAT_ENABLE;
		portstatus_link(ps, link);
		return 0;
	case USB_SS_PORT_LS_RX_DETECT:
		if (ps->status & USB_PORT_STAT_CONNECTION) {
			ps->status |= USB_PORT_STAT_ENABLE;
			portstatus_link(ps, USB_SS_PORT_LS_U0);
		} else {
			portstatus_link(ps, link);
		}
		return 0;
	default:
		return -EPIPE;
	}
}

/* The device is powered where it is; here it goes and comes, as with a cable. */
static void portstatus_set_power(struct portstatus *ps, bool on)
{
	u16 power = portstatus_power(ps);

	if (on == !!(ps->status & power))
		return;
	if (on) {
		ps->status |= power;
		if (ps->super)
			portstatus_link(ps, USB_SS_PORT_LS_RX_DETECT);
		portstatus_connect(ps);
	} else {
		ps->status &= ~power;
		portstatus_disconnect(ps);
	}
}

int portstatus_set_feature(struct portstatus *ps, u16 feature, u16 arg)
{
	switch (feature) {
	case USB_PORT_FEAT_POWER:
		portstatus_set_power(ps, true);
		return 0;
	case USB_PORT_FEAT_RESET:
		portstatus_reset(ps, false);
		return 0;
	case USB_PORT_FEAT_BH_PORT_RESET:
		if (!ps->super)
			return -EPIPE;
		portstatus_reset(ps, true);
		return 0;
	case USB_PORT_FEAT_SUSPEND:
		if (ps->super)
			return -EPIPE;
		if (ps->status & USB_PORT_STAT_ENABLE)
			ps->status |= USB_PORT_STAT_SUSPEND;
		return 0;
	case USB_PORT_FEAT_LINK_STATE:
		return portstatus_set_link(ps, arg);
	case USB_PORT_FEAT_U1_TIMEOUT:
	case USB_PORT_FEAT_U2_TIMEOUT:
	case USB_PORT_FEAT_REMOTE_WAKE_MASK:
		return ps->super ? 0 : -EPIPE;
	default:
		return -EPIPE;
	}
}

int portstatus_clear_feature(struct portstatus *ps, u16 feature)
{
	switch (feature) {
	case USB_PORT_FEAT_ENABLE:
		ps->status &= ~USB_PORT_STAT_ENABLE;
		return 0;
	case USB_PORT_FEAT_POWER:
		portstatus_set_power(ps, false);
		return 0;
	case USB_PORT_FEAT_SUSPEND:
		if (ps->super)
			return -EPIPE;
		if (ps->status & USB_PORT_STAT_SUSPEND) {
			ps->status &= ~USB_PORT_STAT_SUSPEND;
			ps->change |= USB_PORT_STAT_C_SUSPEND;
		}
		return 0;
	case USB_PORT_FEAT_C_CONNECTION:
		ps->change &= ~USB_PORT_STAT_C_CONNECTION;
		return 0;
	case USB_PORT_FEAT_C_ENABLE:
		ps->change &= ~USB_PORT_STAT_C_ENABLE;
		return 0;
	case USB_PORT_FEAT_C_SUSPEND:
		ps->change &= ~USB_PORT_STAT_C_SUSPEND;
		return 0;
	case USB_PORT_FEAT_C_OVER_CURRENT:
		ps->change &= ~USB_PORT_STAT_C_OVERCURRENT;
		return 0;
	case USB_PORT_FEAT_C_RESET:
		ps->change &= ~USB_PORT_STAT_C_RESET;
		return 0;
	case USB_PORT_FEAT_C_BH_PORT_RESET:
		ps->change &= ~USB_PORT_STAT_C_BH_RESET;
		return 0;
	case USB_PORT_FEAT_C_PORT_LINK_STATE:
		ps->change &= ~USB_PORT_STAT_C_LINK_STATE;
		return 0;
	case USB_PORT_FEAT_C_PORT_CONFIG_ERROR:
		ps->change &= ~USB_PORT_STAT_C_CONFIG_ERROR;
		return 0;
	default:
		return -EPIPE;
	}
}

u32 portstatus_extended(const struct portstatus *ps)
{
	/* Receive and transmit by attribute 1, which the BOS descriptor has. */
	return ps->speed == HEARTH_USB_SPEED_SUPER_PLUS ? 0x11 : 0;
}
