// SPDX-License-Identifier: GPL-2.0
/*
 * Hibernation: see hibernate.h. In two steps.
 *
 * At PM_HIBERNATION_PREPARE the mover stops. File systems are synchronised behind
 * that, and pages swapped out to make room for the image, which may need first
 * writes: so the map is not frozen yet. A hibernation that would need one behind
 * the snapshot, as swap lies on regions that were never written, is refused here,
 * where a sentence can be told.
 *
 * When devices are prepared (dev_pm_ops.prepare), all tasks are frozen and all disks
 * still work: changes that are under way come to their end, and none begins any more.
 * What is asked for nevertheless fails, so the image cannot be written where it
 * would change a map. In-place writes, such as the image itself on swap that was
 * written before, go on.
 *
 * Both end with the hibernation, in whichever kernel that is: the notifier is called
 * in the one that was resumed.
 */
#include <linux/device-mapper.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/suspend.h>
#include <linux/swap.h>

#include "change.h"
#include "hibernate.h"
#include "move.h"

#define DM_MSG_PREFIX "rekey"

/* Set before volumes are looked for, and read by one behind its being found. */
static bool hibernate_halts, hibernate_freezes;

/* At the end of a swap area's first page. */
static const char swap_magic[] = "SWAPSPACE2";

static void each_volume(void (*what)(struct rekey_volume *v))
{
	struct rekey_volume *v;
	u64 serial;

	for (v = volume_next(0); v; v = volume_next(serial)) {
		serial = v->serial;
		what(v);
		volume_put(v);
	}
}

static void hibernate_halt(struct rekey_volume *v)
{
	WRITE_ONCE(v->halted, true);
	mover_stop(v);
}

/* A change that begins sees @frozen, or is waited for; see change_new(). */
static void hibernate_freeze(struct rekey_volume *v)
{
	WRITE_ONCE(v->frozen, true);
	smp_mb();	/* pairs with that of change_new() */
	hibernate_halt(v);
	changes_wait(v);
	WRITE_ONCE(v->meta.frozen, true);
}

static void hibernate_thaw(struct rekey_volume *v)
{
	WRITE_ONCE(v->meta.frozen, false);
	WRITE_ONCE(v->frozen, false);
	WRITE_ONCE(v->halted, false);
	volume_kick(v);
}

/**
 * hibernate_join() - a volume that is opened while a hibernation is under way
 * @v: just shown, and nothing has begun to change
 *
 * Either this or who goes through all volumes has the last word.
 */
void hibernate_join(struct rekey_volume *v)
{
	bool halts, freezes;

	do {
		halts = READ_ONCE(hibernate_halts);
		freezes = READ_ONCE(hibernate_freezes);
		WRITE_ONCE(v->halted, halts);
		WRITE_ONCE(v->frozen, freezes);
		WRITE_ONCE(v->meta.frozen, freezes);
		smp_mb();	/* before it is looked whether they changed */
	} while (halts != READ_ONCE(hibernate_halts) ||
		 freezes != READ_ONCE(hibernate_freezes));
}

/* --- swap ----------------------------------------------------------------------------- */

static int first_page_read(struct block_device *bdev, sector_t sector,
			   struct page *page)
{
	struct bio_vec vec;
	struct bio bio;
	int err;

	bio_init(&bio, bdev, &vec, 1, REQ_OP_READ);
	bio.bi_iter.bi_sector = sector;
	__bio_add_page(&bio, page, PAGE_SIZE, 0);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

static int first_page_decrypt(struct rekey_volume *v, struct rekey_key *key,
			      struct page *page)
{
	struct cipher_job *job = kzalloc(cipher_job_size(&v->cipher),
					 GFP_KERNEL);
	u32 size = v->cipher.sector_size, off;
	DECLARE_CRYPTO_WAIT(wait);
	int err = 0;

