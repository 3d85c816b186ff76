// SPDX-License-Identifier: GPL-2.0
/*
 * Lanes: each copies one region at a time, in pieces that stay in the cache.
 * Some are for writers that wait for a region's first write, the others for
 * the mover. Their memory is there from the start.
 *
 * A writer that waits for a region should not have to wait for the other
 * regions that are in motion beside it. So between two pieces a lane of the
 * mover gives way to one whose region has a writer, unless its own has, too: its
 * work returns, and is queued again when a region is committed. It never sleeps
 * for another lane, which may be queued behind it.
 */
#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/highmem.h>
#include <linux/slab.h>

#include "change.h"
#include "move.h"
#include "slot.h"

#define DM_MSG_PREFIX "rekey"

#define LANE_SECTORS	(REKEY_LANE_PAGES * (PAGE_SIZE >> SECTOR_SHIFT))

struct rekey_lane {
	struct rekey_volume *v;
	struct work_struct work;
	struct list_head *queue;
	struct rekey_change *change;	/* in the lane; the volume's @lock */
	bool parked;		/* gave way to another lane; the same */
	u32 off;		/* sectors of the region that are copied */
	struct rekey_key *key[2];	/* held until the change is ready */
	struct crypto_wait wait;
	struct cipher_job *job;
	struct bio_vec vec[REKEY_LANE_PAGES];
	struct page *page[REKEY_LANE_PAGES];
};

static bool lane_is_mover(u32 i)
{
	return i >= REKEY_LANES_IO;
}

/* --- one piece ---------------------------------------------------------------- */

