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
 * Is @page a superblock that may lie in this block of the metadata's area? Block 0
 * has one in any version; the other one says where it is. Returns false, or where
 * all pages lie.
 */
bool page_is_super(const void *page, u64 block, struct rekey_layout *layout);

/*
 * The superblock that counts among two copies of REKEY_PAGE bytes. Returns NULL and
 * @sb, or what is wrong.
 */
const char *page_super(const void *const copy[2], struct rekey_super *sb);

/*
 * Page @index of the slot table beside superblock @sb, of which there are two copies.
 * Returns NULL and REKEY_PAGE_SLOTS of @slots, or what is wrong.
 */
const char *page_slots(const void *const copy[2], u32 index,
		       const struct rekey_super *sb,
		       struct rekey_slot_info *slots);

/* How a copy of a page is, held against itself. */
enum page_state {
	PAGE_GOOD,
	PAGE_BLANK,	/* all zero: it was never written; in version 1 alone */
	PAGE_BAD,
};

/*
 * The state of the copy at @page of map page @index beside superblock @sb, of which
 * @count entries are regions. If it is good, its entries go to @entries and its
 * sequence number to @seq.
 */
enum page_state page_map(const void *page, u32 index,
			 const struct rekey_super *sb, u64 *entries, u32 count,
			 u64 *seq);

struct page_label {
	u32 number;		/* of the device */
	u8 uuid[REKEY_UUID];	/* of the volume */
	u64 generation;		/* see label_is_current() */
};

/* Is @page a label? Returns false, or whose. */
bool page_label(const void *page, struct page_label *label);

#endif
