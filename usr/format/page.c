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