static int lane_io(struct rekey_lane *lane, struct block_device *bdev,
		   sector_t sector, blk_opf_t opf, u32 sectors)
{
	u32 left = sectors << SECTOR_SHIFT, len, i;
	struct bio bio;
	int err;

	bio_init(&bio, bdev, lane->vec, REKEY_LANE_PAGES, opf);
	bio.bi_iter.bi_sector = sector;
	for (i = 0; left; i++, left -= len) {
		len = min_t(u32, left, PAGE_SIZE);
		__bio_add_page(&bio, lane->page[i], len, 0);
	}
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

static int lane_crypt_sector(struct rekey_lane *lane, struct rekey_key *key,
			     u64 sector, struct bio_vec *at, bool encrypt)
{
	struct skcipher_request *req = &lane->job->req;

	skcipher_request_set_tfm(req, key->tfm);
	cipher_sector(&lane->v->cipher, lane->job, sector, at, at);
	return crypto_wait_req(encrypt ? crypto_skcipher_encrypt(req) :
			       crypto_skcipher_decrypt(req), &lane->wait);
}

/* From one key to the other; no @from: what is there is plain. */
static int lane_crypt(struct rekey_lane *lane, struct rekey_key *from,
		      struct rekey_key *to, u64 sector, u32 sectors)
{
	u32 size = lane->v->cipher.sector_size, off;
	int err = 0;

	for (off = 0; !err && off < sectors << SECTOR_SHIFT; off += size) {
		struct bio_vec at = {
			.bv_page = lane->page[off / PAGE_SIZE],
			.bv_offset = off % PAGE_SIZE,
			.bv_len = size,
		};
		u64 n = sector + (off >> SECTOR_SHIFT);

		if (from)
			err = lane_crypt_sector(lane, from, n, &at, false);
		if (!err)
			err = lane_crypt_sector(lane, to, n, &at, true);
	}
	return err;
}

static void lane_clear(struct rekey_lane *lane)
{
	u32 i;

	for (i = 0; i < REKEY_LANE_PAGES; i++)
		clear_highpage(lane->page[i]);
}

/* --- one region ----------------------------------------------------------------- */

static int lane_copy_piece(struct rekey_lane *lane, struct rekey_change *change,
			   struct rekey_key *from, struct rekey_key *to,
			   u32 off, u32 sectors)
{
	struct rekey_volume *v = lane->v;
	u64 sector = (change->region << v->region_shift) + off;
	const char *what = "read";
	int err = 0;

	if (change->kind == CHANGE_MOVE)
		err = lane_io(lane, entry_bdev(v, change->old),
			      entry_sector(v, change->old) + off, REQ_OP_READ,
			      sectors);
	else
		lane_clear(lane);
	if (!err && to) {
		what = "encrypted";
		err = lane_crypt(lane, from, to, sector, sectors);
		if (err)
			lane_clear(lane);	/* half of it may be plain */
	}
	if (!err) {
		what = "written";
		err = lane_io(lane, entry_bdev(v, change->new),
			      entry_sector(v, change->new) + off, REQ_OP_WRITE,
			      sectors);
	}
	if (err)
		DMERR_LIMIT("%s: region %llu: sector %llu cannot be %s: %d",
			    volume_name(v), change->region, sector, what, err);
	return err;
}

/* A hint: who comes to wait at this moment is seen a piece later. */
static bool change_has_writer(const struct rekey_change *change)
{
	return change && READ_ONCE(change->bios.head);
}

/* Has another lane of the mover's more to hurry? Then this one is parked. */
static bool lane_parks(struct rekey_lane *lane)
{
	struct rekey_volume *v = lane->v;
	u32 i;

	if (!lane->change->mover || change_has_writer(lane->change))
		return false;
	spin_lock_irq(&v->lock);
	for (i = REKEY_LANES_IO; i < REKEY_LANES && !lane->parked; i++)
		lane->parked = change_has_writer(v->lane[i]->change);
	spin_unlock_irq(&v->lock);
	return lane->parked;
}

/* Goes on where it was. It is not through if the lane is parked. */
static int lane_copy(struct rekey_lane *lane, struct rekey_change *change,
		     struct rekey_key *from, struct rekey_key *to)
{
	u32 length = region_length(lane->v, change->region), n;
	int err = 0;

	for (; !err && lane->off < length; lane->off += n) {
		if (lane_parks(lane))
			break;
		n = min_t(u32, length - lane->off, LANE_SECTORS);
		err = lane_copy_piece(lane, change, from, to, lane->off, n);
	}
	return err;
}

static int lane_move(struct rekey_lane *lane, struct rekey_change *change)
{
	u32 from = entry_slot(change->old), to = entry_slot(change->new);

	/* the same slot: ciphertext is as good at another place */
	if (from == to)
		return lane_copy(lane, change, NULL, NULL);
	if (!lane->key[0])
		lane->key[0] = slot_get_key(lane->v, from);
	if (!lane->key[1])
		lane->key[1] = slot_get_key(lane->v, to);
	if (!lane->key[0] || !lane->key[1])
		return -ENOKEY;
	return lane_copy(lane, change, lane->key[0], lane->key[1]);
}

static bool try_place(struct rekey_volume *v, struct rekey_change *change,
		      bool *found)
{
	/* in this order: what is given up in between is found */
	bool hope = atomic_read(&v->freeing);

	*found = place_get(v, entry_slot(change->old), REKEY_DEVICES, 0, false,
			   &change->new);
	return *found || !hope;
}

/* A place for a region's first write; waits while one may become free. */
static int lane_find_place(struct rekey_volume *v, struct rekey_change *change)
{
	bool found;

	if (!try_place(v, change, &found)) {
		atomic_inc(&v->starved);
		wait_event(v->change_wait, try_place(v, change, &found));
		atomic_dec(&v->starved);
		mover_kick(v);
	}
	if (found)
		return 0;
	DMERR_LIMIT("%s: region %llu: no place is free for its first write",
		    volume_name(v), change->region);
	return -ENOSPC;
}

static int lane_zero(struct rekey_lane *lane, struct rekey_change *change)
{
	struct rekey_key *key;
	int err;

	key = slot_get_key(lane->v, entry_slot(change->old));
	if (!key) {
		DMERR_LIMIT("%s: region %llu: the key of slot %u is not loaded",
			    volume_name(lane->v), change->region,
			    entry_slot(change->old));
		return -EIO;
	}
	lane->key[0] = key;
	err = lane_find_place(lane->v, change);
	return err ?: lane_copy(lane, change, NULL, key);
}

/* The change that was parked, or the next one of the queue. */
static struct rekey_change *lane_next(struct rekey_lane *lane)
{
	struct rekey_volume *v = lane->v;
	struct rekey_change *change;

	spin_lock_irq(&v->lock);
	lane->parked = false;
	change = lane->change;
	if (!change) {
		change = list_first_entry_or_null(lane->queue,
						  struct rekey_change, node);
		if (change)
			list_del(&change->node);
		lane->change = change;
		lane->off = 0;
	}
	spin_unlock_irq(&v->lock);
	return change;
}

/*
 * The keys are put when the change is with the committer: who evicts a key has
 * nothing but that to wait for.
 */
static void lane_put_keys(struct rekey_lane *lane)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lane->key); i++) {
		if (lane->key[i])
			slot_put_key(lane->key[i]);
		lane->key[i] = NULL;
	}
}