	if (!job)
		return -ENOMEM;
	cipher_job_init(job);
	skcipher_request_set_tfm(&job->req, key->tfm);
	skcipher_request_set_callback(&job->req, CRYPTO_TFM_REQ_MAY_BACKLOG |
				      CRYPTO_TFM_REQ_MAY_SLEEP,
				      crypto_req_done, &wait);
	for (off = 0; !err && off < PAGE_SIZE; off += size) {
		struct bio_vec at = {
			.bv_page = page,
			.bv_offset = off,
			.bv_len = size,
		};

		cipher_sector(&v->cipher, job, off >> SECTOR_SHIFT, &at, &at);
		err = crypto_wait_req(crypto_skcipher_decrypt(&job->req),
				      &wait);
	}
	kfree_sensitive(job);
	return err;
}

/* Sectors of the volume that are a swap area; 0: it is none that is known. */
static u64 swap_sectors(struct rekey_volume *v)
{
	struct map_user user = { .region = 0 };
	union swap_header *header;
	struct page *page;
	u64 sectors = 0;

	page = alloc_page(GFP_KERNEL);
	if (!page)
		return v->ti->len;	/* it may be one */
	header = page_address(page);
	if (map_enter(&v->map, &user, NULL) == MAP_ENTERED) {
		if (!first_page_read(place_bdev(&v->places, user.entry),
				     place_sector(&v->places, user.entry),
				     page) &&
		    !first_page_decrypt(v, user.key, page) &&
		    !memcmp(header->magic.magic, swap_magic,
			    sizeof(header->magic.magic)))
			sectors = ((u64)header->info.last_page + 1) <<
				  (PAGE_SHIFT - SECTOR_SHIFT);
		map_leave(&v->map, &user);
	}
	memzero_page(page, 0, PAGE_SIZE);
	__free_page(page);
	return min_t(u64, sectors, v->ti->len);
}

/* A page of the image that comes to a region without a place needs one. */
static bool swap_needs_places(struct rekey_volume *v)
{
	u64 sectors = swap_sectors(v), i;

	for (i = 0; i << v->region_shift < sectors; i++) {
		if (!entry_written(READ_ONCE(v->map.entry[i]))) {
			DMERR("%s: hibernation refused: swap lies on regions never written",
			      volume_name(v));
			DMERR("%s: region %llu is one: write all of the volume before mkswap",
			      volume_name(v), i);
			return true;
		}
		cond_resched();
	}
	return false;
}

/* --- what the kernel tells ------------------------------------------------------------- */

static bool hibernate_must_not(void)
{
	struct rekey_volume *v;
	bool refused = false;
	u64 serial;

	for (v = volume_next(0); v && !refused; v = volume_next(serial)) {
		serial = v->serial;
		refused = swap_needs_places(v);
		volume_put(v);
	}
	if (v)
		volume_put(v);
	return refused;
}

static void hibernate_end(void)
{
	WRITE_ONCE(hibernate_freezes, false);
	WRITE_ONCE(hibernate_halts, false);
	smp_mb();	/* pairs with that of hibernate_join() */
	each_volume(hibernate_thaw);
}

static int hibernate_notify(struct notifier_block *nb, unsigned long event,
			    void *data)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		WRITE_ONCE(hibernate_halts, true);
		smp_mb();	/* pairs with that of hibernate_join() */
		each_volume(hibernate_halt);
		if (event == PM_RESTORE_PREPARE || !hibernate_must_not())
			break;
		hibernate_end();
		return notifier_from_errno(-EBUSY);
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		hibernate_end();
	}
	return NOTIFY_OK;
}

static struct notifier_block hibernate_nb = {
	.notifier_call = hibernate_notify,
};

/* All tasks are frozen, all devices work. Of a suspend to RAM, too: no matter. */
static int hibernate_prepare(struct device *dev)
{
	if (!READ_ONCE(hibernate_halts))
		return 0;
	WRITE_ONCE(hibernate_freezes, true);
	smp_mb();	/* pairs with that of hibernate_join() */
	each_volume(hibernate_freeze);
	return 0;
}

static const struct dev_pm_ops hibernate_pm_ops = {
	.prepare = hibernate_prepare,
};

static struct platform_driver hibernate_driver = {
	.driver = {
		.name = "dm-rekey",
		.pm = &hibernate_pm_ops,
	},
};

/* There is for the sake of its prepare(). */
static struct platform_device *hibernate_device;

/**
 * hibernate_init() - be told of hibernations
 *
 * Return: 0 or a negative errno.
 */
int __init hibernate_init(void)
{
	int err = platform_driver_register(&hibernate_driver);

	if (err)
		return err;
	hibernate_device = platform_device_register_simple("dm-rekey",
							   PLATFORM_DEVID_NONE,
							   NULL, 0);
	if (IS_ERR(hibernate_device)) {
		err = PTR_ERR(hibernate_device);
		goto err_driver;
	}
	err = register_pm_notifier(&hibernate_nb);
	if (!err)
		return 0;
	platform_device_unregister(hibernate_device);
err_driver:
	platform_driver_unregister(&hibernate_driver);
	return err;
}

/**
 * hibernate_exit() - undo hibernate_init()
 */
void hibernate_exit(void)
{
	unregister_pm_notifier(&hibernate_nb);
	platform_device_unregister(hibernate_device);
	platform_driver_unregister(&hibernate_driver);
}
