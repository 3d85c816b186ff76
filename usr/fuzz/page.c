// SPDX-License-Identifier: GPL-2.0
/*
 * Both copies of a superblock as a disk may have them: the input is half for
 * the one and half for the other, and the rest of the pages is zero.
 */
#include <stdlib.h>
#include <string.h>

#include "../format/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is the head of a slot's page, which all have but for their index. */
static void check_slots(const uint8_t *data, size_t size)
{
	static union rekey_page pages[2 * REKEY_SLOT_PAGES];
	static struct rekey_slot_info slots[REKEY_SLOTS];
	u32 i;

	memset(pages, 0, sizeof(pages));
	for (i = 0; i < 2 * REKEY_SLOT_PAGES; i++) {
		memcpy(&pages[i], data, size < REKEY_PAGE ? size : REKEY_PAGE);
		if (i & 2)
			pages[i].head.index = i / 2;
	}
	if (page_slots(pages, pages[0].head.uuid, slots))
		return;
	for (i = 0; i < REKEY_SLOTS; i++)
		if (slots[i].state > REKEY_SLOT_ERASED)
			abort();
}

/* What is taken for an entry is one. */
static void check_map(const uint8_t *data, size_t size)
{
	static union rekey_page page;
	u64 entries[REKEY_PAGE_ENTRIES], seq;
	u32 i, number;
	u8 uuid[REKEY_UUID];

	memset(&page, 0, sizeof(page));
	memcpy(&page, data, size < REKEY_PAGE ? size : REKEY_PAGE);
	if (page_map(&page, page.head.index, page.head.uuid, entries,
		     REKEY_PAGE_ENTRIES, &seq) == PAGE_GOOD)
		for (i = 0; i < REKEY_PAGE_ENTRIES; i++)
			if (entry_check(entries[i]))
				abort();
	if (page_label(&page, &number, uuid) && number >= REKEY_DEVICES)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t pages[2 * REKEY_PAGE];
	size_t half = size / 2 < REKEY_PAGE ? size / 2 : REKEY_PAGE;
	struct rekey_super sb;

	memset(pages, 0, sizeof(pages));
	memcpy(pages, data, half);
	memcpy(pages + REKEY_PAGE, data + half, half);
	if (!page_super(pages, &sb) &&
	    (sb.region < REKEY_REGION_MIN || sb.region > REKEY_REGION_MAX ||
	     sb.devices > REKEY_DEVICES || sb.cipher[REKEY_CIPHER - 1]))
		abort();
	check_slots(data, size);
	check_map(data, size);
	/* a magic number, its kind and number, and the uuid, but for zeros at its end */
	if (size >= REKEY_UUID && page_is_label(pages, 3, data) && half < 37)
		abort();
	return 0;
}
