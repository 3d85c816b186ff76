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

const struct test tests[] = {
	TEST(page_takes_the_newer),
	TEST(page_knows_labels),
	{ 0 },
};
