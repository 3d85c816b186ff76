/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptors. Source: USB 3.2, chapter 9. */
#ifndef DESCRIPTOR_H
#define DESCRIPTOR_H

#include <stddef.h>
#include <stdint.h>

struct device;

/* Any fits, a spoilt one too. */
#define DESCRIPTOR_MAX	65536

/* The bytes of descriptor @value (type << 8 | index) in @buf; 0: there is none. */
size_t descriptor_get(const struct device *dev, uint16_t value, uint8_t *buf);

#endif
