// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdlib.h>
#include <string.h>

#include "area.h"

static bool read_blocks(const struct area *area, uint64_t block, char *buf,
			uint64_t n)
{
	struct error ignored;

	return !disk_read(area->disk, area->start + block * REKEY_PAGE, buf,
			  (size_t)n * REKEY_PAGE, &ignored);
}

/* One that cannot be read is no page of ours. */
static void read_some(const struct area *area, uint64_t block, char *buf,
		      uint64_t n)
{
	uint64_t i;

	if (read_blocks(area, block, buf, n))
		return;
	for (i = 0; i < n; i++, buf += REKEY_PAGE)
		if (!read_blocks(area, block + i, buf, 1))
			memset(buf, 0xff, REKEY_PAGE);
}

/* In @buf copies lie as they do on the disk, but no further apart than needed. */
static struct rekey_layout in_buffer(const struct area *area, unsigned int n)
{
	struct rekey_layout layout = area->layout;

	if (layout.apart != 1)
		layout.apart = n;
	return layout;
}

void area_read(const struct area *area, uint64_t first, unsigned int n,
	       char *buf)
{
	uint64_t block = layout_block(&area->layout, first, 0);

	if (area->layout.apart == 1) {
		read_some(area, block, buf, 2 * (uint64_t)n);
		return;
	}
	read_some(area, block, buf, n);
	read_some(area, block + area->layout.apart,
		  buf + (size_t)n * REKEY_PAGE, n);
}

void area_copies(const struct area *area, const char *buf, unsigned int n,
		 unsigned int i, const void *copy[2])
{
	struct rekey_layout layout = in_buffer(area, n);
	u32 place;

	for (place = 0; place < 2; place++)
		copy[place] = buf + layout_block(&layout, i, place) * REKEY_PAGE;
}

/* As the kernel looks for it: block 0, else 1, 2, 4 and so on. */
static bool find_layout(struct area *area, char *page)
{
	uint64_t end = area->disk->sectors * 512, block;

	end = end > area->start ? (end - area->start) / REKEY_PAGE : 0;
	for (block = 0; block < end && block <= REKEY_STRIDE_MAX;
	     block = block ? block * 2 : 1)
		if (read_blocks(area, block, page, 1) &&
		    page_is_super(page, block, &area->layout))
			return true;
	return false;
}

const char *area_open(struct area *area, const struct disk *disk,
		      uint64_t sector)
{
	char *buf = disk_buffer(2 * REKEY_PAGE);
	const void *copy[2];
	const char *why;

	if (!buf)
		return "there is no memory";
	area->disk = disk;
	area->start = sector * 512;
	if (!find_layout(area, buf))
		area->layout = layout_of(1, 0);	/* to say what is wrong */
	area_read(area, 0, 1, buf);
	area_copies(area, buf, 1, 0, copy);
	why = page_super(copy, &area->super);
	free(buf);
	return why;
}

int area_of_table(struct area *area, struct disk *disk,
		  const struct table *table, struct error *err)
{
	char path[PATH_MAX];
	const char *why;
	int ret;

	if (!disk_path(table->meta, path, sizeof(path)))
		return error_set(err, ENODEV, "the metadata device is gone");
	ret = disk_open(disk, path, DISK_LOOK, err);
	if (ret)
		return ret;
	why = area_open(area, disk, table->meta_offset);
	if (!why)
		return 0;
	ret = error_set(err, EINVAL, "%s has no metadata: %s", path, why);
	disk_close(disk);
	return ret;
}

const char *area_slots(const struct area *area, struct rekey_slot_info *slots)
{
	char *buf = disk_buffer(2 * REKEY_SLOT_PAGES * REKEY_PAGE);
	const char *why = NULL;
	const void *copy[2];
	u32 i;

	if (!buf)
		return "there is no memory";
	area_read(area, rekey_page_number(REKEY_PAGE_SLOT, 0),
		  REKEY_SLOT_PAGES, buf);
	for (i = 0; !why && i < REKEY_SLOT_PAGES; i++) {
		area_copies(area, buf, REKEY_SLOT_PAGES, i, copy);
		why = page_slots(copy, i, &area->super,
				 slots + i * REKEY_PAGE_SLOTS);
	}
	free(buf);
	return why;
}

static bool is_under(const void *copy, const struct secret *meta)
{
	struct hmac_sha256_ctx hmac;
	uint8_t mac[REKEY_MAC];
	union rekey_page page;

	memcpy(&page, copy, REKEY_PAGE);
	memset(page.head.mac, 0, REKEY_MAC);
	hmac_sha256_set_key(&hmac, meta->size, (const uint8_t *)meta->data);
	hmac_sha256_update(&hmac, REKEY_PAGE, page.byte);
	hmac_sha256_digest(&hmac, REKEY_MAC, mac);
	explicit_bzero(&hmac, sizeof(hmac));
	return memeql_sec(mac, ((const union rekey_page *)copy)->head.mac,
			  REKEY_MAC);
}

bool area_is_under(const struct area *area, const struct secret *meta)
{
	char *buf = disk_buffer(2 * REKEY_PAGE);
	const void *copy[2];
	bool is = false;
	u32 i;

	if (!buf)
		return false;
	area_read(area, 0, 1, buf);
	area_copies(area, buf, 1, 0, copy);
	for (i = 0; i < 2; i++)
		is |= is_under(copy[i], meta);
	free(buf);
	return is;
}
