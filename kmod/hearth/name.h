/* SPDX-License-Identifier: GPL-2.0 */
/* What a node may be called. Pure; a test compares it with the nodes' own check. */
#ifndef _HEARTH_NAME_H
#define _HEARTH_NAME_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
typedef __u32 u32;
typedef __u8 u8;
#endif

bool name_valid(const char *name, size_t size);

#endif /* _HEARTH_NAME_H */