/* The region is through: it goes to the committer, which lets others go on. */
static void lane_leave(struct rekey_lane *lane)
{
	spin_lock_irq(&lane->v->lock);
	lane->change = NULL;
	spin_unlock_irq(&lane->v->lock);
}

/**
 * lanes_go_on() - lanes that gave way to a region that is committed now
 * @v: the volume
 *
 * In the committer: not before, as the writer waits for the commit, too.
 */
void lanes_go_on(struct rekey_volume *v)
{
	DECLARE_BITMAP(parked, REKEY_LANES) = { 0 };
	u32 i;

	spin_lock_irq(&v->lock);
	for (i = 0; i < REKEY_LANES; i++)
		if (v->lane[i]->parked)
			__set_bit(i, parked);
	spin_unlock_irq(&v->lock);
	for_each_set_bit(i, parked, REKEY_LANES)
		queue_work(v->copy_wq, &v->lane[i]->work);
}

static int lane_run(struct rekey_lane *lane, struct rekey_change *change)
{
	if (READ_ONCE(lane->v->failed))
		return -EROFS;
	return change->kind == CHANGE_MOVE ? lane_move(lane, change) :
	       lane_zero(lane, change);
}

static void lane_work(struct work_struct *work)
{
	struct rekey_lane *lane = container_of(work, struct rekey_lane, work);
	struct rekey_change *change;
	int err;

	while ((change = lane_next(lane))) {
		err = lane_run(lane, change);
		if (lane->parked)
			return;		/* lanes_go_on() queues it again */
		change->err = err;
		lane_leave(lane);
		change_ready(lane->v, change);
		lane_put_keys(lane);
	}
}

/**
 * lane_queue() - have a region copied
 * @v: the volume
 * @change: a CHANGE_ZERO or CHANGE_MOVE; change_ready() follows
 *
 * Any context.
 */
void lane_queue(struct rekey_volume *v, struct rekey_change *change)
{
	unsigned long flags;
	u32 i;

	spin_lock_irqsave(&v->lock, flags);
	list_add_tail(&change->node, &v->queue[change->mover]);
	spin_unlock_irqrestore(&v->lock, flags);
	/* the first one that has time takes it */
	for (i = 0; i < REKEY_LANES; i++)
		if (lane_is_mover(i) == change->mover)
			queue_work(v->copy_wq, &v->lane[i]->work);
}

/* --- life --------------------------------------------------------------------- */

static void lane_free(struct rekey_lane *lane)
{
	u32 i;

	if (!lane)
		return;
	for (i = 0; i < REKEY_LANE_PAGES; i++)
		if (lane->page[i])
			__free_page(lane->page[i]);
	kfree_sensitive(lane->job);
	kfree(lane);
}

static struct rekey_lane *lane_alloc(struct rekey_volume *v,
				     struct list_head *queue)
{
	struct rekey_lane *lane = kzalloc(sizeof(*lane), GFP_KERNEL);
	u32 i;

	if (!lane)
		return NULL;
	lane->v = v;
	lane->queue = queue;
	INIT_WORK(&lane->work, lane_work);
	crypto_init_wait(&lane->wait);
	lane->job = kzalloc(cipher_job_size(&v->cipher), GFP_KERNEL);
	if (!lane->job)
		goto err;
	cipher_job_init(lane->job);
	skcipher_request_set_callback(&lane->job->req,
				      CRYPTO_TFM_REQ_MAY_BACKLOG |
				      CRYPTO_TFM_REQ_MAY_SLEEP,
				      crypto_req_done, &lane->wait);
	for (i = 0; i < REKEY_LANE_PAGES; i++) {
		lane->page[i] = alloc_page(GFP_KERNEL);
		if (!lane->page[i])
			goto err;
	}
	return lane;
err:
	lane_free(lane);
	return NULL;
}

/**
 * lanes_alloc() - lanes, with all the memory that they will need
 * @v: with its cipher
 *
 * Return: 0 or -ENOMEM; lanes_free() is due either way.
 */
int lanes_alloc(struct rekey_volume *v)
{
	u32 i;

	for (i = 0; i < REKEY_LANES; i++) {
		v->lane[i] = lane_alloc(v, &v->queue[lane_is_mover(i)]);
		if (!v->lane[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * lanes_free() - undo lanes_alloc()
 * @v: without changes, its queues gone
 */
void lanes_free(struct rekey_volume *v)
{
	u32 i;

	for (i = 0; i < REKEY_LANES; i++)
		lane_free(v->lane[i]);
}
