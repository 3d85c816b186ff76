// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "device.h"

#define NO_INTERFACE	UINT8_MAX

/* --- what it has ------------------------------------------------------------------------- */

static void learn_endpoints(struct device *device, uint8_t interface,
			    const struct libusb_interface_descriptor *setting)
{
	unsigned int i;

	for (i = 0; i < setting->bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *ep =
			&setting->endpoint[i];
		uint8_t number = ep->bEndpointAddress & 0xf;

		/* endpoint 0 is the control pipe, whatever a descriptor says */
		if (!number)
			continue;
		if (ep->bEndpointAddress & LIBUSB_ENDPOINT_IN) {
			device->in[number].type = ep->bmAttributes & 3;
			device->in[number].interface = interface;
		} else {
			device->out[number].type = ep->bmAttributes & 3;
			device->out[number].interface = interface;
		}
	}
}

/* The one that is chosen, or NULL: libusb_free_config_descriptor() it. */
static struct libusb_config_descriptor *active(struct device *device)
{
	struct libusb_config_descriptor *config = NULL;

	if (libusb_get_active_config_descriptor(
			libusb_get_device(device->handle), &config))
		return NULL;
	return config;
}

/* The endpoints of the settings that are chosen. */
static void learn(struct device *device)
{
	struct libusb_config_descriptor *config = active(device);
	unsigned int i;
	int a;

	for (i = 0; i < 16; i++) {
		device->in[i].type = URB_NO_ENDPOINT;
		device->out[i].type = URB_NO_ENDPOINT;
	}
	device->in[0].type = URB_CONTROL;
	device->in[0].interface = NO_INTERFACE;
	device->out[0] = device->in[0];
	for (i = 0; config && i < device->n; i++)
		for (a = 0; a < config->interface[i].num_altsetting; a++) {
			const struct libusb_interface_descriptor *setting =
				&config->interface[i].altsetting[a];

			if (setting->bAlternateSetting ==
			    device->interfaces[i].setting)
				learn_endpoints(device,
						device->interfaces[i].number,
						setting);
		}
	libusb_free_config_descriptor(config);
}

/* --- its interfaces ------------------------------------------------------------------------ */

static void let_go(struct device *device)
{
	unsigned int i;

	for (i = 0; i < device->n; i++) {
		if (device->interfaces[i].claimed)
			libusb_release_interface(device->handle,
						 device->interfaces[i].number);
		device->interfaces[i].claimed = false;
	}
}

static int claim(struct device *device, struct device_interface *interface,
		 struct error *err)
{
	int ret;

	/* One that usbfs has, for another program, stays with that: then it is busy. */
	libusb_detach_kernel_driver(device->handle, interface->number);
	ret = libusb_claim_interface(device->handle, interface->number);
	if (ret == LIBUSB_ERROR_BUSY)
		return error_set(err, EBUSY,
				 "another program has the device's interface %u",
				 interface->number);
	if (ret)
		return error_set(err, EIO,
				 "the device's interface %u cannot be taken: %s",
				 interface->number, libusb_error_name(ret));
	interface->claimed = true;
	return 0;
}

/* Takes what the configuration has; each interface begins with its setting 0. */
static int claim_all(struct device *device, struct error *err)
{
	struct libusb_config_descriptor *config = active(device);
	unsigned int i;
	int ret = 0;

	for (i = 0; config && i < config->bNumInterfaces &&
	     i < DEVICE_INTERFACES; i++) {
		if (config->interface[i].num_altsetting < 1)
			break;
		device->interfaces[i] = (struct device_interface){
			.number = config->interface[i].altsetting[0]
					  .bInterfaceNumber,
		};
	}
	device->n = i;
	libusb_free_config_descriptor(config);
	for (i = 0; !ret && i < device->n; i++)
		ret = claim(device, &device->interfaces[i], err);
	learn(device);
	return ret;
}

static void give_back(struct device *device)
{
	unsigned int i;

	for (i = 0; i < device->n; i++)
		libusb_attach_kernel_driver(device->handle,
					    device->interfaces[i].number);
}

/* --- from the beginning to the end ---------------------------------------------------------- */

static int open_device(struct device *device, int fd, struct error *err)
{
	struct libusb_device_descriptor descriptor;
	int ret;

	/* no search, no udev, no folders: the node alone */
	libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
	ret = libusb_init(&device->usb);
	if (ret)
		return error_set(err, EIO, "no libusb: %s",
				 libusb_error_name(ret));
	ret = libusb_wrap_sys_device(device->usb, fd, &device->handle);
	if (ret)
		return error_set(err, ret == LIBUSB_ERROR_NO_DEVICE ? ENODEV :
				 EIO, "the device cannot be opened: %s",
				 libusb_error_name(ret));
	ret = libusb_get_device_descriptor(libusb_get_device(device->handle),
					   &descriptor);
	if (!ret)
		ret = libusb_get_configuration(device->handle,
					       &device->configuration);
	if (ret)
		return error_set(err, ret == LIBUSB_ERROR_NO_DEVICE ? ENODEV :
				 EIO, "the device does not answer: %s",
				 libusb_error_name(ret));
	device->first_configuration = device->configuration;
	device->hub = descriptor.bDeviceClass == LIBUSB_CLASS_HUB;
	return 0;
}

