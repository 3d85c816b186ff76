// SPDX-License-Identifier: GPL-2.0
/*
 * Both copies of a superblock as a disk may have them: the input is half for
 * the one and half for the other, and the rest of the pages is zero.
 */
#include <stdlib.h>
#include <string.h>

#include "../format/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	/* a magic number, its kind and number, and the uuid */
	if (size >= REKEY_UUID && page_is_label(pages, 3, data) && half < 40)
		abort();
	return 0;
}
