/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel says when a device comes or goes (NETLINK_KOBJECT_UEVENT). */
#ifndef HEARTH_UEVENT_H
#define HEARTH_UEVENT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Is the message of @size bytes about a device of @subsystem? Texts that end with a zero:
 * "add@/devices/...", then "KEY=value".
 */
bool uevent_is_of(const char *data, size_t size, const char *subsystem);

#endif