static void close_device(struct device *device)
{
	if (device->handle)
		libusb_close(device->handle);
	if (device->usb)
		libusb_exit(device->usb);
	memset(device, 0, sizeof(*device));
}

/*
 * One that does not come back from its reset as what it was is another device for the
 * kernel, with a number of its own: this handle leads nowhere then.
 */
static int first_reset(struct device *device, struct error *err)
{
	int ret = libusb_reset_device(device->handle);

	if (ret == LIBUSB_ERROR_NOT_FOUND || ret == LIBUSB_ERROR_NO_DEVICE)
		return error_set(err, ENODEV,
				 "the reset made a new device of it; it is to be asked for again");
	return ret ? error_set(err, EIO, "the device cannot be reset: %s",
			       libusb_error_name(ret)) : 0;
}

int device_take(struct device *device, int fd, struct error *err)
{
	int ret;

	memset(device, 0, sizeof(*device));
	ret = open_device(device, fd, err);
	if (ret) {
		close_device(device);
		return ret;
	}
	ret = claim_all(device, err);
	/* A driver may have been in the middle of something. */
	if (!ret)
		ret = first_reset(device, err);
	if (ret) {
		let_go(device);
		give_back(device);
		close_device(device);
	}
	return ret;
}

void device_release(struct device *device)
{
	struct error err;

	let_go(device);
	if (device->configuration != device->first_configuration &&
	    !libusb_set_configuration(device->handle,
				      device->first_configuration ?: -1))
		claim_all(device, &err);
	let_go(device);
	libusb_reset_device(device->handle);
	give_back(device);
	close_device(device);
}

/* --- endpoints -------------------------------------------------------------------------------- */

enum urb_type device_type(const struct device *device, uint8_t ep, bool in)
{
	return in ? device->in[ep].type : device->out[ep].type;
}

int device_interface(const struct device *device, uint8_t ep, bool in)
{
	return !ep ? -1 : in ? device->in[ep].interface :
			       device->out[ep].interface;
}

/* --- what the kernel has to know of ----------------------------------------------------------- */

static int set_configuration(struct device *device, uint16_t value)
{
	struct error err;
	int ret;

	let_go(device);
	/* -1 is none; 0 may be a number of one */
	ret = libusb_set_configuration(device->handle, value ?: -1);
	if (!ret)
		device->configuration = value;
	/* Drivers of the kernel take a new one's interfaces at once. */
	if (claim_all(device, &err)) {
		fprintf(stderr, "hearth-usbd: %s\n", err.text);
		return -EPIPE;
	}
	return ret ? -EPIPE : 0;
}

static int set_interface(struct device *device, uint16_t number,
			 uint16_t setting)
{
	unsigned int i;

	for (i = 0; i < device->n; i++)
		if (device->interfaces[i].number == number)
			break;
	if (i == device->n || setting > UINT8_MAX ||
	    libusb_set_interface_alt_setting(device->handle, number, setting))
		return -EPIPE;
	device->interfaces[i].setting = (uint8_t)setting;
	learn(device);
	return 0;
}

/* It keeps its configuration, and all interfaces begin again with their setting 0. */
static int reset(struct device *device)
{
	unsigned int i;

	if (libusb_reset_device(device->handle))
		return -EPIPE;
	for (i = 0; i < device->n; i++)
		device->interfaces[i].setting = 0;
	learn(device);
	return 0;
}

int device_special(struct device *device, enum urb_special special,
		   uint16_t value, uint16_t index)
{
	switch (special) {
	case URB_SET_CONFIGURATION:
		return value > UINT8_MAX ? -EPIPE :
					   set_configuration(device, value);
	case URB_SET_INTERFACE:
		return set_interface(device, index, value);
	case URB_CLEAR_HALT:
		return libusb_clear_halt(device->handle, (uint8_t)index) ?
		       -EPIPE : 0;
	case URB_RESET_PORT:
		return reset(device);
	default:
		/* the address is the node's own business */
		return -EPIPE;
	}
}

int device_status(enum libusb_transfer_status status)
{
	switch (status) {
	case LIBUSB_TRANSFER_COMPLETED:
		return 0;
	case LIBUSB_TRANSFER_STALL:
		return -EPIPE;
	case LIBUSB_TRANSFER_OVERFLOW:
		return -EOVERFLOW;
	case LIBUSB_TRANSFER_NO_DEVICE:
		return -ESHUTDOWN;
	case LIBUSB_TRANSFER_CANCELLED:
		return -ECONNRESET;
	case LIBUSB_TRANSFER_TIMED_OUT:
		return -ETIMEDOUT;
	default:
		/* of EPROTO, EILSEQ, ETIME and others libusb makes one */
		return -EPROTO;
	}
}
