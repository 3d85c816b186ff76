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

/*
 * The slot table behind the superblock of @uuid: two copies of each of its
 * REKEY_SLOT_PAGES pages at @pages. Returns NULL and all of @slots, REKEY_SLOTS
 * of them, or what is wrong.
 */
const char *page_slots(const void *pages, const u8 *uuid,
		       struct rekey_slot_info *slots);

/* How a copy of a page is, held against itself. */
enum page_state {
	PAGE_GOOD,
	PAGE_BLANK,	/* all zero: it was never written */
	PAGE_BAD,
};

/*
 * The state of the copy at @page of map page @index of the volume with this uuid,
 * of which @count entries are regions. If it is good, its entries go to @entries
 * and its sequence number to @seq.
 */
enum page_state page_map(const void *page, u32 index, const u8 *uuid,
			 u64 *entries, u32 count, u64 *seq);

/* Whose label is @page? Returns false, or the device's number and the uuid. */
bool page_label(const void *page, u32 *number, u8 uuid[static REKEY_UUID]);

/* Is @page the label of device @number of the volume with this uuid? */
bool page_is_label(const void *page, u32 number, const u8 *uuid);

#endif
