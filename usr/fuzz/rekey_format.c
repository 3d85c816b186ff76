// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel module's checks of a volume's metadata, as they are. The input is
 * the kind of a page and the page: what a disk may hold whose MAC is good.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use_super(const union rekey_page *page)
{
	union rekey_page back;
	struct rekey_super sb;
	uint64_t regions;

	if (super_unpack(&page->super, &sb))
		return;
	regions = (sb.sectors + sb.region - 1) / sb.region;
	if (sb.region & (sb.region - 1) || regions > REKEY_REGIONS_MAX ||
	    sb.devices > REKEY_DEVICES || sb.cipher[REKEY_CIPHER - 1])
		abort();
	if (sb.job.kind != REKEY_JOB_NONE &&
	    (sb.job.count > regions || sb.job.first > regions - sb.job.count))
		abort();
	/* what was understood is all that there was, but for an idle job */
	memset(&back, 0, sizeof(back));
	super_pack(&back.super, &sb);
	if (sb.job.kind != REKEY_JOB_NONE &&
	    back.super.sectors != page->super.sectors)
		abort();
}

static void use_slots(const union rekey_page *page)
{
	struct rekey_slot_info slot[REKEY_PAGE_SLOTS];
	int i;

	if (slots_unpack(&page->slots, slot))
		return;
	for (i = 0; i < REKEY_PAGE_SLOTS; i++)
		if (slot[i].state > REKEY_SLOT_ERASED || slot[i].key_size > 1024)
			abort();
}

static void use_map(const union rekey_page *page, uint32_t count)
{
	uint64_t entry[REKEY_PAGE_ENTRIES];
	union rekey_page back;
	uint32_t i;

	if (map_unpack(&page->map, (u64 *)entry, count))
		return;
	for (i = 0; i < count; i++)
		if (entry_slot(entry[i]) >= REKEY_SLOTS ||
		    entry_device(entry[i]) >= REKEY_DEVICES)
			abort();
	map_pack(&back.map, (u64 *)entry, count);
	if (memcmp(back.map.entry, page->map.entry,
		   count * sizeof(page->map.entry[0])))
		abort();
	/* behind them: what was never written */
	for (i = count; i < REKEY_PAGE_ENTRIES; i++)
		if (entry_written(page->map.entry[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union rekey_page page = { 0 };

	if (size < 2 || size > 2 + sizeof(page))
		return 0;
	memcpy(&page, data + 2, size - 2);
	head_check(&page.head, data[0] % 5, data[1], NULL);
	switch (data[0] % 3) {
	case 0:
		use_super(&page);
		break;
	case 1:
		use_slots(&page);
		break;
	default:
		use_map(&page, data[1] * 2 % (REKEY_PAGE_ENTRIES + 1));
	}
	return 0;
}
