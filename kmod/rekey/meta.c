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
 * that was closed: it covers the stamp of each page.
 *
 * In version 2 it covers, for one that was not closed, the stamp that each page had
 * when the volume was opened. So no page can be older than that. And behind a close
 * the two copies of a page hold the same, as the two of the superblock always do.
 *
 * The metadata key can be another one from now on: see meta_rotate().
 */
#include <crypto/hash.h>
#include <linux/bio.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/device-mapper.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../compat/compat.h"
#include "meta.h"

#define DM_MSG_PREFIX "rekey"

#define META_PAGE_SECTORS	(REKEY_PAGE >> SECTOR_SHIFT)

/* Of a run: pages of which both copies are read or written at once. */
#define META_RUN		32
/* Runs under way at a time. */
#define META_RUNS		8

struct meta_run {
	struct work_struct work;
	struct completion done;
	struct rekey_meta *meta;
	struct workqueue_struct *wq;
	u64 *map;
	bool salvage;
	u64 first;			/* number of its first page */
	u32 count;			/* of pages */
	int err;
	char *error;
	atomic_t pending;		/* of its bios */
	u32 bios;			/* one of both places, or one for each */
	struct bio bio0;
	struct bio bio1;
	struct bio_vec vec[2 * META_RUN];
	union rekey_page *copy[META_RUN][2];
};

/* --- pages and their numbers -------------------------------------------------- */

static u32 meta_kind(u64 number)
{
	if (!number)
		return REKEY_PAGE_SUPER;
	return number <= REKEY_SLOT_PAGES ? REKEY_PAGE_SLOT : REKEY_PAGE_MAP;
}

static u32 meta_index(u64 number)
{
	if (!number)
		return 0;
	return number <= REKEY_SLOT_PAGES ? number - 1 :
	       number - 1 - REKEY_SLOT_PAGES;
}

static bool meta_is_v1(const struct rekey_meta *meta)
{
	return meta->sb.version == 1;
}

static sector_t meta_sector(const struct rekey_meta *meta, u64 number,
			    u32 place)
{
	return meta->start + layout_block(&meta->layout, number, place) *
			     META_PAGE_SECTORS;
}

/* --- I/O ------------------------------------------------------------------ */

static int meta_io(struct block_device *bdev, sector_t sector, blk_opf_t opf,
		   union rekey_page *page)
{
	struct bio_vec vec;
	struct bio bio;
	int err;

	bio_init(&bio, bdev, &vec, 1, opf);
	bio.bi_iter.bi_sector = sector;
	__bio_add_page(&bio, virt_to_page(page), REKEY_PAGE,
		       offset_in_page(page));
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

/* All writes of metadata end here or in run_write(). */
static int meta_wrote(struct rekey_meta *meta, int err)
{
	if (err)
		WRITE_ONCE(meta->failed, true);
	return err;
}

/* --- the MAC ---------------------------------------------------------------- */

static int page_mac(struct crypto_shash *tfm, const union rekey_page *page,
		    u8 *mac)
{
	SHASH_DESC_ON_STACK(desc, tfm);
	int err;

	desc->tfm = tfm;
	err = crypto_shash_digest(desc, page->byte, REKEY_PAGE, mac);
	shash_desc_zero(desc);
	return err;
}

static int meta_seal(struct rekey_meta *meta, union rekey_page *page)
{
	memset(page->head.mac, 0, sizeof(page->head.mac));
	return page_mac(meta->mac, page, page->head.mac);
}

static const char *page_verify(struct crypto_shash *tfm,
			       const union rekey_page *page, const u8 *stored)
{
	u8 mac[REKEY_MAC];

	if (page_mac(tfm, page, mac))
		return "its MAC cannot be computed";
	return crypto_memneq(stored, mac, sizeof(mac)) ? "its MAC is wrong" :
							 NULL;
}

/* Leaves the page's MAC zero. */
static const char *meta_verify(struct rekey_meta *meta, union rekey_page *page)
{
	u8 stored[REKEY_MAC];
	const char *why;

	memcpy(stored, page->head.mac, sizeof(stored));
	memset(page->head.mac, 0, sizeof(page->head.mac));
	why = page_verify(meta->mac, page, stored);
	if (why && meta->also)
		why = page_verify(meta->also, page, stored);
	return why;
}

/* --- the two copies of a page -------------------------------------------------- */

static const char *copy_check(struct rekey_meta *meta, u64 number, u32 place,
			      union rekey_page *page, struct rekey_age *age)
{
	const u8 *uuid = number ? meta->sb.uuid : NULL;
	const char *why;

	why = head_check(&page->head, meta_kind(number), meta_index(number),
			 uuid);
	if (!why)
		why = meta_verify(meta, page);
	if (!why && (le64_to_cpu(page->head.seq) & 1) != place)
		why = "a page of the other place";
	age->seq = le64_to_cpu(page->head.seq);
	if (!why && number)
		why = head_unpack_age(&page->head, meta->sb.version,
				      meta->sb.epoch, age);
	return why;
}

/*
 * One copy is not valid, the other is. In version 1, what was there before the
 * volume, zeros or anything else, no write of ours was cut in; what cannot be read
 * may have been one. In version 2 both copies were written before all else.
 */
static void copy_is_bad(struct rekey_meta *meta, u64 number,
			const union rekey_page *page, int err,
			const char *why)
{
	set_bit(number, meta->mend);
	if (!err && meta->layout.apart == 1 &&
	    !head_is_of(&page->head, number ? meta->sb.uuid : NULL))
		return;
	atomic_inc(&meta->torn);
	WRITE_ONCE(meta->torn_page, number);
	DMWARN_LIMIT("page %u of kind %u: a copy is not valid: %s",
		     meta_index(number), meta_kind(number), why);
}

/*
 * Which of two copies counts? @err: of their reads. @age: set to its age.
 *
 * Return: its place, or -EIO or -EBADMSG where there is none.
 */
static int copies_pick(struct rekey_meta *meta, u64 number,
		       union rekey_page *const copy[2], const int err[2],
		       struct rekey_age *age)
{
	struct rekey_age ages[2] = { };
	const char *why[2];
	int place;

