// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "usbclass.h"

/* USB 2.0, 9.5 and 9.6 */
#define HEAD			2	/* bLength, bDescriptorType */
#define DEVICE			1
#define DEVICE_SIZE		18
#define DEVICE_AT_CLASS		4
#define DEVICE_AT_VENDOR	8
#define DEVICE_AT_PRODUCT	10
#define INTERFACE		4
#define INTERFACE_SIZE		9
#define INTERFACE_AT_CLASS	5

static struct usbip_interface interface_of(const uint8_t *bytes)
{
	return (struct usbip_interface){ bytes[0], bytes[1], bytes[2] };
}

static unsigned int number_of(const struct usbip_interface *i)
{
	return (unsigned int)i->class << 16 | (unsigned int)i->subclass << 8 |
	       i->protocol;
}

/* Puts one to its place, unless it is there. Returns false where there is no room. */
static bool add(struct usbclass *class, const struct usbip_interface *interface)
{
	unsigned int at = 0, number = number_of(interface);

	while (at < class->n && number_of(&class->interfaces[at]) < number)
		at++;
	if (at < class->n && number_of(&class->interfaces[at]) == number)
		return true;
	if (class->n == USBCLASS_MAX)
		return false;
	memmove(&class->interfaces[at + 1], &class->interfaces[at],
		(class->n - at) * sizeof(*interface));
	class->interfaces[at] = *interface;
	class->n++;
	return true;
}

static bool has(const struct usbclass *class,
		const struct usbip_interface *interface)
{
	unsigned int i;

	for (i = 0; i < class->n; i++)
		if (number_of(&class->interfaces[i]) == number_of(interface))
			return true;
	return false;
}

/* --- descriptors ------------------------------------------------------------------------ */

static int take_device(const uint8_t *bytes, size_t size, struct usbclass *class,
		       struct usbclass_id *id, struct error *err)
{
	if (size < DEVICE_SIZE || bytes[0] < DEVICE_SIZE || bytes[1] != DEVICE)
		return error_set(err, EPROTO, "no device descriptor");
	class->device = interface_of(bytes + DEVICE_AT_CLASS);
	id->vendor = (uint16_t)(bytes[DEVICE_AT_VENDOR] |
				bytes[DEVICE_AT_VENDOR + 1] << 8);
	id->product = (uint16_t)(bytes[DEVICE_AT_PRODUCT] |
				 bytes[DEVICE_AT_PRODUCT + 1] << 8);
	return 0;
}

static int take(const uint8_t *bytes, struct usbclass *class, struct error *err)
{
	struct usbip_interface interface;

	/* one that is shorter is none to the kernel */
	if (bytes[1] != INTERFACE || bytes[0] < INTERFACE_SIZE)
		return 0;
	interface = interface_of(bytes + INTERFACE_AT_CLASS);
	if (!add(class, &interface))
		return error_set(err, E2BIG, "more than %u interfaces that differ",
				 USBCLASS_MAX);
	return 0;
}

int usbclass_parse(const void *data, size_t size, struct usbclass *class,
		   struct usbclass_id *id, struct error *err)
{
	const uint8_t *bytes = data;
	size_t at;
	int ret;

	memset(class, 0, sizeof(*class));
	ret = take_device(bytes, size, class, id, err);
	/* the kernel keeps no more of it, whatever its length says */
	for (at = DEVICE_SIZE; !ret && at < size; at += bytes[at]) {
		if (size - at < HEAD || bytes[at] < HEAD || bytes[at] > size - at)
			ret = error_set(err, EPROTO,
					"a descriptor of %u bytes where %zu are left",
					bytes[at], size - at);
		else
			ret = take(bytes + at, class, err);
		if (ret)
			break;
	}
	if (!ret && !class->n)
		ret = error_set(err, ENODATA, "no interface");
	if (ret)
		class->n = 0;
	return ret;
}

/* --- judging ----------------------------------------------------------------------------- */

bool usbclass_fits(const struct usbclass *kept, const struct usbclass *now,
		   struct error *why)
{
	const struct usbip_interface *bad = NULL;
	unsigned int i;

	if (number_of(&kept->device) != number_of(&now->device)) {
		bad = &now->device;
		error_set(why, EPERM,
			  "it is a device of the class %02x/%02x/%02x (%s), and was none",
			  bad->class, bad->subclass, bad->protocol,
			  usbip_class_name(bad->class));
		return false;
	}
	for (i = 0; i < now->n && !bad; i++)
		if (!has(kept, &now->interfaces[i]))
			bad = &now->interfaces[i];
	if (bad)
		error_set(why, EPERM,
			  "it has an interface of the class %02x/%02x/%02x (%s), and had none",
			  bad->class, bad->subclass, bad->protocol,
			  usbip_class_name(bad->class));
	return !bad;
}

/* --- as text, as bytes --------------------------------------------------------------------- */

bool usbclass_unpack(const uint8_t *bytes, size_t size, struct usbclass *class)
{
	struct usbip_interface interface;
	size_t at;

	memset(class, 0, sizeof(*class));
	if (size < 6 || size > USBCLASS_BYTES || size % 3)
		return false;
	class->device = interface_of(bytes);
	for (at = 3; at < size; at += 3) {
		interface = interface_of(bytes + at);
		add(class, &interface);		/* there is room */
	}
	return true;
}

size_t usbclass_pack(const struct usbclass *class,
		     uint8_t bytes[static USBCLASS_BYTES])
{
	size_t at = 0;
	unsigned int i;

	for (i = 0; i <= class->n; i++) {
		const struct usbip_interface *each =
			i ? &class->interfaces[i - 1] : &class->device;

		bytes[at++] = each->class;
		bytes[at++] = each->subclass;
		bytes[at++] = each->protocol;
	}
	return at;
}

void usbclass_text(const struct usbclass *class, char text[static USBCLASS_TEXT])
{
	uint8_t bytes[USBCLASS_BYTES];
	size_t i, n = usbclass_pack(class, bytes) / 3;

	for (i = 0; i < n; i++)
		snprintf(text + 9 * i, 9, "%02x/%02x/%02x", bytes[3 * i],
			 bytes[3 * i + 1], bytes[3 * i + 2]);
	for (i = 1; i < n; i++)
		text[9 * i - 1] = ' ';
}
