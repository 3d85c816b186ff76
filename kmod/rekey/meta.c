// SPDX-License-Identifier: GPL-2.0
/*
 * The metadata device: pages with two places each, a sequence number and a MAC.
 *
 * A write goes to the older place, with FUA, so the newest copy stays whole
 * until the next one is. Which of the two is the newest is decided by the
 * sequence number alone, and a copy counts only if its MAC, its volume, kind
 * and index, and the parity of its place are right.
 *
 * A copy that went bad after it was acknowledged looks like a write that a
 * crash cut short. The digest in the superblock tells them apart for a volume
 * that was closed: it covers the sequence number of each page.
 */
#include <crypto/hash.h>
#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "meta.h"

#define DM_MSG_PREFIX "rekey"

#define META_PAGE_SECTORS	(REKEY_PAGE >> SECTOR_SHIFT)

/* --- I/O ------------------------------------------------------------------ */

static int meta_io(struct block_device *bdev, sector_t sector, blk_opf_t opf,
		   void *buf, unsigned int pages)
{
	struct bio_vec vec[2];
	struct bio bio;
	unsigned int i;
	int err;

	bio_init(&bio, bdev, vec, ARRAY_SIZE(vec), opf);
	bio.bi_iter.bi_sector = sector;
	for (i = 0; i < pages; i++)
		__bio_add_page(&bio, virt_to_page(buf + i * REKEY_PAGE),
			       REKEY_PAGE,
			       offset_in_page(buf + i * REKEY_PAGE));
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

static sector_t meta_sector(const struct rekey_meta *meta, u32 kind,
			    u32 index, u32 place)
{
	return meta->start + (rekey_page_number(kind, index) * 2 + place) *
	       META_PAGE_SECTORS;
}

/* --- the MAC ---------------------------------------------------------------- */

static int meta_digest(struct rekey_meta *meta, const void *data, size_t len,
		       u8 *mac)
{
	SHASH_DESC_ON_STACK(desc, meta->mac);
	int err;

	desc->tfm = meta->mac;
	err = crypto_shash_digest(desc, data, len, mac);
	shash_desc_zero(desc);
	return err;
}

static int meta_seal(struct rekey_meta *meta, union rekey_page *page)
{
	memset(page->head.mac, 0, sizeof(page->head.mac));
	return meta_digest(meta, page, REKEY_PAGE, page->head.mac);
}

/* Leaves the page's MAC zero. */
static const char *meta_verify(struct rekey_meta *meta, union rekey_page *page)
{
	u8 stored[REKEY_MAC], mac[REKEY_MAC];

	memcpy(stored, page->head.mac, sizeof(stored));
	memset(page->head.mac, 0, sizeof(page->head.mac));
	if (meta_digest(meta, page, REKEY_PAGE, mac))
		return "its MAC cannot be computed";
	if (crypto_memneq(stored, mac, sizeof(mac)))
		return "its MAC is wrong";
	return NULL;
}

/* --- reading ---------------------------------------------------------------- */

static const char *meta_check_copy(struct rekey_meta *meta, u32 kind,
				   u32 index, u32 place)
{
	union rekey_page *page = &meta->page[place];
	const u8 *uuid = kind == REKEY_PAGE_SUPER ? NULL : meta->sb.uuid;
	const char *why;

	why = head_check(&page->head, kind, index, uuid);
	if (!why)
		why = meta_verify(meta, page);
	if (!why && (le64_to_cpu(page->head.seq) & 1) != place)
		why = "a page of the other place";
	return why;
}

static bool meta_copy_is_blank(const union rekey_page *page)
{
	return !memchr_inv(page, 0, REKEY_PAGE);
}

/*
 * Reads both copies of a page and points @found at the newer valid one.
 * A copy that was never written is blank and is nothing to worry about.
 */
static int meta_read(struct rekey_meta *meta, u32 kind, u32 index,
		     union rekey_page **found, char **error)
{
	const char *why[2];
	u32 place;
	int err;

	lockdep_assert_held(&meta->lock);
	err = meta_io(meta->bdev, meta_sector(meta, kind, index, 0),
		      REQ_OP_READ, meta->page, 2);
	if (err) {
		*error = "The metadata device cannot be read";
		return err;
	}
	for (place = 0; place < 2; place++)
		why[place] = meta_check_copy(meta, kind, index, place);
	if (why[0] && why[1]) {
		DMERR("page %u of kind %u: no valid copy: %s; %s", index, kind,
		      why[0], why[1]);
		return -EBADMSG;
	}
	for (place = 0; place < 2; place++) {
		if (!why[place] || meta_copy_is_blank(&meta->page[place]))
			continue;
		DMWARN("page %u of kind %u: a copy is not valid: %s", index,
		       kind, why[place]);
		meta->torn++;
		meta->torn_kind = kind;
		meta->torn_index = index;
	}
	if (!why[0] && !why[1])
		place = le64_to_cpu(meta->page[1].head.seq) >
			le64_to_cpu(meta->page[0].head.seq);
	else
		place = why[0] ? 1 : 0;
	*found = &meta->page[place];
	return 0;
}

/**
 * meta_is_blank() - has the device no superblock, and nothing in its place?
 * @meta: the metadata device
 * @err: set to a negative errno where it cannot be read
 *
 * Return: true only when both places of the superblock are zero.
 */
bool meta_is_blank(struct rekey_meta *meta, int *err)
{
	bool blank;

	mutex_lock(&meta->lock);
	*err = meta_io(meta->bdev, meta->start, REQ_OP_READ, meta->page, 2);
	blank = !*err && meta_copy_is_blank(&meta->page[0]) &&
		meta_copy_is_blank(&meta->page[1]);
	mutex_unlock(&meta->lock);
	return blank;
}

/**
 * meta_read_super() - read the superblock into @meta->sb
 * @meta: the metadata device; its lock is held
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int meta_read_super(struct rekey_meta *meta, char **error)
{
	union rekey_page *page;
	const char *why;
	int err;

	*error = "No valid superblock: another volume, another metadata key, or damage";
	err = meta_read(meta, REKEY_PAGE_SUPER, 0, &page, error);
	if (err)
		return err;
	why = super_unpack(&page->super, &meta->sb);
	if (why) {
		DMERR("superblock: %s", why);
		*error = "The superblock cannot be used";
		return -EINVAL;
	}
	meta->sb_seq = le64_to_cpu(page->head.seq);
	return 0;
}

/**
 * meta_read_slots() - read the slot table into @meta->slot
 * @meta: the metadata device, its superblock read; its lock is held
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int meta_read_slots(struct rekey_meta *meta, char **error)
{
	union rekey_page *page;
	const char *why;
	u32 i;
	int err;

	for (i = 0; i < REKEY_SLOT_PAGES; i++) {
		*error = "The slot table has no valid copy";
		err = meta_read(meta, REKEY_PAGE_SLOT, i, &page, error);
		if (err)
			return err;
		why = slots_unpack(&page->slots,
				   meta->slot + i * REKEY_PAGE_SLOTS);
		if (why) {
			DMERR("slot table: %s", why);
			*error = "The slot table cannot be used";
			return -EINVAL;
		}
		meta->seq[i] = le64_to_cpu(page->head.seq);
	}
	return 0;
}

/**
 * meta_read_map() - read the map
 * @meta: the metadata device, its superblock read; its lock is held
 * @map: room for @regions entries
 * @regions: that the superblock tells of
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int meta_read_map(struct rekey_meta *meta, u64 *map, u64 regions,
		  char **error)
{
	u64 pages = rekey_map_pages(regions), i;
	union rekey_page *page;
	const char *why;
	int err;

	for (i = 0; i < pages; i++) {
		*error = "A page of the map has no valid copy";
		err = meta_read(meta, REKEY_PAGE_MAP, i, &page, error);
		if (err)
			return err;
		why = map_unpack(&page->map, map + i * REKEY_PAGE_ENTRIES,
				 meta_map_count(regions, i));
		if (why) {
			DMERR("page %llu of the map: %s", i, why);
			*error = "The map cannot be used";
			return -EINVAL;
		}
		meta->seq[REKEY_SLOT_PAGES + i] = le64_to_cpu(page->head.seq);
		cond_resched();
	}
	return 0;
}

/* --- the digest of a closed volume ------------------------------------------ */

static int meta_seq_digest(struct rekey_meta *meta, u64 pages, u8 *digest)
{
	SHASH_DESC_ON_STACK(desc, meta->mac);
	int err;
	u64 i;

	desc->tfm = meta->mac;
	err = crypto_shash_init(desc);
	for (i = 0; !err && i < pages; i++) {
		__le64 seq = cpu_to_le64(meta->seq[i]);

		err = crypto_shash_update(desc, (u8 *)&seq, sizeof(seq));
	}
	if (!err)
		err = crypto_shash_final(desc, digest);
	shash_desc_zero(desc);
	return err;
}

/**
 * meta_check_digest() - can this be what the last owner left?
 * @meta: the metadata device, all of it read; its lock is held
 * @pages: slot and map pages that the superblock tells of
 * @error: set to a sentence on failure
 *
 * Pages of a volume that was closed must be those of then. A crash cuts one
 * write short, as there is never a second one under way, and the damaged copy
 * is written again by meta_repair() before the next.
 *
 * Return: 0 or a negative errno.
 */
int meta_check_digest(struct rekey_meta *meta, u64 pages, char **error)
{
	u8 digest[REKEY_MAC];
	int err;

	if (!meta->sb.clean) {
		*error = "More metadata copies are damaged than a crash explains";
		return meta->torn > 1 ? -EBADMSG : 0;
	}
	*error = "The digest cannot be computed";
	err = meta_seq_digest(meta, pages, digest);
	if (err)
		return err;
	if (!crypto_memneq(digest, meta->sb.digest, sizeof(digest)))
		return 0;
	*error = "A metadata page is not the one that the volume was closed with";
	return -EBADMSG;
}

/* --- writing ---------------------------------------------------------------- */

static int meta_write(struct rekey_meta *meta, u32 kind, u32 index, u64 seq)
{
	union rekey_page *page = meta->page;
	int err;

	lockdep_assert_held(&meta->lock);
	head_pack(&page->head, kind, index, seq, meta->sb.uuid);
	err = meta_seal(meta, page);
	if (err)
		return err;
	return meta_io(meta->bdev, meta_sector(meta, kind, index, seq & 1),
		       REQ_OP_WRITE | REQ_SYNC | REQ_FUA, page, 1);
}

/**
 * meta_write_super() - make @meta->sb durable
 * @meta: the metadata device; its lock is held
 *
 * Return: 0 or a negative errno.
 */
int meta_write_super(struct rekey_meta *meta)
{
	int err;

	super_pack(&meta->page->super, &meta->sb);
	err = meta_write(meta, REKEY_PAGE_SUPER, 0, meta->sb_seq + 1);
	if (!err)
		meta->sb_seq++;
	return err;
}

/* From the first write on the digest does not hold any more. */
static int meta_set_dirty(struct rekey_meta *meta)
{
	int err;

	if (!meta->sb.clean)
		return 0;
	meta->sb.clean = false;
	memset(meta->sb.digest, 0, sizeof(meta->sb.digest));
	err = meta_write_super(meta);
	if (err)
		meta->sb.clean = true;
	return err;
}

/**
 * meta_write_slots() - make the page of the slot table with @slot durable
 * @meta: the metadata device; its lock is held
 * @slot: its number
 *
 * Return: 0 or a negative errno.
 */
int meta_write_slots(struct rekey_meta *meta, u32 slot)
{
	u32 i = slot / REKEY_PAGE_SLOTS;
	int err;

	err = meta_set_dirty(meta);
	if (err)
		return err;
	slots_pack(&meta->page->slots, meta->slot + i * REKEY_PAGE_SLOTS);
	err = meta_write(meta, REKEY_PAGE_SLOT, i, meta->seq[i] + 1);
	if (!err)
		meta->seq[i]++;
	return err;
}

/**
 * meta_write_map() - commit one page of the map
 * @meta: the metadata device; its lock is held
 * @index: of the page
 * @entry: its entries
 * @count: of them
 *
 * The data that the entries tell of must be durable before.
 *
 * Return: 0 or a negative errno.
 */
int meta_write_map(struct rekey_meta *meta, u32 index, const u64 *entry,
		   u32 count)
{
	u64 *seq = &meta->seq[REKEY_SLOT_PAGES + index];
	int err;

	err = meta_set_dirty(meta);
	if (err)
		return err;
	map_pack(&meta->page->map, entry, count);
	err = meta_write(meta, REKEY_PAGE_MAP, index, *seq + 1);
	if (!err)
		++*seq;
	return err;
}

/**
 * meta_repair() - write the page of which a copy is damaged
 * @meta: the metadata device, all of it read; its lock is held
 * @map: the map
 * @regions: its entries
 *
 * Return: 0 or a negative errno.
 */
int meta_repair(struct rekey_meta *meta, const u64 *map, u64 regions)
{
	u32 i = meta->torn_index;

	if (!meta->torn)
		return 0;
	meta->torn = 0;
	switch (meta->torn_kind) {
	case REKEY_PAGE_SLOT:
		return meta_write_slots(meta, i * REKEY_PAGE_SLOTS);
	case REKEY_PAGE_MAP:
		return meta_write_map(meta, i,
				      map + (u64)i * REKEY_PAGE_ENTRIES,
				      meta_map_count(regions, i));
	default:
		return meta_write_super(meta);
	}
}

/**
 * meta_set_clean() - close the volume: from here on the digest holds
 * @meta: the metadata device; its lock is held
 * @pages: slot and map pages that the volume has
 *
 * Return: 0 or a negative errno.
 */
int meta_set_clean(struct rekey_meta *meta, u64 pages)
{
	int err;

	if (meta->sb.clean)
		return 0;
	err = meta_seq_digest(meta, pages, meta->sb.digest);
	if (err)
		return err;
	meta->sb.clean = true;
	err = meta_write_super(meta);
	if (err)
		meta->sb.clean = false;
	return err;
}

/**
 * meta_flush() - all that was written without an error is durable then
 * @meta: the metadata device
 *
 * Return: 0 or a negative errno.
 */
int meta_flush(struct rekey_meta *meta)
{
	return blkdev_issue_flush(meta->bdev);
}

/* --- labels of data devices --------------------------------------------------- */

/**
 * meta_read_label() - is this the data device that it should be?
 * @meta: the metadata device, its superblock read; its lock is held
 * @bdev: the data device
 * @sector: where its first region begins
 * @device: its number in the volume
 * @why: set to what is wrong
 *
 * Return: 0 or a negative errno.
 */
int meta_read_label(struct rekey_meta *meta, struct block_device *bdev,
		    sector_t sector, u32 device, const char **why)
{
	int err;

	*why = "it cannot be read";
	err = meta_io(bdev, sector, REQ_OP_READ, meta->page, 1);
	if (err)
		return err;
	*why = head_check(&meta->page->head, REKEY_PAGE_LABEL, device,
			  meta->sb.uuid);
	if (!*why)
		*why = meta_verify(meta, meta->page);
	return *why ? -EINVAL : 0;
}

/**
 * meta_write_label() - make a data device one of this volume
 * @meta: the metadata device, its superblock read; its lock is held
 * @bdev: the data device
 * @sector: where its first region begins
 * @device: its number in the volume
 *
 * Return: 0 or a negative errno.
 */
int meta_write_label(struct rekey_meta *meta, struct block_device *bdev,
		     sector_t sector, u32 device)
{
	union rekey_page *page = meta->page;
	int err;

	lockdep_assert_held(&meta->lock);
	memset(page, 0, REKEY_PAGE);
	head_pack(&page->head, REKEY_PAGE_LABEL, device, 1, meta->sb.uuid);
	err = meta_seal(meta, page);
	if (err)
		return err;
	return meta_io(bdev, sector, REQ_OP_WRITE | REQ_SYNC | REQ_FUA, page,
		       1);
}

/* --- life --------------------------------------------------------------------- */

/**
 * meta_init() - prepare the use of a metadata device
 * @meta: zeroed by the caller
 * @bdev: the device
 * @start: where on it they begin, in sectors of 512 bytes
 * @mac: HMAC-SHA256 with the volume's metadata key; belongs to @meta then,
 *	also on failure
 * @regions: of the volume, as the table has it
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno; meta_exit() is due either way.
 */
int meta_init(struct rekey_meta *meta, struct block_device *bdev,
	      sector_t start, struct crypto_shash *mac, u64 regions,
	      char **error)
{
	mutex_init(&meta->lock);
	meta->bdev = bdev;
	meta->start = start;
	meta->sectors = rekey_meta_sectors(regions);
	meta->mac = mac;
	meta->pages = REKEY_SLOT_PAGES + rekey_map_pages(regions);
	if (start > bdev_nr_sectors(bdev) ||
	    meta->sectors > bdev_nr_sectors(bdev) - start) {
		*error = "The metadata device is too small";
		return -ENOSPC;
	}
	*error = "Out of memory";
	meta->page = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 1);
	if (!meta->page)
		return -ENOMEM;
	meta->seq = kvcalloc(meta->pages, sizeof(*meta->seq), GFP_KERNEL);
	return meta->seq ? 0 : -ENOMEM;
}

/**
 * meta_exit() - undo meta_init()
 * @meta: the metadata device
 */
void meta_exit(struct rekey_meta *meta)
{
	kvfree(meta->seq);
	free_pages((unsigned long)meta->page, 1);
	crypto_free_shash(meta->mac);
	mutex_destroy(&meta->lock);
}
