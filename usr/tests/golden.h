/* SPDX-License-Identifier: GPL-2.0 */
/* Messages as they are on the wire, after the kernel's usbip_protocol.rst. */
#ifndef HEARTH_GOLDEN_H
#define HEARTH_GOLDEN_H

#include <stdint.h>

#define GOLDEN_OP(code, status)						\
	0x01, 0x11, (code) >> 8, (code) & 0xff, 0, 0, 0, (status)

/* QEMU's disk 46f4:0001 at high speed, bus 3 device 2. */
#define GOLDEN_PATH "/sys/devices/pci0000:00/0000:00:04.0/usb3/3-1"
#define GOLDEN_NUMBERS							\
	0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 3,				\
	0x46, 0xf4, 0x00, 0x01, 0x01, 0x00, 0, 0, 0, 1, 1

struct golden_device {
	char path[256];
	char busid[32];
	uint8_t numbers[23];
	uint8_t n_interfaces;
};

struct golden_list {
	uint8_t op[8];
	uint8_t n[4];
	struct golden_device dev;
	uint8_t interfaces[4];
};

struct golden_import {
	uint8_t op[8];
	struct golden_device dev;
};

static const struct golden_list golden_list = {
	.op = { GOLDEN_OP(0x0005, 0) },
	.n = { 0, 0, 0, 1 },
	.dev = { GOLDEN_PATH, "3-1", { GOLDEN_NUMBERS }, 1 },
	.interfaces = { 0x08, 0x06, 0x50, 0x00 },
};

static const struct golden_import golden_import = {
	.op = { GOLDEN_OP(0x0003, 0) },
	.dev = { GOLDEN_PATH, "3-1", { GOLDEN_NUMBERS }, 1 },
};

#endif
