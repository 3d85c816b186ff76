// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <string.h>

#include "page.h"
#include "../../kmod/rekey/format.c"

bool page_is_super(const void *page, u64 block, struct rekey_layout *layout)
{
	union rekey_page copy;
	struct rekey_super sb;

	memcpy(&copy, page, REKEY_PAGE);
	if (head_check(&copy.head, REKEY_PAGE_SUPER, 0, NULL) ||
	    super_unpack(&copy.super, &sb))
		return false;
	*layout = layout_of(sb.version, sb.stride);
	return !block || block == layout->apart;
}

const char *page_super(const void *const copy[2], struct rekey_super *sb)
{
	const char *why = "there is no volume", *other;
	union rekey_page page;
	bool found = false;
	u64 seq = 0;
	int place;

	for (place = 0; place < 2; place++) {
		struct rekey_super one;

		memcpy(&page, copy[place], REKEY_PAGE);
		if (head_check(&page.head, REKEY_PAGE_SUPER, 0, NULL) ||
		    (found && le64toh(page.head.seq) < seq))
			continue;
		other = super_unpack(&page.super, &one);
		if (other) {
			why = found ? why : other;
			continue;
		}
		*sb = one;
		seq = le64toh(page.head.seq);
		found = true;
	}
	return found ? NULL : why;
}

/* What is wrong with the head of a page of slots or of the map beside @sb? */
static const char *check(const union rekey_page *page, u32 kind, u32 index,
			 const struct rekey_super *sb, u64 *seq)
{
	struct rekey_age age;
	const char *why = head_check(&page->head, kind, index, sb->uuid);

	if (!why)
		why = head_unpack_age(&page->head, sb->version, sb->epoch,
				      &age);
	if (!why)
		*seq = age.seq;
	return why;
}

const char *page_slots(const void *const copy[2], u32 index,
		       const struct rekey_super *sb,
		       struct rekey_slot_info *slots)
{
	union rekey_page page, newest;
	bool found = false;
	u64 seq, most = 0;
	int place;

	for (place = 0; place < 2; place++) {
		memcpy(&page, copy[place], REKEY_PAGE);
		if (check(&page, REKEY_PAGE_SLOT, index, sb, &seq) ||
		    (found && seq < most))
			continue;
		newest = page;
		most = seq;
		found = true;
	}
	return found ? slots_unpack(&newest.slots, slots) :
	       "a page of the slot table is damaged";
}

static bool is_blank(const union rekey_page *page)
{
	size_t i;

	for (i = 0; i < REKEY_PAGE; i++)
		if (page->byte[i])
			return false;
	return true;
}

enum page_state page_map(const void *page, u32 index,
			 const struct rekey_super *sb, u64 *entries, u32 count,
			 u64 *seq)
{
	union rekey_page copy;

	memcpy(&copy, page, REKEY_PAGE);
	if (sb->version == 1 && is_blank(&copy))
		return PAGE_BLANK;
	if (count > REKEY_PAGE_ENTRIES ||
	    check(&copy, REKEY_PAGE_MAP, index, sb, seq) ||
	    map_unpack(&copy.map, entries, count))
		return PAGE_BAD;
	return PAGE_GOOD;
}

bool page_label(const void *page, struct page_label *label)
{
	struct rekey_head head;

	memcpy(&head, page, sizeof(head));
	label->number = le32toh(head.index);
	label->generation = le64toh(head.seq);
	memcpy(label->uuid, head.uuid, REKEY_UUID);
	return label->number < REKEY_DEVICES &&
	       !head_check(&head, REKEY_PAGE_LABEL, label->number, NULL);
}
