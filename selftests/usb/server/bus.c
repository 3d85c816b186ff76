// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "sys.h"
#include "wire.h"

#define INTERFACE_SIZE	4

static struct device *devices;
static unsigned int count;

void bus_init(unsigned int n, const struct kind *kind, enum device_speed speed)
{
	unsigned int i;

	devices = sys_alloc(n * sizeof(*devices));
	count = n;
	for (i = 0; i < n; i++)
		device_init(&devices[i], i, kind, speed);
}

static void put_busid(const struct device *dev, char *busid)
{
	snprintf(busid, OP_BUSID_SIZE, "1-%u", dev->number + 1);
}

struct device *bus_find(const char *busid)
{
	char mine[OP_BUSID_SIZE];
	unsigned int i;

	for (i = 0; i < count; i++) {
		put_busid(&devices[i], mine);
		if (!strcmp(busid, mine))
			return &devices[i];
	}
	return NULL;
}

void bus_wake(int *wait)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		device_wake(&devices[i], wait);
}

void bus_pack(const struct device *dev, uint8_t *p)
{
	snprintf((char *)p, OP_PATH_SIZE, "/sys/devices/liar/usb1/1-%u",
		 dev->number + 1);
	p += OP_PATH_SIZE;
	put_busid(dev, (char *)p);
	p += OP_BUSID_SIZE;
	wire_put32(p, 1);
	wire_put32(p + 4, dev->number + 2);
	wire_put32(p + 8, dev->speed);
	wire_put16(p + 12, dev->kind->vendor);
	wire_put16(p + 14, dev->kind->product);
	wire_put16(p + 16, 0x0100);
	p[21] = dev->configuration;
	p[22] = 1;
	p[23] = 1;
}

size_t bus_list_size(void)
{
	return 4 + count * (OP_DEVICE_SIZE + INTERFACE_SIZE);
}

void bus_pack_list(uint8_t *p)
{
	unsigned int i;

	wire_put32(p, count);
	p += 4;
	for (i = 0; i < count; i++) {
		const struct kind *kind = devices[i].kind;

		bus_pack(&devices[i], p);
		p += OP_DEVICE_SIZE;
		p[0] = kind->class;
		p[1] = kind->subclass;
		p[2] = kind->protocol;
		p += INTERFACE_SIZE;
	}
}
