// SPDX-License-Identifier: GPL-2.0
/*
 * Copiers: see copy.h.
 *
 * A writer that waits for a region should not have to wait for the other
 * regions that are in motion beside it. So between two pieces a copier of the
 * mover gives way to one whose region has a writer, unless its own has, too: its
 * work returns, and is queued again when a region is committed. It never sleeps
 * for another one, which may be queued behind it.
 */
#include <linux/highmem.h>
#include <linux/ioprio.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "copy.h"

#define COPY_PAGES	64
#define COPY_SECTORS	(COPY_PAGES * (PAGE_SIZE >> SECTOR_SHIFT))

struct rekey_copier {
	struct rekey_copiers *copiers;
	struct work_struct work;
	bool mover;
	struct rekey_copy *copy;	/* under way; the copiers' @lock */
	bool parked;			/* gave way to another one; the same */
	u32 off;			/* sectors of the region that are copied */
	struct bio *bio;		/* of a first write, in part */
	struct bvec_iter iter;		/* what is left of it */
	struct crypto_wait wait;
	struct cipher_job *job;
	struct bio_vec vec[COPY_PAGES];
	struct page *page[COPY_PAGES];
};

/* --- one piece ---------------------------------------------------------------- */

static int copier_io(struct rekey_copier *c, struct block_device *bdev,
		     sector_t sector, blk_opf_t opf, u32 sectors)
{
	u32 left = sectors << SECTOR_SHIFT, len, i;
	struct bio bio;
	int err;

	bio_init(&bio, bdev, c->vec, COPY_PAGES, opf);
	/* not that of the idle: a writer may come to wait for it */
	if (c->mover)
		bio.bi_ioprio = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE,
						  IOPRIO_NR_LEVELS - 1);
	bio.bi_iter.bi_sector = sector;
	for (i = 0; left; i++, left -= len) {
		len = min_t(u32, left, PAGE_SIZE);
		__bio_add_page(&bio, c->page[i], len, 0);
	}
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}

static int crypt_sector(struct rekey_copier *c, struct rekey_key *key,
			u64 sector, const struct bio_vec *in,
			const struct bio_vec *out, bool encrypt)
{
	struct skcipher_request *req = &c->job->req;

	skcipher_request_set_tfm(req, key->tfm);
	cipher_sector(c->copiers->cipher, c->job, sector, in, out);
	return crypto_wait_req(encrypt ? crypto_skcipher_encrypt(req) :
			       crypto_skcipher_decrypt(req), &c->wait);
}

/* Byte @off of the piece. */
static struct bio_vec piece_vec(const struct rekey_copier *c, u32 off)
{
	return (struct bio_vec) {
		.bv_page = c->page[off / PAGE_SIZE],
		.bv_offset = off % PAGE_SIZE,
		.bv_len = c->copiers->cipher->sector_size,
	};
}

static void piece_clear(struct rekey_copier *c)
{
	u32 i;

	for (i = 0; i < COPY_PAGES; i++)
		clear_highpage(c->page[i]);
}

/* What was read of the old place: from one key to the other. */
static int piece_recrypt(struct rekey_copier *c, struct rekey_copy *copy,
			 u32 sectors)
{
	u32 size = c->copiers->cipher->sector_size, off;
	int err = 0;

	for (off = 0; !err && off < sectors << SECTOR_SHIFT; off += size) {
		struct bio_vec at = piece_vec(c, off);
		u64 n = copy->sector + c->off + (off >> SECTOR_SHIFT);

		err = crypt_sector(c, copy->key[0], n, &at, &at, false);
		if (!err)
			err = crypt_sector(c, copy->key[1], n, &at, &at, true);
	}
	return err;
}

/* The next sector of the bio at hand goes to @out. */
static int piece_from_bio(struct rekey_copier *c, struct rekey_copy *copy,
			  u64 sector, const struct bio_vec *out)
{
	u32 size = c->copiers->cipher->sector_size;
	struct bio_vec in = bio_iter_iovec(c->bio, c->iter);
	int err;

	/* the queue's limits say that it does not happen */
	if (unlikely(in.bv_len & (size - 1)))
		return -EIO;
	err = crypt_sector(c, copy->key[1], sector, &in, out, true);
	bio_advance_iter_single(c->bio, &c->iter, size);
	if (!c->iter.bi_size)
		c->bio = NULL;
	return err;
}

/* A sector that nobody wrote. */
static int piece_zero(struct rekey_copier *c, struct rekey_copy *copy,
		      u64 sector, const struct bio_vec *out)
{
	memzero_page(out->bv_page, out->bv_offset, out->bv_len);
	return crypt_sector(c, copy->key[1], sector, out, out, true);
}

