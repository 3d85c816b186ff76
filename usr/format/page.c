// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <string.h>

#include "page.h"
#include "../../kmod/rekey/format.c"

const char *page_super(const void *pages, struct rekey_super *sb)
{
	const char *why = "there is no volume", *other;
	union rekey_page page;
	bool found = false;
	u64 seq = 0;
	int place;

	for (place = 0; place < 2; place++) {
		struct rekey_super copy;

		memcpy(&page, (const char *)pages + (size_t)place * REKEY_PAGE,
		       REKEY_PAGE);
		if (head_check(&page.head, REKEY_PAGE_SUPER, 0, NULL) ||
		    (found && le64toh(page.head.seq) < seq))
			continue;
		other = super_unpack(&page.super, &copy);
		if (other) {
			why = found ? why : other;
			continue;
		}
		*sb = copy;
		seq = le64toh(page.head.seq);
		found = true;
	}
	return found ? NULL : why;
}

bool page_is_label(const void *page, u32 number, const u8 *uuid)
{
	struct rekey_head head;

	memcpy(&head, page, sizeof(head));
	return !head_check(&head, REKEY_PAGE_LABEL, number, uuid);
}

/* The newest of two copies of one page of slots that counts, or NULL. */
static const union rekey_page *newest(const char *pages, u32 index,
				      const u8 *uuid, union rekey_page *room)
{
	const union rekey_page *found = NULL;
	union rekey_page page;
	int place;

	for (place = 0; place < 2; place++) {
		memcpy(&page, pages + (size_t)place * REKEY_PAGE, REKEY_PAGE);
		if (head_check(&page.head, REKEY_PAGE_SLOT, index, uuid) ||
		    (found && le64toh(page.head.seq) <
			      le64toh(room->head.seq)))
			continue;
		*room = page;
		found = room;
	}
	return found;
}

const char *page_slots(const void *pages, const u8 *uuid,
		       struct rekey_slot_info *slots)
{
	const char *at = pages, *why = NULL;
	union rekey_page room;
	u32 i;

	for (i = 0; !why && i < REKEY_SLOT_PAGES; i++) {
		if (!newest(at, i, uuid, &room))
			return "a page of the slot table is damaged";
		why = slots_unpack(&room.slots, slots + i * REKEY_PAGE_SLOTS);
		at += 2 * REKEY_PAGE;
	}
	return why;
}

static bool is_blank(const union rekey_page *page)
{
	size_t i;

	for (i = 0; i < REKEY_PAGE; i++)
		if (page->byte[i])
			return false;
	return true;
}

enum page_state page_map(const void *page, u32 index, const u8 *uuid,
			 u64 *entries, u32 count, u64 *seq)
{
	union rekey_page copy;

	memcpy(&copy, page, REKEY_PAGE);
	if (is_blank(&copy))
		return PAGE_BLANK;
	if (count > REKEY_PAGE_ENTRIES ||
	    head_check(&copy.head, REKEY_PAGE_MAP, index, uuid) ||
	    map_unpack(&copy.map, entries, count))
		return PAGE_BAD;
	*seq = le64toh(copy.head.seq);
	return PAGE_GOOD;
}

bool page_label(const void *page, u32 *number, u8 uuid[static REKEY_UUID])
{
	struct rekey_head head;

	memcpy(&head, page, sizeof(head));
	*number = le32toh(head.index);
	memcpy(uuid, head.uuid, REKEY_UUID);
	return *number < REKEY_DEVICES && page_is_label(page, *number, uuid);
}
