// SPDX-License-Identifier: GPL-2.0
#include <endian.h>

#include "../format/page.h"
#include "test.h"

static const u8 uuid[REKEY_UUID] = "0123456789abcdef";

static const struct rekey_super sb1 = {
	.version = 1, .uuid = "0123456789abcdef",
};

static const struct rekey_super sb2 = {
	.version = 2, .stride = 256, .epoch = 7, .opened = 6,
	.uuid = "0123456789abcdef",
};

static void pack(union rekey_page *page, u32 version, u64 seq, bool clean)
{
	struct rekey_super sb = {
		.version = version, .clean = clean, .sector_size = 512,
		.region = 2048, .sectors = 20480, .cipher = "aes-xts-plain64",
		.devices = 1,
	};

	if (version == 2) {
		sb.stride = 256;
		sb.epoch = 1;
		sb.generation = 1;
	}
	memset(page, 0, sizeof(*page));
	head_pack(&page->head, REKEY_PAGE_SUPER, 0, seq, uuid);
	super_pack(&page->super, &sb);
}

static void page_takes_the_newer(void)
{
	static union rekey_page pages[2];
	const void *copy[2] = { &pages[0], &pages[1] };
	struct rekey_super sb;

	expect(page_super(copy, &sb) != NULL);
	pack(&pages[1], 1, 7, true);
	expect(!page_super(copy, &sb) && sb.clean);
	pack(&pages[0], 1, 8, false);
	expect(!page_super(copy, &sb) && !sb.clean);
	pack(&pages[0], 1, 6, false);
	expect(!page_super(copy, &sb) && sb.clean);
	/* one that cannot be used does not hide the other */
	pages[1].super.region = htole32(3);
	expect(!page_super(copy, &sb) && !sb.clean);
	pages[0].super.region = htole32(3);
	expect_text(page_super(copy, &sb), "a wrong region size");
}

static void page_finds_the_places(void)
{
	static union rekey_page page;
	struct rekey_layout layout;

	expect(!page_is_super(&page, 0, &layout));
	pack(&page, 1, 7, true);
	expect(page_is_super(&page, 0, &layout));
	expect(layout.step == 2 && layout.apart == 1);
	expect(page_is_super(&page, 1, &layout));
	expect(!page_is_super(&page, 256, &layout));
	pack(&page, 2, 7, true);
	expect(page_is_super(&page, 0, &layout));
	expect(layout.step == 1 && layout.apart == 256);
	expect(page_is_super(&page, 256, &layout));
	expect(!page_is_super(&page, 1, &layout));
	expect(!page_is_super(&page, 128, &layout));
	/* a version that is not known has its pages who knows where */
	page.super.version = htole32(3);
	expect(!page_is_super(&page, 0, &layout));
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
	static struct rekey_slot_info slots[REKEY_PAGE_SLOTS];
	static union rekey_page pages[2];
	const void *copy[2] = { &pages[0], &pages[1] };
	struct rekey_super other = sb1;

	pack_slots(&pages[0], 3, 2, REKEY_SLOT_USED);
	pack_slots(&pages[1], 3, 1, REKEY_SLOT_FREE);
	expect(!page_slots(copy, 3, &sb1, slots));
	expect(slots[1].state == REKEY_SLOT_USED && slots[1].key_size == 64);
	/* the newer copy counts, on whichever place; one alone is enough */
	pack_slots(&pages[1], 3, 3, REKEY_SLOT_ERASED);
	expect(!page_slots(copy, 3, &sb1, slots));
	expect(slots[1].state == REKEY_SLOT_ERASED);
	memset(&pages[1], 0, sizeof(pages[1]));
	expect(!page_slots(copy, 3, &sb1, slots));
	expect(slots[1].state == REKEY_SLOT_USED);
	expect(page_slots(copy, 2, &sb1, slots) != NULL);
	other.uuid[0] ^= 1;
	expect(page_slots(copy, 3, &other, slots) != NULL);
	memset(&pages[0], 0, sizeof(pages[0]));
	expect(page_slots(copy, 3, &sb1, slots) != NULL);
}

static void page_reads_maps(void)
{
	u64 entries[REKEY_PAGE_ENTRIES] = { entry_at(3, 1, 7), entry_unwritten(2) };
	static union rekey_page page;
	u64 back[REKEY_PAGE_ENTRIES], seq;

	expect(page_map(&page, 4, &sb1, back, 2, &seq) == PAGE_BLANK);
	/* in version 2 both copies are written before all else */
	expect(page_map(&page, 4, &sb2, back, 2, &seq) == PAGE_BAD);
	head_pack(&page.head, REKEY_PAGE_MAP, 4, 9, uuid);
	map_pack(&page.map, entries, 2);
	expect(page_map(&page, 4, &sb1, back, 2, &seq) == PAGE_GOOD && seq == 9);
	expect(back[0] == entries[0] && back[1] == entries[1]);
	expect(page_map(&page, 5, &sb1, back, 2, &seq) == PAGE_BAD);
	expect(page_map(&page, 4, &sb1, back, 501, &seq) == PAGE_BAD);
	page.map.entry[0] = htole64(entries[0] | 1ull << 61);
	expect(page_map(&page, 4, &sb1, back, 2, &seq) == PAGE_BAD);
}

static void page_knows_its_epoch(void)
{
	struct rekey_age age = { .seq = 9, .stamp = 8, .base = 4, .epoch = 7 };
	u64 entries[1] = { entry_at(3, 1, 7) }, back[1], seq;
	static union rekey_page page;

	head_pack(&page.head, REKEY_PAGE_MAP, 4, age.seq, uuid);
	head_pack_age(&page.head, 2, &age);
	map_pack(&page.map, entries, 1);
	expect(page_map(&page, 4, &sb2, back, 1, &seq) == PAGE_GOOD && seq == 9);
	/* what version 1 has not */
	expect(page_map(&page, 4, &sb1, back, 1, &seq) == PAGE_BAD);
	/* of a superblock that is not there any more */
	page.head.epoch = htole64(8);
	expect(page_map(&page, 4, &sb2, back, 1, &seq) == PAGE_BAD);
	page.head.epoch = 0;
	expect(page_map(&page, 4, &sb2, back, 1, &seq) == PAGE_BAD);
}

static void page_tells_whose_label(void)
{
	static union rekey_page page;
	struct page_label label;

	expect(!page_label(&page, &label));
	head_pack(&page.head, REKEY_PAGE_LABEL, 3, 5, uuid);
	expect(page_label(&page, &label));
	expect(label.number == 3 && label.generation == 5);
	expect(!memcmp(label.uuid, uuid, sizeof(label.uuid)));
	page.head.kind = htole32(REKEY_PAGE_SUPER);
	expect(!page_label(&page, &label));
	head_pack(&page.head, REKEY_PAGE_LABEL, 64, 1, uuid);
	expect(!page_label(&page, &label));
}

const struct test tests[] = {
	TEST(page_takes_the_newer),
	TEST(page_finds_the_places),
	TEST(page_reads_slots),
	TEST(page_reads_maps),
	TEST(page_knows_its_epoch),
	TEST(page_tells_whose_label),
	{ 0 },
};
