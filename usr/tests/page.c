// SPDX-License-Identifier: GPL-2.0
#include <endian.h>

#include "../format/page.h"
#include "test.h"

static const u8 uuid[REKEY_UUID] = "0123456789abcdef";

static void pack(union rekey_page *page, u64 seq, bool clean)
{
	struct rekey_super sb = {
		.clean = clean, .sector_size = 512, .region = 2048,
		.sectors = 20480, .cipher = "aes-xts-plain64", .devices = 1,
	};

	memset(page, 0, sizeof(*page));
	head_pack(&page->head, REKEY_PAGE_SUPER, 0, seq, uuid);
	super_pack(&page->super, &sb);
}

static void page_takes_the_newer(void)
{
	static union rekey_page pages[2];
	struct rekey_super sb;

	expect(page_super(pages, &sb) != NULL);
	pack(&pages[1], 7, true);
	expect(!page_super(pages, &sb) && sb.clean);
	pack(&pages[0], 8, false);
	expect(!page_super(pages, &sb) && !sb.clean);
	pack(&pages[0], 6, false);
	expect(!page_super(pages, &sb) && sb.clean);
	/* one that cannot be used does not hide the other */
	pages[1].super.region = htole32(3);
	expect(!page_super(pages, &sb) && !sb.clean);
	pages[0].super.region = htole32(3);
	expect_text(page_super(pages, &sb), "a wrong region size");
}

static void page_knows_labels(void)
{
	static union rekey_page page;

	expect(!page_is_label(&page, 0, uuid));
	head_pack(&page.head, REKEY_PAGE_LABEL, 3, 1, uuid);
	expect(page_is_label(&page, 3, uuid));
	expect(!page_is_label(&page, 0, uuid));
	expect(!page_is_label(&page, 3, (const u8 *)"another volume's"));
	page.head.kind = htole32(REKEY_PAGE_SUPER);
	expect(!page_is_label(&page, 3, uuid));
}

static void pack_slots(union rekey_page *page, u32 index, u64 seq, u32 state)
{
	struct rekey_slot_info slots[REKEY_PAGE_SLOTS] = { 0 };

	slots[1].state = state;
	slots[1].key_size = state == REKEY_SLOT_USED ? 64 : 0;
	memset(page, 0, sizeof(*page));
	head_pack(&page->head, REKEY_PAGE_SLOT, index, seq, uuid);
	slots_pack(&page->slots, slots);
}

static void page_reads_slots(void)
{
	static union rekey_page pages[2 * REKEY_SLOT_PAGES];
	static struct rekey_slot_info slots[REKEY_SLOTS];
	u32 i;

	for (i = 0; i < REKEY_SLOT_PAGES; i++) {
		pack_slots(&pages[2 * i], i, 2, REKEY_SLOT_USED);
		pack_slots(&pages[2 * i + 1], i, 1, REKEY_SLOT_FREE);
	}
	expect(!page_slots(pages, uuid, slots));
	expect(slots[1].state == REKEY_SLOT_USED && slots[1].key_size == 64);
	expect(slots[3 * REKEY_PAGE_SLOTS + 1].state == REKEY_SLOT_USED);
	/* the newer copy counts, on whichever place; one alone is enough */
	pack_slots(&pages[1], 0, 3, REKEY_SLOT_ERASED);
	memset(&pages[2], 0, sizeof(pages[2]));
	expect(!page_slots(pages, uuid, slots));
	expect(slots[1].state == REKEY_SLOT_ERASED);
	expect(slots[REKEY_PAGE_SLOTS + 1].state == REKEY_SLOT_FREE);
	memset(&pages[3], 0, sizeof(pages[3]));
	expect(page_slots(pages, uuid, slots) != NULL);
	expect(page_slots(pages, (const u8 *)"another volume's", slots) != NULL);
}

static void page_reads_maps(void)
{
	u64 entries[REKEY_PAGE_ENTRIES] = { entry_at(3, 1, 7), entry_unwritten(2) };
	static union rekey_page page;
	u64 back[REKEY_PAGE_ENTRIES], seq;

	expect(page_map(&page, 4, uuid, back, 2, &seq) == PAGE_BLANK);
	head_pack(&page.head, REKEY_PAGE_MAP, 4, 9, uuid);
	map_pack(&page.map, entries, 2);
	expect(page_map(&page, 4, uuid, back, 2, &seq) == PAGE_GOOD && seq == 9);
	expect(back[0] == entries[0] && back[1] == entries[1]);
	expect(page_map(&page, 5, uuid, back, 2, &seq) == PAGE_BAD);
	expect(page_map(&page, 4, uuid, back, 501, &seq) == PAGE_BAD);
	page.map.entry[0] = htole64(entries[0] | 1ull << 61);
	expect(page_map(&page, 4, uuid, back, 2, &seq) == PAGE_BAD);
}

static void page_tells_whose_label(void)
{
	static union rekey_page page;
	u8 whose[REKEY_UUID];
	u32 number;

	expect(!page_label(&page, &number, whose));
	head_pack(&page.head, REKEY_PAGE_LABEL, 3, 1, uuid);
	expect(page_label(&page, &number, whose) && number == 3);
	expect(!memcmp(whose, uuid, sizeof(whose)));
	head_pack(&page.head, REKEY_PAGE_LABEL, 64, 1, uuid);
	expect(!page_label(&page, &number, whose));
}

const struct test tests[] = {
	TEST(page_takes_the_newer),
	TEST(page_knows_labels),
	TEST(page_reads_slots),
	TEST(page_reads_maps),
	TEST(page_tells_whose_label),
	{ 0 },
};
