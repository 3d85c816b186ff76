/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The target's pages as userspace sees them: without the metadata key, so what
 * is read here helps to find and to tell, and decides nothing.
 */
#ifndef HEARTH_PAGE_H
#define HEARTH_PAGE_H

#include <stdint.h>

#define __packed __attribute__((packed))
#define BIT(n)			(1u << (n))
#define BIT_ULL(n)		(1ull << (n))
#define GENMASK_ULL(h, l)	((~0ull << (l)) & (~0ull >> (63 - (h))))
#include "../../kmod/rekey/format.h"

/*
 * The superblock that counts among the two copies at @pages, 2 * REKEY_PAGE
 * bytes. Returns NULL and @sb, or what is wrong.
 */
const char *page_super(const void *pages, struct rekey_super *sb);

/* Is @page the label of device @number of the volume with this uuid? */
bool page_is_label(const void *page, u32 number, const u8 *uuid);

#endif
