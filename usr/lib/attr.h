/* SPDX-License-Identifier: GPL-2.0 */
/* Attributes of netlink messages; one that is absent is 0 or "". */
#ifndef HEARTH_ATTR_H
#define HEARTH_ATTR_H

#include <stddef.h>
#include <stdint.h>

struct nlattr;

uint32_t attr_u32(const struct nlattr *attr);
uint64_t attr_u64(const struct nlattr *attr);

/* Cut to @size bytes. */
void attr_string(const struct nlattr *attr, char *text, size_t size);

#endif