	for (place = 0; place < 2; place++)
		why[place] = err[place] ? "it cannot be read" :
			     copy_check(meta, number, place, copy[place],
					&ages[place]);
	if (why[0] && why[1]) {
		DMERR_LIMIT("page %u of kind %u: no valid copy: %s; %s",
			    meta_index(number), meta_kind(number), why[0],
			    why[1]);
		return err[0] && err[1] ? -EIO : -EBADMSG;
	}
	for (place = 0; place < 2; place++)
		if (why[place])
			copy_is_bad(meta, number, copy[place], err[place],
				    why[place]);
	if (why[0] || why[1]) {
		place = why[0] ? 1 : 0;
	} else {
		place = ages[1].seq > ages[0].seq;
		if (number && !meta_is_v1(meta) &&
		    ages[0].stamp != ages[1].stamp)
			set_bit(number, meta->differ);
	}
	*age = ages[place];
	return place;
}

/* The copy that counts of a page of slots or of the map is that old. */
static void meta_set_age(struct rekey_meta *meta, u64 number,
			 const struct rekey_age *age)
{
	struct rekey_age *to = &meta->age[number - 1];

	*to = *age;
	/* not written since the opening */
	if (meta->sb.clean || age->epoch < meta->sb.opened)
		to->base = age->stamp;
}

static int copy_read(struct rekey_meta *meta, u64 number, u32 place,
		     union rekey_page *page)
{
	return meta_io(meta->bdev, meta_sector(meta, number, place),
		       REQ_OP_READ, page);
}

static int copy_write(struct rekey_meta *meta, u64 number, u32 place,
		      union rekey_page *page, blk_opf_t opf)
{
	return meta_io(meta->bdev, meta_sector(meta, number, place),
		       REQ_OP_WRITE | REQ_SYNC | opf, page);
}

/*
 * Reads a page and points @found at the copy that counts. They are two so that one
 * of them may be unreadable: so each is read for itself.
 */
static int meta_read(struct rekey_meta *meta, u64 number,
		     union rekey_page **found, struct rekey_age *age,
		     char **error)
{
	union rekey_page *const copy[2] = { meta->page, meta->page + 1 };
	int err[2], place;

	lockdep_assert_held(&meta->lock);
	for (place = 0; place < 2; place++)
		err[place] = copy_read(meta, number, place, copy[place]);
	place = copies_pick(meta, number, copy, err, age);
	if (place < 0) {
		if (place == -EIO)
			*error = "The metadata device cannot be read";
		return place;
	}
	*found = copy[place];
	return 0;
}

/* --- where they lie ------------------------------------------------------------ */

static int meta_check_fits(struct rekey_meta *meta, char **error)
{
	u64 sectors = layout_sectors(&meta->layout, meta->pages + 1);
	u64 end = bdev_nr_sectors(meta->bdev);

	*error = "The metadata have no room for so many regions";
	if (meta->layout.step == 1 && meta->pages >= meta->layout.apart)
		return -ENOSPC;
	*error = "The metadata device is too small";
	if (meta->start > end || sectors > end - meta->start)
		return -ENOSPC;
	if (!meta->sectors)
		meta->sectors = sectors;
	return 0;
}

/**
 * meta_lay_out() - where the metadata of a new volume are to lie
 * @meta: the metadata device
 * @version: of the volume
 * @sectors: from where they begin to what lies behind them
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int meta_lay_out(struct rekey_meta *meta, u32 version, sector_t sectors,
		 char **error)
{
	u32 stride = 0;

	if (version != 1) {
		stride = layout_stride(sectors / META_PAGE_SECTORS,
				       meta->pages + 1);
		*error = "The metadata have too little room before what lies behind them";
		if (!stride)
			return -ENOSPC;
	}
	meta->layout = layout_of(version, stride);
	meta->sb.version = version;
	meta->sb.stride = stride;
	return meta_check_fits(meta, error);
}

/* Is there a good superblock in this block of the area? */
static bool super_is_at(struct rekey_meta *meta, u64 block, u32 place)
{
	struct rekey_age age;

	return !meta_io(meta->bdev, meta->start + block * META_PAGE_SECTORS,
			REQ_OP_READ, meta->page) &&
	       !copy_check(meta, 0, place, meta->page, &age);
}

/* One of a version that is not known is told of later: it is where it is in any. */
static struct rekey_layout super_layout(const struct rekey_meta *meta)
{
	const struct rekey_disk_super *super = &meta->page->super;
	u32 version = le32_to_cpu(super->version);
	u32 stride = le32_to_cpu(super->stride);

	if (version != 2 || stride < REKEY_STRIDE_MIN ||
	    stride > REKEY_STRIDE_MAX)
		version = 1;
	return layout_of(version, stride);
}

/*
 * Block 0 has one in any version. Where it cannot be used: the other one says that it
 * lies where it does, which is block 1, or a power of two.
 */
static bool super_find(struct rekey_meta *meta, struct rekey_layout *layout)
{
	u64 end = (bdev_nr_sectors(meta->bdev) - meta->start) /
		  META_PAGE_SECTORS, apart;

	if (super_is_at(meta, 0, 0)) {
		*layout = super_layout(meta);
		return true;
	}
	for (apart = 1; apart <= REKEY_STRIDE_MAX && apart < end; apart *= 2) {
		if (!super_is_at(meta, apart, 1))
			continue;
		*layout = super_layout(meta);
		if (layout->apart == apart)
			return true;
	}
	*layout = layout_of(1, 0);
	return false;
}

/* Others than him whose table this is may have made another volume of it since. */
static int super_lay_out(struct rekey_meta *meta, char **error)
{
	struct rekey_layout layout;
	bool found;

	*error = "The metadata device is too small";
	if (meta->start > bdev_nr_sectors(meta->bdev))
		return -ENOSPC;
	meta->mac = meta->key;
	/* by the new key if there is one by it, and else by the one before */
	found = super_find(meta, &layout);
	if (!found && meta->old_key) {
		meta->mac = meta->old_key;
		found = super_find(meta, &layout);
	}
	if (!meta->layout.step)
		meta->layout = layout;
	*error = "The metadata are not those that the table was loaded with";
	/* where there is none, who reads it says why */
	if (found && (layout.step != meta->layout.step ||
		      layout.apart != meta->layout.apart))
		return -ESTALE;
	return meta_check_fits(meta, error);
}

/**
 * meta_is_blank() - has the device no superblock, and nothing in its place?
 * @meta: the metadata device
 * @err: set to a negative errno where it cannot be read
 *
 * Return: true only when both places of the superblock are zero, as version 1 has it:
 *	the one in block 0 is of any version.
 */
bool meta_is_blank(struct rekey_meta *meta, int *err)
{
	bool blank = true;
	u32 block;

	mutex_lock(&meta->lock);
	for (block = 0, *err = 0; !*err && blank && block < 2; block++) {
		*err = meta_io(meta->bdev, meta->start + block *
			       META_PAGE_SECTORS, REQ_OP_READ, meta->page);
		blank = !*err && !memchr_inv(meta->page, 0, REKEY_PAGE);
	}
	mutex_unlock(&meta->lock);
	return blank;
}

/**
 * meta_read_super() - read the superblock into @meta->sb
 * @meta: the metadata device; its lock is held
 * @error: set to a sentence on failure
 *
 * What was found before is forgotten.
 *
 * Return: 0 or a negative errno.
 */
int meta_read_super(struct rekey_meta *meta, char **error)
{
	union rekey_page *page;
	struct rekey_age age;
	const char *why;
	int err;

	atomic_set(&meta->torn, 0);
	meta->torn_page = 0;
	atomic_set(&meta->lost, 0);
	bitmap_zero(meta->mend, meta->pages + 1);
	bitmap_zero(meta->change, meta->pages + 1);
	bitmap_zero(meta->differ, meta->pages + 1);
	memset(meta->label, 0, sizeof(meta->label));
	meta->begun = false;
	meta->also = NULL;
	err = super_lay_out(meta, error);
	if (err)
		return err;
	*error = "No valid superblock: another volume, another metadata key, or damage";
	err = meta_read(meta, 0, &page, &age, error);
	if (err)
		return err;
	why = super_unpack(&page->super, &meta->sb);
	if (why) {
		DMERR("superblock: %s", why);
		*error = "The superblock cannot be used";
		return -EINVAL;
	}
	*error = "The superblock is not in its place";
	if (meta->sb.version != 1 && meta->sb.stride != meta->layout.apart)
		return -EBADMSG;
	meta->sb_seq = age.seq;
	meta->disk_sb = meta->sb;
	if (!meta->sb.rotating)
		return 0;
	*error = "The metadata key is being changed, and the one before is needed too";
	if (meta->mac != meta->key || !meta->old_key)
		return -ENOKEY;
	meta->also = meta->old_key;
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
	struct rekey_age age;
	const char *why;
	u32 i;
	int err;

	for (i = 0; i < REKEY_SLOT_PAGES; i++) {
		u64 number = rekey_page_number(REKEY_PAGE_SLOT, i);

		*error = "The slot table has no valid copy";
		err = meta_read(meta, number, &page, &age, error);
		if (err)
			return err;
		why = slots_unpack(&page->slots,
				   meta->slot + i * REKEY_PAGE_SLOTS);
		if (why) {
			DMERR("slot table: %s", why);
			*error = "The slot table cannot be used";
			return -EINVAL;
		}
		meta_set_age(meta, number, &age);
	}
	return 0;
}

/* --- runs of the map ------------------------------------------------------------ */

static void run_free(struct meta_run *run)
{
	u32 i;

	if (!run)
		return;
	for (i = 0; i < 2 * META_RUN; i++)
		free_page((unsigned long)run->copy[i / 2][i % 2]);
	kfree(run);
}

static struct meta_run *run_alloc(struct rekey_meta *meta)
{
	struct meta_run *run = kzalloc(sizeof(*run), GFP_KERNEL);
	u32 i;

