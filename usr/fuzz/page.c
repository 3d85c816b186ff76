// SPDX-License-Identifier: GPL-2.0
/*
 * Both copies of a superblock as a disk may have them: the input is half for
 * the one and half for the other, and the rest of the pages is zero.
 */
#include <stdlib.h>
#include <string.h>

#include "../format/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The superblock that stands beside the input, of either version. */
static struct rekey_super beside(const union rekey_page *page, u32 version)
{
	struct rekey_super sb = { .version = version, .epoch = 7 };

	memcpy(sb.uuid, page->head.uuid, REKEY_UUID);
	return sb;
}

/* What is taken for a slot or an entry is one. */
static void check_page(const uint8_t *data, size_t size, u32 version)
{
	static struct rekey_slot_info slots[REKEY_PAGE_SLOTS];
	static union rekey_page page;
	const void *copy[2] = { &page, &page };
	u64 entries[REKEY_PAGE_ENTRIES], seq;
	struct rekey_super sb;
	struct page_label label;
	u32 i;

	memset(&page, 0, sizeof(page));
	memcpy(&page, data, size < REKEY_PAGE ? size : REKEY_PAGE);
	sb = beside(&page, version);
	if (!page_slots(copy, page.head.index, &sb, slots))
		for (i = 0; i < REKEY_PAGE_SLOTS; i++)
			if (slots[i].state > REKEY_SLOT_ERASED)
				abort();
	if (page_map(&page, page.head.index, &sb, entries, REKEY_PAGE_ENTRIES,
		     &seq) == PAGE_GOOD)
		for (i = 0; i < REKEY_PAGE_ENTRIES; i++)
			if (entry_check(entries[i]))
				abort();
	if (page_label(&page, &label) && label.number >= REKEY_DEVICES)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t pages[2 * REKEY_PAGE];
	const void *copy[2] = { pages, pages + REKEY_PAGE };
	struct rekey_layout layout;
	size_t half = size / 2 < REKEY_PAGE ? size / 2 : REKEY_PAGE;
	struct rekey_super sb;

	memset(pages, 0, sizeof(pages));
	memcpy(pages, data, half);
	memcpy(pages + REKEY_PAGE, data + half, half);
	if (page_is_super(pages, 0, &layout) &&
	    (page_super(copy, &sb) || !layout.step || !layout.apart))
		abort();
	if (!page_super(copy, &sb) &&
	    (sb.region < REKEY_REGION_MIN || sb.region > REKEY_REGION_MAX ||
	     sb.devices > REKEY_DEVICES || sb.cipher[REKEY_CIPHER - 1]))
		abort();
	check_page(data, size, 1);
	check_page(data, size, 2);
	return 0;
}