/* From the bios that wait, and zeros between them. */
static int piece_fill(struct rekey_copier *c, struct rekey_copy *copy,
		      u32 sectors)
{
	u32 step = c->copiers->cipher->sector_size >> SECTOR_SHIFT;
	u32 off, gap = 0;
	int err = 0;

	for (off = 0; !err && off < sectors; off += step) {
		u64 n = copy->sector + c->off + off;
		struct bio_vec out = piece_vec(c, off << SECTOR_SHIFT);

		if (!c->bio && !gap) {
			gap = copy->sectors - c->off - off;
			c->bio = copy->take(copy, c->off + off, &gap);
			if (c->bio) {
				c->iter = c->bio->bi_iter;
				bio_list_add(&copy->filled, c->bio);
				gap = 0;
			}
		}
		if (c->bio) {
			err = piece_from_bio(c, copy, n, &out);
		} else {
			err = piece_zero(c, copy, n, &out);
			gap -= min(gap, step);
		}
	}
	return err;
}

/*
 * What is zero already is not written: a thin disk has nothing there, and would take
 * room for it. What cannot be read may be written.
 */
static bool piece_is_zero(struct rekey_copier *c, struct rekey_copy *copy,
			  u32 sectors)
{
	u32 left = sectors << SECTOR_SHIFT, len, i;
	bool zero = true;

	if (copier_io(c, copy->to, copy->to_sector + c->off, REQ_OP_READ,
		      sectors))
		return false;
	for (i = 0; zero && left; i++, left -= len) {
		void *page = kmap_local_page(c->page[i]);

		len = min_t(u32, left, PAGE_SIZE);
		zero = !memchr_inv(page, 0, len);
		kunmap_local(page);
	}
	return zero;
}

static int copier_piece(struct rekey_copier *c, struct rekey_copy *copy,
			u32 sectors)
{
	bool zero = c->off >= copy->sectors;
	int err = 0;

	if (zero) {
		if (piece_is_zero(c, copy, sectors))
			return 0;
		piece_clear(c);
	}
	if (copy->from && !zero) {
		copy->step = COPY_READ;
		err = copier_io(c, copy->from, copy->from_sector + c->off,
				REQ_OP_READ, sectors);
	}
	if (!err && copy->key[1] && !zero) {
		copy->step = COPY_ENCRYPT;
		err = copy->from ? piece_recrypt(c, copy, sectors) :
		      piece_fill(c, copy, sectors);
		if (err)
			piece_clear(c);		/* half of it may be plain */
	}
	if (!err) {
		copy->step = COPY_WRITE;
		err = copier_io(c, copy->to, copy->to_sector + c->off,
				REQ_OP_WRITE, sectors);
	}
	if (err)
		copy->bad = copy->sector + c->off;
	return err;
}

/* --- one region ----------------------------------------------------------------- */

static bool copy_is_hurried(const struct rekey_copy *copy)
{
	return copy && copy->hurried(copy);
}

/* Has another copier of the mover's more to hurry? Then this one is parked. */
static bool copier_parks(struct rekey_copier *c)
{
	struct rekey_copiers *copiers = c->copiers;
	u32 i;

	if (!c->mover || copy_is_hurried(c->copy))
		return false;
	spin_lock_irq(&copiers->lock);
	for (i = COPIERS_IO; i < COPIERS && !c->parked; i++)
		c->parked = copy_is_hurried(copiers->copier[i]->copy);
	spin_unlock_irq(&copiers->lock);
	return c->parked;
}

/* Goes on where it was. It is not through if the copier is parked. */
static int copier_run(struct rekey_copier *c, struct rekey_copy *copy)
{
	int err = 0;
	u32 end, n;

	for (; !err && c->off < copy->room; c->off += n) {
		if (copier_parks(c))
			break;
		end = c->off < copy->sectors ? copy->sectors : copy->room;
		n = min_t(u32, end - c->off, COPY_SECTORS);
		err = copier_piece(c, copy, n);
	}
	return err;
}

/* The region that was parked, or the next one of the queue. */
static struct rekey_copy *copier_next(struct rekey_copier *c)
{
	struct rekey_copiers *copiers = c->copiers;
	struct rekey_copy *copy;

	spin_lock_irq(&copiers->lock);
	c->parked = false;
	copy = c->copy;
	if (!copy) {
		copy = list_first_entry_or_null(&copiers->queue[c->mover],
						struct rekey_copy, node);
		if (copy)
			list_del(&copy->node);
		c->copy = copy;
		c->off = 0;
		c->bio = NULL;
	}
	spin_unlock_irq(&copiers->lock);
	return copy;
}