	if (!run)
		return NULL;
	run->meta = meta;
	run->bios = meta->layout.apart == 1 ? 1 : 2;
	init_completion(&run->done);
	for (i = 0; i < 2 * META_RUN; i++) {
		union rekey_page **page = &run->copy[i / 2][i % 2];

		*page = (void *)__get_free_page(GFP_KERNEL);
		if (!*page) {
			run_free(run);
			return NULL;
		}
	}
	return run;
}

static struct bio *run_bio_of(struct meta_run *run, u32 place)
{
	return place && run->bios == 2 ? &run->bio1 : &run->bio0;
}

/* The bio of this place of all its pages, or of both places where there is but one. */
static struct bio *run_bio(struct meta_run *run, u32 place, blk_opf_t opf)
{
	struct rekey_meta *meta = run->meta;
	struct bio *bio = run_bio_of(run, place);
	u32 i;

	bio_init(bio, meta->bdev, run->vec + place * META_RUN,
		 2 * META_RUN / run->bios, opf);
	bio->bi_iter.bi_sector = meta_sector(meta, run->first, place);
	for (i = place; i < 2 * run->count; i += run->bios) {
		union rekey_page *page = run->copy[i / 2][i % 2];

		__bio_add_page(bio, virt_to_page(page), REKEY_PAGE,
			       offset_in_page(page));
	}
	return bio;
}

/* What was not read with the others is tried alone. */
static int run_copy_read(struct meta_run *run, u32 i, u32 place)
{
	if (!run_bio_of(run, place)->bi_status)
		return 0;
	return copy_read(run->meta, run->first + i, place, run->copy[i][place]);
}

/* A page of the map without a valid copy: nobody knows what its entries were. */
static int run_lose(struct meta_run *run, u64 *entry, u32 count)
{
	u32 i;

	if (!run->salvage)
		return -EBADMSG;
	atomic_inc(&run->meta->lost);
	for (i = 0; i < count; i++)
		entry[i] = REKEY_ENTRY_LOST;
	return 0;
}

static int run_verify_page(struct meta_run *run, u32 i)
{
	struct rekey_meta *meta = run->meta;
	u64 number = run->first + i;
	u32 index = meta_index(number);
	u64 *entry = run->map + (u64)index * REKEY_PAGE_ENTRIES;
	u32 count = rekey_map_count(meta->regions, index);
	struct rekey_age age;
	int err[2], place;
	const char *why;

	for (place = 0; place < 2; place++)
		err[place] = run_copy_read(run, i, place);
	place = copies_pick(meta, number, run->copy[i], err, &age);
	if (place < 0) {
		run->error = place == -EIO ?
			     "The metadata device cannot be read" :
			     "A page of the map has no valid copy";
		return run_lose(run, entry, count);
	}
	why = map_unpack(&run->copy[i][place]->map, entry, count);
	if (why) {
		DMERR("page %u of the map: %s", index, why);
		run->error = "The map cannot be used";
		return -EINVAL;
	}
	meta_set_age(meta, number, &age);
	return 0;
}

static void run_work(struct work_struct *work)
{
	struct meta_run *run = container_of(work, struct meta_run, work);
	u32 i;

	for (i = 0; i < run->bios; i++)
		bio_uninit(run_bio_of(run, i));
	for (i = 0; !run->err && i < run->count; i++)
		run->err = run_verify_page(run, i);
	complete(&run->done);
}

static void run_end_io(struct bio *bio)
{
	struct meta_run *run = bio->bi_private;

	if (atomic_dec_and_test(&run->pending))
		queue_work(run->wq, &run->work);
}

static void run_read(struct meta_run *run, u64 first, u32 count)
{
	u32 i;

	run->first = first;
	run->count = count;
	run->err = 0;
	reinit_completion(&run->done);
	INIT_WORK(&run->work, run_work);
	atomic_set(&run->pending, run->bios);
	for (i = 0; i < run->bios; i++) {
		struct bio *bio = run_bio(run, i, REQ_OP_READ);

		bio->bi_end_io = run_end_io;
		bio->bi_private = run;
		submit_bio(bio);
	}
}

static int runs_alloc(struct rekey_meta *meta, struct meta_run **run, u64 n)
{
	u64 i;

	for (i = 0; i < n; i++) {
		run[i] = run_alloc(meta);
		if (!run[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * meta_read_map() - read the map
 * @meta: the metadata device, its superblock read; its lock is held
 * @wq: where the pages are verified
 * @map: room for @regions entries; kept
 * @regions: that the superblock tells of
 * @salvage: a page that is lost is no failure: its entries are REKEY_ENTRY_LOST
 * @error: set to a sentence on failure
 *
 * Some large reads are under way at a time, and the pages of one are verified while
 * the next are read.
 *
 * Return: 0 or a negative errno.
 */
int meta_read_map(struct rekey_meta *meta, struct workqueue_struct *wq,
		  u64 *map, u64 regions, bool salvage, char **error)
{
	u64 first = rekey_page_number(REKEY_PAGE_MAP, 0);
	u64 pages = rekey_map_pages(regions);
	u64 n = DIV_ROUND_UP_ULL(pages, META_RUN), begun, ended;
	struct meta_run *run[META_RUNS] = { NULL };
	u64 slots = min_t(u64, n, META_RUNS);
	int err;
	u32 i;

	meta->map = map;
	meta->regions = regions;
	meta->old_pages = REKEY_SLOT_PAGES + pages;
	*error = "Out of memory";
	err = runs_alloc(meta, run, slots);
	for (begun = 0, ended = 0; ended < begun || (!err && begun < n);) {
		struct meta_run *r = run[begun % META_RUNS];

		if (!err && begun < n && begun - ended < slots) {
			r->wq = wq;
			r->map = map;
			r->salvage = salvage;
			run_read(r, first + begun * META_RUN,
				 min_t(u64, META_RUN, pages - begun * META_RUN));
			begun++;
			continue;
		}
		r = run[ended++ % META_RUNS];
		wait_for_completion(&r->done);
		flush_work(&r->work);
		if (r->err && !err) {
			err = r->err;
			*error = r->error;
		}
	}
	for (i = 0; i < META_RUNS; i++)
		run_free(run[i]);
	return err;
}

/* --- the digest of a closed volume ------------------------------------------ */

/* @opened: the stamps of the opening, else those of now */
static int meta_stamp_digest(struct rekey_meta *meta, u64 pages, bool opened,
			     u8 *digest)
{
	SHASH_DESC_ON_STACK(desc, meta->mac);
	int err;
	u64 i;

	desc->tfm = meta->mac;
	err = crypto_shash_init(desc);
	for (i = 0; !err && i < pages; i++) {
		__le64 stamp = cpu_to_le64(opened ? meta->age[i].base :
					   meta->age[i].stamp);

		err = crypto_shash_update(desc, (u8 *)&stamp, sizeof(stamp));
	}
	if (!err)
		err = crypto_shash_final(desc, digest);
	shash_desc_zero(desc);
	return err;
}

static void meta_pack(struct rekey_meta *meta, u64 number, const u64 *map,
		      union rekey_page *page)
{
	u32 index = meta_index(number);

	if (meta_kind(number) == REKEY_PAGE_SLOT)
		slots_pack(&page->slots, meta->slot + index * REKEY_PAGE_SLOTS);
	else
		map_pack(&page->map, map + (u64)index * REKEY_PAGE_ENTRIES,
			 rekey_map_count(meta->regions, index));
}

/* What all pages hold: for who can write the MACs of pages, too. Both of @page are used. */
static int meta_content_digest(struct rekey_meta *meta, u64 pages, u8 *digest)
{
	SHASH_DESC_ON_STACK(desc, meta->mac);
	union rekey_page *page = meta->page + 1;
	int err;
	u64 i;

	desc->tfm = meta->mac;
	err = crypto_shash_init(desc);
	for (i = 0; !err && i < pages; i++) {
		__le64 stamp = cpu_to_le64(meta->age[i].stamp);

		meta_pack(meta, 1 + i, meta->map, page);
		err = crypto_shash_update(desc, (u8 *)&stamp, sizeof(stamp));
		if (!err)
			err = crypto_shash_update(desc, page->byte +
						  sizeof(page->head),
						  REKEY_PAGE -
						  sizeof(page->head));
		if (!(i & 0xff))
			cond_resched();
	}
	if (!err)
		err = crypto_shash_final(desc, digest);
	shash_desc_zero(desc);
	return err;
}

static int meta_sb_digest(struct rekey_meta *meta, u8 *digest)
{
	if (meta->sb.rotating)
		return meta_content_digest(meta, meta->old_pages, digest);
	return meta_stamp_digest(meta, meta->old_pages, !meta->sb.clean,
				 digest);
}

/**
 * meta_check_digest() - can this be what the last owner left?
 * @meta: the metadata device, all of it read; its lock is held
 * @salvage: what cannot be is told of, and taken
 * @error: set to a sentence on failure
 *
 * Pages of a volume that was closed must be those of then. A crash cuts one
 * write short, as there is never a second one under way but at the close, and the
 * damaged copy is written again by meta_begin() before the next.
 *
 * Return: 0 or a negative errno.
 */
int meta_check_digest(struct rekey_meta *meta, bool salvage, char **error)
{
	bool clean = meta->sb.clean;
	u8 digest[REKEY_MAC];
	int err = 0;

	if (!clean) {
		*error = "More metadata copies are damaged than a crash explains";
		if (atomic_read(&meta->torn) > 1 || atomic_read(&meta->lost))
			err = -EBADMSG;
	}
	if (!err && (clean || !meta_is_v1(meta))) {
		*error = "The digest cannot be computed";
		err = meta_sb_digest(meta, digest);
		if (err)
			return err;
		*error = clean ?
			 "A metadata page is not the one that the volume was closed with" :
			 "A metadata page is older than when the volume was opened last";
		if (crypto_memneq(digest, meta->sb.digest, sizeof(digest)))
			err = -EBADMSG;
	}
	if (!err || !salvage)
		return err;
	DMWARN("%s: what is read may be old: %u copies are damaged, %u pages are lost",
	       *error, atomic_read(&meta->torn), atomic_read(&meta->lost));
	return 0;
}

/* --- writing ---------------------------------------------------------------- */

/* The head of a page whose contents are there, and its MAC. */
static int meta_finish(struct rekey_meta *meta, u64 number,
		       const struct rekey_age *age, union rekey_page *page)
{
	head_pack(&page->head, meta_kind(number), meta_index(number), age->seq,
		  meta->sb.uuid);
	if (number)
		head_pack_age(&page->head, meta->sb.version, age);
	return meta_seal(meta, page);
}

static int meta_write(struct rekey_meta *meta, u64 number,
		      const struct rekey_age *age, blk_opf_t opf)
{
	int err;

	lockdep_assert_held(&meta->lock);
	if (meta->readonly || meta->failed)
		return -EROFS;
	if (WARN_ON_ONCE(READ_ONCE(meta->frozen)))
		return -EBUSY;
	err = meta_finish(meta, number, age, meta->page);
	if (!err)
		err = copy_write(meta, number, age->seq & 1, meta->page, opf);
	return meta_wrote(meta, err);
}

/* In version 2 one that cannot be read costs nothing: both say the same. */
static int meta_write_super(struct rekey_meta *meta,
			    const struct rekey_super *sb)
{
	u64 epoch = meta_is_v1(meta) ? 0 : meta->disk_sb.epoch + 1;
	int err = 0, left = meta_is_v1(meta) ? 1 : 2;

	super_pack(&meta->page->super, sb);
	meta->page->super.epoch = cpu_to_le64(epoch);
	while (!err && left--) {
		struct rekey_age age = { .seq = meta->sb_seq + 1 };

		err = meta_write(meta, 0, &age, REQ_FUA);
		meta->sb_seq += !err;
	}
	if (err)
		return err;
	meta->disk_sb = *sb;
	meta->disk_sb.epoch = epoch;
	meta->sb.epoch = epoch;
	return 0;
}

/*
 * The next write of a page whose contents are there. @fresh: they are others than
 * before; else its two copies hold the same from then on.
 */
static int meta_write_next(struct rekey_meta *meta, u64 number, bool fresh,
			   blk_opf_t opf)
{
	struct rekey_age age = meta->age[number - 1];
	int err;

	age.seq++;
	if (fresh || meta_is_v1(meta))
		age.stamp = age.seq;
	age.epoch = meta->disk_sb.epoch;
	err = meta_write(meta, number, &age, opf);
	if (err)
		return err;
	meta->age[number - 1] = age;
	if (!meta_is_v1(meta))
		assign_bit(number, meta->differ, fresh);
	return 0;
}

/* A slot or map page, as it is in memory. */
static int meta_write_page(struct rekey_meta *meta, u64 number, bool fresh)
{
	meta_pack(meta, number, meta->map, meta->page);
	return meta_write_next(meta, number, fresh, REQ_FUA);
}

/* Both copies of a page that was never there: 0 and 1 are their numbers. */
static int meta_pack_both(struct rekey_meta *meta, u64 number, const u64 *map,
			  union rekey_page *const copy[2])
{
	struct rekey_age age = { .epoch = meta->disk_sb.epoch };
	int err = 0;

	for (age.seq = 0; !err && age.seq < 2; age.seq++) {
		meta_pack(meta, number, map, copy[age.seq]);
		err = meta_finish(meta, number, &age, copy[age.seq]);
	}
	age.seq = 1;
	if (meta_is_v1(meta))
		age.stamp = age.seq;
	meta->age[number - 1] = age;
	return err;
}

static int meta_write_both(struct rekey_meta *meta, u64 number)
{
	union rekey_page *const copy[2] = { meta->page, meta->page + 1 };
	int err, place;

	if (WARN_ON_ONCE(READ_ONCE(meta->frozen)))
		return -EBUSY;
	err = meta_pack_both(meta, number, meta->map, copy);
	for (place = 0; !err && place < 2; place++)
		err = copy_write(meta, number, place, copy[place], REQ_FUA);
	return meta_wrote(meta, err);
}

static int run_write(struct meta_run *run, const u64 *map)
{
	int err = 0;
	u32 i;

	for (i = 0; !err && i < run->count; i++)
		err = meta_pack_both(run->meta, run->first + i, map,
				     run->copy[i]);
	for (i = 0; !err && i < run->bios; i++) {
		struct bio *bio = run_bio(run, i, REQ_OP_WRITE | REQ_SYNC |
						  REQ_FUA);

		err = submit_bio_wait(bio);
		bio_uninit(bio);
	}
	return err;
}

/**
 * meta_format() - write all pages, the superblock last
 * @meta: the metadata device, with @sb filled in; its lock is held
 * @map: all of it, as long as the device was prepared for
 *
 * A crash leaves a device that counts as empty.
 *
 * Return: 0 or a negative errno.
 */
int meta_format(struct rekey_meta *meta, const u64 *map)
{
	u64 pages = meta->pages, done;
	struct meta_run *run;
	int err = 0;

	run = run_alloc(meta);
	if (!run)
		return -ENOMEM;
	memset(meta->slot, 0, sizeof(meta->slot));
	meta->disk_sb.epoch = 1;
	meta->regions = meta->sb.sectors / meta->sb.region +
			!!(meta->sb.sectors % meta->sb.region);
	for (done = 0; !err && done < pages; done += run->count) {
		run->first = 1 + done;
		run->count = min_t(u64, META_RUN, pages - done);
		err = run_write(run, map);
		cond_resched();
	}
	run_free(run);
	if (!err)
		err = meta_stamp_digest(meta, pages, false, meta->sb.digest);
	meta->sb.clean = true;
	meta->sb_seq = 0;
	/* both places, too: 1, then 2 */
	while (!err && meta->sb_seq < 2)
		err = meta_write_super(meta, &meta->sb);
	return err;
}

/*
 * From here on the pages have been opened as they are: in version 2 none of them can
 * be an older one later. @sb: written as not closed, with that
 */
static int begin_super(struct rekey_meta *meta, struct rekey_super *sb)
{
	u64 i;
	int err;

	sb->clean = false;
	memset(sb->digest, 0, sizeof(sb->digest));
	if (meta_is_v1(meta))
		return meta_write_super(meta, sb);
	for (i = 0; i < meta->old_pages; i++)
		meta->age[i].base = meta->age[i].stamp;
	err = meta_stamp_digest(meta, meta->old_pages, true, sb->digest);
	if (err)
		return err;
	sb->opened = meta->disk_sb.epoch + 1;
	meta->sb.opened = sb->opened;
	/* where labels may be behind, they must not get further */
	sb->generation += !sb->labels;
	sb->labels = true;
	meta->sb.generation = sb->generation;
	return meta_write_super(meta, sb);
}

/*
 * The damaged copy of a page becomes what the other one is, which counts as before: in
 * version 1 it gets the number before that one's, in version 2 the next, with the same
 * stamp.
 */
static int meta_mend_page(struct rekey_meta *meta, u64 number)
{
	struct rekey_age age = meta->age[number - 1], found;
	union rekey_page *page;
	char *error;
	int err;

	/* of the first of all there is none before it: see begin_mend() */
	if (meta_is_v1(meta) && !age.seq)
		return 0;
	err = meta_read(meta, number, &page, &found, &error);
	if (err)
		return err;
	if (page != meta->page)
		memcpy(meta->page, page, REKEY_PAGE);
	if (meta_is_v1(meta)) {
		age.seq--;
		err = meta_write(meta, number, &age, REQ_FUA);
	} else {
		err = meta_write_next(meta, number, false, REQ_FUA);
	}
	if (!err)
		clear_bit(number, meta->mend);
	return err;
}

/*
 * While the superblock is a closed one, any number of copies may be damaged, as the
 * digest tells which of two counts. So that holds till all are mended. Else one may be:
 * before a crash can cut another write short.
 */
static int begin_damaged(struct rekey_meta *meta)
{
	u64 torn = meta->torn_page, number;
	int err = 0;

	if (!meta->disk_sb.clean)
		return torn && torn <= meta->old_pages ?
		       meta_mend_page(meta, torn) : 0;
	for (number = 1; !err && number <= meta->old_pages; number++)
		if (test_bit(number, meta->mend))
			err = meta_mend_page(meta, number);
	return err;
}

/* What was never one of ours. */
static int begin_mend(struct rekey_meta *meta)
{
	u64 number;
	int err = 0;

	for (number = 1; !err && number <= meta->old_pages; number++)
		if (test_bit(number, meta->mend))
			err = meta_write_page(meta, number,
					      test_bit(number, meta->change));
	return err;
}

/* Pages that the volume did not have, and those that opening changed. */
static int begin_map(struct rekey_meta *meta)
{
	u64 number, first = rekey_page_number(REKEY_PAGE_MAP, 0);
	int err = 0;

	for (number = first; !err && number <= meta->pages; number++) {
		if (number > meta->old_pages)
			err = meta_write_both(meta, number);
		else if (test_bit(number, meta->change))
			err = meta_write_page(meta, number, true);
	}
	return err;
}

/* Their regions are never-written ones on disk, too, by now. */
static int begin_slots(struct rekey_meta *meta)
{
	u64 number;
	int err = 0;
	u32 i;

	for (i = 0; i < REKEY_SLOTS; i++) {
		if (meta->slot[i].state != REKEY_SLOT_ERASED)
			continue;
		WRITE_ONCE(meta->slot[i].state, REKEY_SLOT_FREE);
		set_bit(1 + i / REKEY_PAGE_SLOTS, meta->change);
	}
	for (number = 1; !err && number <= REKEY_SLOT_PAGES; number++)
		if (test_bit(number, meta->change))
			err = meta_write_page(meta, number, true);
	return err;
}

static int begin_labels(struct rekey_meta *meta)
{
	int err = 0;
	u32 i;

	for (i = 0; !err && i < REKEY_DEVICES; i++)
		if (meta->label[i].fresh ||
		    (meta->label[i].bdev && !meta_is_v1(meta)))
			err = meta_write_label(meta, meta->label[i].bdev,
					       meta->label[i].sector, i);
	return meta_wrote(meta, err);
}

/**
 * meta_begin() - write what opening has left undone
 * @meta: the metadata device, all of it read; its lock is held
 *
 * Before the first write of any kind. In this order, each step with FUA:
 *
 *	1. copies that are damaged; the superblock as it was, but not closed any more
 *	2. each page of which a copy was never one of ours
 *	3. map pages of a growth, and of erases that did not come to their end
 *	4. the slot table: those slots are free, new keys are bound
 *	5. labels of devices that are new; in version 2 of all, for a generation more
 *	6. the superblock that tells of all that
 *
 * Cut short anywhere it begins anew: the superblock of 1 tells of no region, job
 * or device that is not there.
 *
 * Return: 0 or a negative errno.
 */
int meta_begin(struct rekey_meta *meta)
{
	struct rekey_super old = meta->disk_sb;
	int err;

	lockdep_assert_held(&meta->lock);
	if (meta->begun)
		return 0;
	if (!meta_may_write(meta))
		return -EROFS;
	/* what opening gave up, before a map page says so */
	old.stale = meta->sb.stale;
	memcpy(old.stale_place, meta->sb.stale_place, sizeof(old.stale_place));
	err = begin_damaged(meta);
	if (!err && (old.clean || test_bit(0, meta->mend) ||
		     !meta_is_v1(meta)))
		err = begin_super(meta, &old);
	if (!err)
		err = begin_mend(meta);
	if (!err)
		err = begin_map(meta);
	if (!err)
		err = begin_slots(meta);
	if (!err)
		err = begin_labels(meta);
	meta->sb.clean = false;
	meta->sb.labels = false;
	memset(meta->sb.digest, 0, sizeof(meta->sb.digest));
	if (!err && !meta_is_v1(meta))
		err = meta_stamp_digest(meta, meta->pages, true,
					meta->sb.digest);
	if (!err && memcmp(&meta->sb, &meta->disk_sb, sizeof(meta->sb)))
		err = meta_write_super(meta, &meta->sb);
	if (err)
		return err;
	bitmap_zero(meta->mend, meta->pages + 1);
	bitmap_zero(meta->change, meta->pages + 1);
	meta->old_pages = meta->pages;
	meta->begun = true;
	return 0;
}

/**
 * meta_mend() - write again the pages of which a copy is damaged
 * @meta: the metadata device, all of it read; its lock is held
 *
 * Return: 0, also where there are none, or a negative errno.
 */
int meta_mend(struct rekey_meta *meta)
{
	if (meta->begun || bitmap_empty(meta->mend, meta->pages + 1) ||
	    !meta_may_write(meta))
		return 0;
	return meta_begin(meta);
}

/* --- upgrade ------------------------------------------------------------------- */

/**
 * meta_plan_upgrade() - where the metadata are to lie when they are of version 2
 * @meta: the metadata device, its superblock read, its table being loaded
 * @sectors: from where they begin to what lies behind them
 * @error: set to a sentence on failure
 *
 * Nothing of theirs lies where the second places will be. A volume that has version 2
 * already stays as it is.
 *
 * Return: 0 or a negative errno.
 */
int meta_plan_upgrade(struct rekey_meta *meta, sector_t sectors, char **error)
{
	struct rekey_layout layout;
	u32 stride;

	if (!meta_is_v1(meta))
		return 0;
	/* twice as many: behind all that lies there now */
	stride = layout_stride(sectors / META_PAGE_SECTORS,
			       2 * (meta->pages + 1));
	layout = layout_of(2, stride);
	*error = "The metadata have no room for version 2 behind them";
	if (!stride)
		return -ENOSPC;
	meta->upgrade = stride;
	meta->sectors = layout_sectors(&layout, meta->pages + 1);
	return 0;
}

/* One place of all pages, as old as @age says, durable when this returns. */
static int copies_write(struct rekey_meta *meta, struct meta_run *run,
			u32 place)
{
	u64 done;
	int err = 0;

	for (done = 0; !err && done < meta->old_pages; done += run->count) {
		u32 i;

		run->first = 1 + done;
		run->count = min_t(u64, META_RUN, meta->old_pages - done);
		for (i = 0; !err && i < run->count; i++) {
			union rekey_page *page = run->copy[i][place];

			meta_pack(meta, run->first + i, meta->map, page);
			err = meta_finish(meta, run->first + i,
					  &meta->age[done + i], page);
		}
		if (!err) {
			struct bio *bio = run_bio(run, place,
						  REQ_OP_WRITE | REQ_SYNC);

			err = submit_bio_wait(bio);
			bio_uninit(bio);
		}
		cond_resched();
	}
	return meta_wrote(meta, err ?: blkdev_issue_flush(meta->bdev));
}

static int upgrade_copies(struct rekey_meta *meta, struct meta_run *run,
			  u32 place, u64 epoch)
{
	u64 i;

	for (i = 0; i < meta->old_pages; i++)
		meta->age[i] = (struct rekey_age){
			.seq = 2 - place, .stamp = 1, .base = 1, .epoch = epoch,
		};
	return copies_write(meta, run, place);
}

/* A superblock of version 2 in block 0, where the last one was not written. */
static int upgrade_super(struct rekey_meta *meta)
{
	struct rekey_age age = { .seq = meta->sb_seq + 1 };
	int err;

	super_pack(&meta->page->super, &meta->sb);
	err = meta_write(meta, 0, &age, REQ_FUA);
	meta->sb_seq += !err;
	return err;
}

static int upgrade_write(struct rekey_meta *meta, struct meta_run *run)
{
	int err;

	err = upgrade_copies(meta, run, 1, 1);
	if (!err)
		err = upgrade_super(meta);
	/* from here on it is one of version 2 */
	if (!err)
		err = upgrade_copies(meta, run, 0, 2);
	if (!err)
		err = upgrade_super(meta);
	return err;
}

/**
 * meta_upgrade() - version 1 becomes version 2 where it lies
 * @meta: the metadata device, all of it read, with an upgrade planned; its lock is
 *	held
 * @error: set to a sentence on failure
 *
 *	1. what opening has left undone, as before any write of version 1
 *	2. the superblock once more, if its newest copy is not the one in block 1
 *	3. place 1 of all pages, behind all that version 1 has; flush
 *	4. the superblock of version 2 in block 0: of two, a module of version 1 takes
 *	   this newer one, too, and refuses it
 *	5. place 0 of all pages, of which the first is block 1; flush
 *	6. the other superblock
 *
 * Cut short before 4 it is of version 1, and nothing of that was touched. Behind 4 it
 * is a closed one of version 2, whose copies at place 0 are damaged.
 *
 * All is to be read again then.
 *
 * Return: 0 or a negative errno.
 */
int meta_upgrade(struct rekey_meta *meta, char **error)
{
	struct meta_run *run = NULL;
	u64 i;
	int err;

	lockdep_assert_held(&meta->lock);
	*error = "The metadata device cannot be written";
	err = meta_begin(meta);
	if (!err && !(meta->sb_seq & 1))
		err = meta_write_super(meta, &meta->sb);
	if (err)
		return err;
	meta->layout = layout_of(2, meta->upgrade);
	run = run_alloc(meta);
	if (!run) {
		meta->layout = layout_of(1, 0);
		return -ENOMEM;
	}
	for (i = 0; i < meta->pages; i++)
		meta->age[i].stamp = 1;
	meta->sb.version = 2;
	meta->sb.stride = meta->upgrade;
	meta->sb.epoch = 2;
	meta->sb.opened = 0;
	meta->sb.generation = 1;	/* as labels of version 1 have it */
	meta->sb.stale = REKEY_STALE_ANY;
	meta->sb.clean = true;
	err = meta_stamp_digest(meta, meta->pages, false, meta->sb.digest);
	if (!err)
		err = upgrade_write(meta, run);
	run_free(run);
	if (err)
		meta->layout = layout_of(1, 0);
	return err;
}

/* --- another metadata key ------------------------------------------------------- */

/*
 * Closed under the key before; then the superblock says under the new one that pages may
 * still be under the old. Not one that its owner may write from now on: what they hold
 * is in the digest.
 */
static int rotate_begin(struct rekey_meta *meta)
{
	int err;

	err = meta_begin(meta);
	if (!err)
		err = meta_close(meta);
	if (err)
		return err;
	meta->mac = meta->key;
	meta->also = meta->old_key;
	meta->sb.rotating = true;
	err = meta_sb_digest(meta, meta->sb.digest);
	return err ?: meta_write_super(meta, &meta->sb);
}

/* One place of all pages under the new key; the other one is whole meanwhile. */
static int rotate_copies(struct rekey_meta *meta, struct meta_run *run,
			 u32 place)
{
	u64 i;

	for (i = 0; i < meta->old_pages; i++) {
		struct rekey_age *age = &meta->age[i];

		age->seq += (age->seq & 1) == place ? 2 : 1;
		age->base = age->stamp;
		age->epoch = meta->disk_sb.epoch;
	}
	return copies_write(meta, run, place);
}

static int rotate_labels(struct rekey_meta *meta)
{
	int err = 0;
	u32 i;

	for (i = 0; !err && i < REKEY_DEVICES; i++)
		if (meta->label[i].bdev)
			err = meta_write_label(meta, meta->label[i].bdev,
					       meta->label[i].sector, i);
	return meta_wrote(meta, err);
}

static int rotate_write(struct rekey_meta *meta, struct meta_run *run)
{
	int err;

	/* of one that was cut short: then both places of each page are whole */
	err = begin_damaged(meta);
	if (!err)
		err = rotate_copies(meta, run, 0);
	if (!err)
		err = rotate_copies(meta, run, 1);
	if (!err)
		err = rotate_labels(meta);
	if (err)
		return err;
	meta->also = NULL;
	meta->sb.rotating = false;
	err = meta_sb_digest(meta, meta->sb.digest);
	return err ?: meta_write_super(meta, &meta->sb);
}

/**
 * meta_rotate() - the metadata are under another key from now on
 * @meta: the metadata device, all of it read, with both keys, and not in use yet; its
 *	lock is held
 * @error: set to a sentence on failure
 *
 *	1. what opening has left undone, and a close, under the key before
 *	2. the superblock under the new key, both places: pages, and labels, may be under
 *	   the key before, but hold what they do now
 *	3. copies that were cut short, if this goes on with one that was
 *	4. place 0 of all pages, in large writes, and a flush; place 1 of them, and a flush
 *	5. labels
 *	6. the superblock: nothing is under the key before any more
 *
 * Cut short before the first superblock of 2 is complete, it has not begun; behind it,
 * it goes on when the volume is opened with both keys.
 *
 * All is to be read again then.
 *
 * Return: 0 or a negative errno.
 */
int meta_rotate(struct rekey_meta *meta, char **error)
{
	struct meta_run *run;
	int err = 0;

	lockdep_assert_held(&meta->lock);
	*error = "Out of memory";
	run = run_alloc(meta);
	if (!run)
		return -ENOMEM;
	*error = "The metadata device cannot be written";
	if (!meta->sb.rotating)
		err = rotate_begin(meta);
	if (!err)
		err = rotate_write(meta, run);
	run_free(run);
	return err;
}

static void super_any_stale(struct rekey_meta *meta)
{
	if (meta_is_v1(meta))
		return;
	meta->sb.stale = REKEY_STALE_ANY;
	memset(meta->sb.stale_place, 0, sizeof(meta->sb.stale_place));
}

/**
 * meta_write_job() - make a job the one of the superblock
 * @meta: the metadata device; its lock is held
 * @job: REKEY_JOB_NONE: there is none any more; any other will give up places
 *
 * Return: 0 or a negative errno.
 */
int meta_write_job(struct rekey_meta *meta, const struct rekey_job *job)
{
	struct rekey_job old = meta->sb.job;
	int err;

	err = meta_begin(meta);
	if (err)
		return err;
	meta->sb.job = *job;
	if (job->kind != REKEY_JOB_NONE)
		super_any_stale(meta);
	err = meta_write_super(meta, &meta->sb);
	if (err)
		meta->sb.job = old;
	return err;
}

/**
 * meta_any_stale() - any free place may hold what was written once
 * @meta: the metadata device; its lock is held
 *
 * Before the first place is given up: a crash forgets which they are.
 *
 * Return: 0 or a negative errno.
 */
int meta_any_stale(struct rekey_meta *meta)
{
	int err = meta_begin(meta);

	if (err || meta_is_v1(meta) || meta->disk_sb.stale == REKEY_STALE_ANY)
		return err;
	super_any_stale(meta);
	return meta_write_super(meta, &meta->sb);
}

/**
 * meta_write_slot() - a slot has another state, and no key
 * @meta: the metadata device; its lock is held
 * @slot: its number
 * @state: free, or being erased
 *
 * Return: 0 or a negative errno.
 */
int meta_write_slot(struct rekey_meta *meta, u32 slot, u32 state)
{
	struct rekey_slot_info *info = &meta->slot[slot];
	int err;

	err = meta_begin(meta);
	if (err)
		return err;
	WRITE_ONCE(info->state, state);
	info->key_size = 0;
	memset(info->kcv, 0, sizeof(info->kcv));
	return meta_write_page(meta, 1 + slot / REKEY_PAGE_SLOTS, true);
}

/**
 * meta_bind_slot() - a free slot takes a key as its own
 * @meta: the metadata device; its lock is held
 * @slot: its number
 * @key_size: of the key, in bytes
 * @kcv: its check value
 * @now: else with the first write
 *
 * Return: 0 or a negative errno: the slot is free, as it was.
 */
int meta_bind_slot(struct rekey_meta *meta, u32 slot, u32 key_size,
		   const u8 *kcv, bool now)
{
	struct rekey_slot_info *info = &meta->slot[slot];
	u64 number = 1 + slot / REKEY_PAGE_SLOTS;
	int err = 0;

	if (now)
		err = meta_begin(meta);
	if (err)
		return err;
	info->key_size = key_size;
	memcpy(info->kcv, kcv, REKEY_KCV);
	WRITE_ONCE(info->state, REKEY_SLOT_USED);
	if (now)
		err = meta_write_page(meta, number, true);
	else
		set_bit(number, meta->change);
	if (err) {
		WRITE_ONCE(info->state, REKEY_SLOT_FREE);
		memset(info, 0, sizeof(*info));
	}
	return err;
}

/**
 * meta_write_map() - commit one page of the map
 * @meta: the metadata device; its lock is held
 * @index: of the page
 * @entry: its entries
 *
 * The data that the entries tell of must be durable before.
 *
 * Return: 0 or a negative errno.
 */
int meta_write_map(struct rekey_meta *meta, u32 index, const u64 *entry)
{
	u64 number = rekey_page_number(REKEY_PAGE_MAP, index);
	int err;

	err = meta_begin(meta);
	if (err)
		return err;
	map_pack(&meta->page->map, entry,
		 rekey_map_count(meta->regions, index));
	return meta_write_next(meta, number, true, REQ_FUA);
}

/*
 * The copy of a page that is older than the other becomes the same. They may be cut
 * short as they like: the digest holds by now, and tells of the one that counts.
 */
static int close_copies(struct rekey_meta *meta)
{
	unsigned long number;
	int err = 0;

	if (bitmap_empty(meta->differ, meta->pages + 1))
		return 0;
	for_each_set_bit(number, meta->differ, meta->pages + 1) {
		meta_pack(meta, number, meta->map, meta->page);
		err = meta_write_next(meta, number, false, 0);
		if (err)
			return err;
	}
	return meta_wrote(meta, blkdev_issue_flush(meta->bdev));
}

/**
 * meta_close() - close the volume: from here on the digest holds
 * @meta: the metadata device; its lock is held
 *
 * Nothing is written where nothing was.
 *
 * Return: 0 or a negative errno.
 */
int meta_close(struct rekey_meta *meta)
{
	int err;

	if (!meta->begun || !meta_may_write(meta))
		return 0;
	err = meta_stamp_digest(meta, meta->pages, false, meta->sb.digest);
	if (err)
		return err;
	meta->sb.clean = true;
	err = meta_write_super(meta, &meta->sb);
	return err ?: close_copies(meta);
}

/* --- labels of data devices --------------------------------------------------- */

/**
 * meta_add_label() - a label that meta_begin() may have to write
 * @meta: the metadata device, its superblock read; its lock is held
 * @device: number of the data device in the volume
 * @bdev: the data device
 * @sector: where its first region begins
 * @fresh: the volume does not know the device yet
 */
void meta_add_label(struct rekey_meta *meta, u32 device,
		    struct block_device *bdev, sector_t sector, bool fresh)
{
	meta->label[device].bdev = bdev;
	meta->label[device].sector = sector;
	meta->label[device].fresh = fresh;
}

/**
 * meta_read_label() - is this the data device that it should be?
 * @meta: the metadata device, its superblock read; its lock is held
 * @bdev: the data device
 * @sector: where its first region begins
 * @device: its number in the volume
 * @why: set to what is wrong
 *
 * Return: 0 or a negative errno; -ESTALE: it is, but of another time.
 */
int meta_read_label(struct rekey_meta *meta, struct block_device *bdev,
		    sector_t sector, u32 device, const char **why)
{
	u64 generation;
	int err;

	*why = "it cannot be read";
	err = meta_io(bdev, sector, REQ_OP_READ, meta->page);
	if (err)
		return err;
	*why = head_check(&meta->page->head, REKEY_PAGE_LABEL, device,
			  meta->sb.uuid);
	if (!*why)
		*why = meta_verify(meta, meta->page);
	generation = le64_to_cpu(meta->page->head.seq);
	if (*why)
		return -EINVAL;
	if (label_is_current(&meta->sb, generation))
		return 0;
	*why = generation < meta->sb.generation ?
	       "it is older than the metadata: a copy, or left out since" :
	       "it is newer than the metadata: they are a copy";
	return -ESTALE;
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
	head_pack(&page->head, REKEY_PAGE_LABEL, device,
		  meta_is_v1(meta) ? 1 : meta->sb.generation, meta->sb.uuid);
	err = meta_seal(meta, page);
	if (err)
		return err;
	return meta_io(bdev, sector, REQ_OP_WRITE | REQ_SYNC | REQ_FUA, page);
}

/**
 * meta_give_label() - a device that had no label has one from now on
 * @meta: the metadata device; its lock is held
 * @bdev: the data device, whose first place nobody uses
 * @sector: where that begins
 * @device: its number in the volume
 *
 * Opening writes nothing, and neither does this: where nothing was written yet, it is
 * meta_begin() that writes the label.
 *
 * Return: 0 or a negative errno.
 */
int meta_give_label(struct rekey_meta *meta, struct block_device *bdev,
		    sector_t sector, u32 device)
{
	int err;

	if (!meta_may_write(meta))
		return -EROFS;
	if (!meta->begun) {
		meta_add_label(meta, device, bdev, sector, true);
		meta->sb.device[device].label = true;
		return 0;
	}
	err = meta_wrote(meta, meta_write_label(meta, bdev, sector, device));
	if (err)
		return err;
	meta->sb.device[device].label = true;
	return meta_write_super(meta, &meta->sb);
}

/* --- life --------------------------------------------------------------------- */

/**
 * meta_init() - prepare the use of a metadata device
 * @meta: zeroed by the caller
 * @bdev: the device
 * @start: where on it they begin, in sectors of 512 bytes
 * @key: HMAC-SHA256 with the volume's metadata key; belongs to @meta then,
 *	also on failure
 * @old_key: the same with the one before, or NULL
 * @regions: of the volume, as the table has it
 *
 * Where they lie there is known behind meta_lay_out() or meta_read_super().
 *
 * Return: 0 or -ENOMEM; meta_exit() is due either way.
 */
int meta_init(struct rekey_meta *meta, struct block_device *bdev,
	      sector_t start, struct crypto_shash *key,
	      struct crypto_shash *old_key, u64 regions)
{
	mutex_init(&meta->lock);
	meta->bdev = bdev;
	meta->start = start;
	meta->mac = key;
	meta->key = key;
	meta->old_key = old_key;
	meta->pages = rekey_pages(regions) - 1;
	meta->page = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 1);
	if (!meta->page)
		return -ENOMEM;
	meta->age = kvcalloc(meta->pages, sizeof(*meta->age), GFP_KERNEL);
	meta->mend = kvcalloc(BITS_TO_LONGS(meta->pages + 1), sizeof(long),
			      GFP_KERNEL);
	meta->change = kvcalloc(BITS_TO_LONGS(meta->pages + 1), sizeof(long),
				GFP_KERNEL);
	meta->differ = kvcalloc(BITS_TO_LONGS(meta->pages + 1), sizeof(long),
				GFP_KERNEL);
	return meta->age && meta->mend && meta->change && meta->differ ?
	       0 : -ENOMEM;
}

/**
 * meta_exit() - undo meta_init()
 * @meta: the metadata device
 */
void meta_exit(struct rekey_meta *meta)
{
	kvfree(meta->differ);
	kvfree(meta->change);
	kvfree(meta->mend);
	kvfree(meta->age);
	free_pages((unsigned long)meta->page, 1);
	if (meta->old_key)
		crypto_free_shash(meta->old_key);
	crypto_free_shash(meta->key);
	mutex_destroy(&meta->lock);
}
