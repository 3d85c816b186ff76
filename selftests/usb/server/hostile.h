/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptors that the host must not believe. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Spoils the @len bytes of descriptor @value (type << 8 | index) in @buf, which
 * has room for 64 KiB. Returns their new number.
 */
typedef size_t hostile_lie(uint16_t value, uint8_t *buf, size_t len);

hostile_lie hostile_total_long;
hostile_lie hostile_total_short;
hostile_lie hostile_interfaces;
hostile_lie hostile_endpoints;
hostile_lie hostile_endpoint_short;
hostile_lie hostile_zero;
hostile_lie hostile_max_packet_zero;
hostile_lie hostile_max_packet_huge;
hostile_lie hostile_configurations;
hostile_lie hostile_device_short;
hostile_lie hostile_string;
hostile_lie hostile_bos;
hostile_lie hostile_keyboard;

#endif