static void copier_work(struct work_struct *work)
{
	struct rekey_copier *c = container_of(work, struct rekey_copier, work);
	struct rekey_copy *copy;
	int err;

	while ((copy = copier_next(c))) {
		err = copier_run(c, copy);
		if (c->parked)
			return;		/* copiers_go_on() queues it again */
		spin_lock_irq(&c->copiers->lock);
		c->copy = NULL;
		spin_unlock_irq(&c->copiers->lock);
		copy->done(copy, err);
	}
}

/**
 * copiers_go_on() - those that gave way to a region that is committed now
 * @copiers: of the volume
 *
 * In the committer: not before, as the writer waits for the commit, too.
 */
void copiers_go_on(struct rekey_copiers *copiers)
{
	u32 i;

	spin_lock_irq(&copiers->lock);
	for (i = 0; i < COPIERS; i++)
		if (copiers->copier[i]->parked)
			queue_work(copiers->wq, &copiers->copier[i]->work);
	spin_unlock_irq(&copiers->lock);
}

/**
 * copy_start() - have a region copied
 * @copiers: of the volume
 * @copy: what and where; its keys stay the caller's
 *
 * Any context. @copy's done() follows.
 */
void copy_start(struct rekey_copiers *copiers, struct rekey_copy *copy)
{
	unsigned long flags;
	u32 i;

	bio_list_init(&copy->filled);
	spin_lock_irqsave(&copiers->lock, flags);
	list_add_tail(&copy->node, &copiers->queue[copy->mover]);
	/* the first one that has time takes it */
	for (i = 0; i < COPIERS; i++)
		if (copiers->copier[i]->mover == copy->mover)
			queue_work(copiers->wq, &copiers->copier[i]->work);
	spin_unlock_irqrestore(&copiers->lock, flags);
}

/* --- life --------------------------------------------------------------------- */

static void copier_free(struct rekey_copier *c)
{
	u32 i;

	if (!c)
		return;
	for (i = 0; i < COPY_PAGES; i++)
		if (c->page[i])
			__free_page(c->page[i]);
	kfree_sensitive(c->job);
	kfree(c);
}

static struct rekey_copier *copier_alloc(struct rekey_copiers *copiers,
					 bool mover)
{
	struct rekey_copier *c = kzalloc(sizeof(*c), GFP_KERNEL);
	u32 i;

	if (!c)
		return NULL;
	c->copiers = copiers;
	c->mover = mover;
	INIT_WORK(&c->work, copier_work);
	crypto_init_wait(&c->wait);
	c->job = kzalloc(cipher_job_size(copiers->cipher), GFP_KERNEL);
	if (!c->job)
		goto err;
	cipher_job_init(c->job);
	skcipher_request_set_callback(&c->job->req,
				      CRYPTO_TFM_REQ_MAY_BACKLOG |
				      CRYPTO_TFM_REQ_MAY_SLEEP,
				      crypto_req_done, &c->wait);
	for (i = 0; i < COPY_PAGES; i++) {
		c->page[i] = alloc_page(GFP_KERNEL);
		if (!c->page[i])
			goto err;
	}
	return c;
err:
	copier_free(c);
	return NULL;
}

/**
 * copiers_init() - copiers, with all the memory that they will need
 * @copiers: zeroed by the caller
 * @cipher: of the volume
 * @name: of the volume
 *
 * Return: 0 or -ENOMEM; copiers_exit() is due either way.
 */
int copiers_init(struct rekey_copiers *copiers,
		 const struct rekey_cipher *cipher, const char *name)
{
	u32 i;

	copiers->cipher = cipher;
	spin_lock_init(&copiers->lock);
	INIT_LIST_HEAD(&copiers->queue[0]);
	INIT_LIST_HEAD(&copiers->queue[1]);
	copiers->wq = alloc_workqueue("rekey_copy/%s", WQ_MEM_RECLAIM |
				      WQ_UNBOUND, 0, name);
	if (!copiers->wq)
		return -ENOMEM;
	for (i = 0; i < COPIERS; i++) {
		copiers->copier[i] = copier_alloc(copiers, i >= COPIERS_IO);
		if (!copiers->copier[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * copiers_exit() - undo copiers_init()
 * @copiers: without a copy under way
 */
void copiers_exit(struct rekey_copiers *copiers)
{
	u32 i;

	if (copiers->wq)
		destroy_workqueue(copiers->wq);
	for (i = 0; i < COPIERS; i++)
		copier_free(copiers->copier[i]);
}
