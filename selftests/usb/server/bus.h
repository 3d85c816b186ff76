/* SPDX-License-Identifier: GPL-2.0 */
/* The devices that are served: 1-1 to 1-N. */
#ifndef BUS_H
#define BUS_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"

void bus_init(unsigned int devices, const struct kind *kind,
	      enum device_speed speed);

/* NULL: there is none. */
struct device *bus_find(const char *busid);

/* Lets all go on that are no longer busy. @wait is lowered to the ms till then. */
void bus_wake(int *wait);

/* OP_DEVICE_SIZE bytes, as in OP_REP_IMPORT. */
void bus_pack(const struct device *dev, uint8_t *p);

/* What follows the head of OP_REP_DEVLIST: size and bytes. */
size_t bus_list_size(void);
void bus_pack_list(uint8_t *p);

#endif
