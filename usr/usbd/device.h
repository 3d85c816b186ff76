/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device, which this process has alone: taken from the kernel's drivers, reset before
 * and after, and given back to them. What is here may block for seconds.
 */
#ifndef HEARTH_USBD_DEVICE_H
#define HEARTH_USBD_DEVICE_H

#include <libusb.h>

#include "../format/error.h"
#include "../format/urb.h"

#define DEVICE_INTERFACES	32u	/* as Linux has it */

struct device_interface {
	uint8_t number;
	uint8_t setting;	/* bAlternateSetting */
	bool claimed;
};

struct device {
	libusb_context *usb;
	libusb_device_handle *handle;
	bool hub;
	int first_configuration;	/* that it had before; 0: none */
	int configuration;
	unsigned int n;
	struct device_interface interfaces[DEVICE_INTERFACES];
	struct {
		enum urb_type type;
		uint8_t interface;
	} in[16], out[16];	/* endpoints, by number */
};

/*
 * Takes the device whose node is open as @fd, which stays the caller's. Returns 0, or a
 * negative errno: -EBUSY where another program uses it. Then it is as it was.
 */
int device_take(struct device *device, int fd, struct error *err);

/* Resets it, and lets the kernel's drivers have it again. Nothing may be in flight. */
void device_release(struct device *device);

enum urb_type device_type(const struct device *device, uint8_t ep, bool in);

/* The interface that an endpoint belongs to; -1 of endpoint 0. */
int device_interface(const struct device *device, uint8_t ep, bool in);

/*
 * Carries out what the kernel has to know of; nothing may be in flight that it ends.
 * Returns 0 or the negative errno of the URB's answer.
 */
int device_special(struct device *device, enum urb_special special,
		   uint16_t value, uint16_t index);

/* The URB's status for one of libusb's. */
int device_status(enum libusb_transfer_status status);

#endif
