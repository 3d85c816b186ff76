// SPDX-License-Identifier: GPL-2.0
/*
 * Reads and writes.
 *
 * Where the context allows it a bio is computed where it is: a write in the
 * submitter's, a read in the completion. What may have to wait for pages goes to
 * @io_wq, for a change of the map to @defer_wq; what must not be computed in a hard
 * interrupt, or was begun by an asynchronous driver, goes to @crypt_wq.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/mm.h>

#include "../compat/compat.h"
#include "change.h"
#include "io.h"

#define DM_MSG_PREFIX "rekey"

/* A longer read is not decrypted in a softirq, unless the table says so. */
#define IO_SOFTIRQ_BYTES	(16 * 1024)

static struct rekey_io *io_of(struct rekey_volume *v, struct bio *bio)
{
	return dm_per_bio_data(bio, v->ti->per_io_data_size);
}

/* Ends a bio that has not entered a region, or not any more. */
static void io_finish(struct bio *bio, blk_status_t status)
{
	bio->bi_status = status;
	bio_endio(bio);
}

static void io_end(struct rekey_io *io)
{
	struct bio *bio = io->bio;

	map_leave(&io->v->map, &io->user);
	io_finish(bio, io->status);
}

/* --- computing -------------------------------------------------------------------- */

/*
 * One sector. In the end the request may be under way still, and then @io is
 * not ours any more: so the iterators go on before it starts.
 */
static int io_crypt_sector(struct rekey_io *io)
{
	struct rekey_volume *v = io->v;
	u32 size = v->cipher.sector_size;
	struct bio *out_bio = io->user.write ? io->bounce : io->bio;
	struct bio_vec in = bio_iter_iovec(io->bio, io->in);
	struct bio_vec out = bio_iter_iovec(out_bio, io->out);
	bool write = io->user.write;

	/* the queue's limits say that it does not happen */
	if (unlikely((in.bv_len | out.bv_len) & (size - 1)))
		return -EIO;
	cipher_sector(&v->cipher, &io->job, io->sector, &in, &out);
	bio_advance_iter_single(io->bio, &io->in, size);
	bio_advance_iter_single(out_bio, &io->out, size);
	io->sector += size >> SECTOR_SHIFT;
	return write ? crypto_skcipher_encrypt(&io->job.req) :
		       crypto_skcipher_decrypt(&io->job.req);
}

/* Returns false where io_crypt_done() goes on: @io may be gone by then. */
static bool io_crypt(struct rekey_io *io)
{
	int err;

	while (io->in.bi_size && !io->status) {
		err = io_crypt_sector(io);
		if (err == -EINPROGRESS || err == -EBUSY)
			return false;
		if (err)
			io->status = BLK_STS_IOERR;
	}
	return true;
}

static void io_write_submit(struct rekey_io *io);

static void io_crypt_through(struct rekey_io *io)
{
	if (io->user.write)
		io_write_submit(io);
	else
		io_end(io);
}

static void io_crypt_work(struct work_struct *work)
{
	struct rekey_io *io = container_of(work, struct rekey_io, work);

	if (io_crypt(io))
		io_crypt_through(io);
}

static void io_crypt_queue(struct rekey_io *io, struct workqueue_struct *wq)
{
	INIT_WORK(&io->work, io_crypt_work);
	queue_work(wq, &io->work);
}

/* Of an asynchronous driver: the sector is done, the rest follows. */
static void io_crypt_done(HEARTH_CRYPTO_DATA *data, int err)
{
	struct rekey_io *io = hearth_crypto_data(data);

	if (err == -EINPROGRESS)	/* out of the driver's backlog */
		return;
	if (err)
		io->status = BLK_STS_IOERR;
	io_crypt_queue(io, io->v->crypt_wq);
}

static void io_crypt_init(struct rekey_io *io, struct bvec_iter in,
			  struct bvec_iter out)
{
	io->in = in;
	io->out = out;
	io->sector = dm_target_offset(io->v->ti, in.bi_sector);
	io->status = BLK_STS_OK;
	cipher_job_init(&io->job);
	skcipher_request_set_tfm(&io->job.req, io->user.key->tfm);
	/* it must not sleep: a read is computed in a softirq */
	skcipher_request_set_callback(&io->job.req, CRYPTO_TFM_REQ_MAY_BACKLOG,
				      io_crypt_done, io);
}

/* --- reads ------------------------------------------------------------------------ */

static bool io_read_in_softirq(struct rekey_io *io)
{
	return io->v->no_read_workqueue || io->in.bi_size <= IO_SOFTIRQ_BYTES;
}

static void io_read_crypt(struct rekey_io *io)
{
	struct workqueue_struct *wq = io->v->crypt_wq;
	bool softirq = io_read_in_softirq(io);

	if (in_hardirq() || irqs_disabled()) {
		/* a thread's switch costs as much as a short read's sectors */
		io_crypt_queue(io, softirq ? hearth_bh_wq(wq) : wq);
	} else if (in_interrupt() && !softirq) {
		io_crypt_queue(io, wq);
	} else if (io_crypt(io)) {
		io_end(io);
	}
}

static void io_read_done(struct bio *bio)
{
	struct rekey_io *io = bio->bi_private;

	bio->bi_private = io->private;
	bio->bi_end_io = io->end_io;
	bio->bi_iter = io->iter;
	bio_set_dev(bio, io->bdev);
	io->status = bio->bi_status;
	if (io->status)
		io_end(io);
	else
		io_read_crypt(io);
}

static void io_read(struct rekey_io *io)
{
	struct rekey_volume *v = io->v;
	struct bio *bio = io->bio;
	sector_t offset = dm_target_offset(v->ti, bio->bi_iter.bi_sector) &
			  (v->region_sectors - 1);

	io_crypt_init(io, bio->bi_iter, bio->bi_iter);
	io->bdev = bio->bi_bdev;
	io->iter = bio->bi_iter;
	io->end_io = bio->bi_end_io;
	io->private = bio->bi_private;
	bio->bi_end_io = io_read_done;
	bio->bi_private = io;
	bio_clear_polled(bio);
	bio_set_dev(bio, place_bdev(&v->places, io->user.entry));
	bio->bi_iter.bi_sector = place_sector(&v->places, io->user.entry) + offset;
	submit_bio_noacct(bio);
}

/* --- writes ----------------------------------------------------------------------- */

/* Pages of one allocation: more are not worth the search. */
#define BOUNCE_ORDER	3
/* Bios of the reserve; they come back by themselves. */
#define BOUNCE_BIOS	64

/* A volume's writes take no more of the memory than this. */
static bool bounce_is_much(struct rekey_volume *v)
{
	return percpu_counter_read_positive(&v->pages_used) >
	       max(totalram_pages() / 50, 2 * (unsigned long)BIO_MAX_VECS);
}

/* Of the pool: its first try is told by __GFP_NORETRY, then comes the reserve. */
static void *bounce_page_alloc(gfp_t gfp, void *data)
{
	struct rekey_volume *v = data;
	struct page *page;

	if (gfp & __GFP_NORETRY && bounce_is_much(v))
		return NULL;
	page = alloc_page(gfp);
	if (page)
		percpu_counter_inc(&v->pages_used);
	return page;
}

static void bounce_page_free(void *page, void *data)
{
	struct rekey_volume *v = data;

	__free_page(page);
	percpu_counter_dec(&v->pages_used);
}

static struct page *bounce_pages(struct rekey_volume *v, u32 left, gfp_t gfp,
				 u32 *len)
{
	u32 order = left < PAGE_SIZE ? 0 : ilog2(left >> PAGE_SHIFT);
	struct page *page;

	order = min_t(u32, order, BOUNCE_ORDER);
	if (order && !(gfp & __GFP_DIRECT_RECLAIM) && !bounce_is_much(v)) {
		page = alloc_pages(gfp | __GFP_NORETRY | __GFP_NOMEMALLOC |
				   __GFP_COMP, order);
		if (page) {
			percpu_counter_add(&v->pages_used, 1 << order);
			*len = PAGE_SIZE << order;
			return page;
		}
	}
	*len = min_t(u32, left, PAGE_SIZE);
	return mempool_alloc(&v->pages, gfp);
}

static void bounce_free(struct rekey_volume *v, struct bio *bounce)
{
	struct bio_vec *vec;
	u32 order;
	int i;

	bio_for_each_bvec_all(vec, bounce, i) {
		order = get_order(vec->bv_len);
		if (!order) {
			mempool_free(vec->bv_page, &v->pages);
			continue;
		}
		__free_pages(vec->bv_page, order);
		percpu_counter_sub(&v->pages_used, 1 << order);
	}
	bio_put(bounce);
}

static struct bio *bounce_alloc(struct rekey_io *io, gfp_t gfp)
{
	struct rekey_volume *v = io->v;
	struct bio *bio = io->bio, *bounce;
	u32 left = bio->bi_iter.bi_size, len;
	struct page *page;

	bounce = bio_alloc_bioset(place_bdev(&v->places, io->user.entry),
				  DIV_ROUND_UP(left, PAGE_SIZE),
				  bio->bi_opf & ~REQ_POLLED, gfp, &v->bios);
	if (!bounce)
		return NULL;
	for (; left; left -= len) {
		page = bounce_pages(v, left, gfp, &len);
		if (!page) {
			bounce_free(v, bounce);
			return NULL;
		}
		__bio_add_page(bounce, page, len, 0);
	}
	return bounce;
}

/**
 * io_pools_init() - the reserve of writes
 * @v: the volume
 *
 * Return: 0 or -ENOMEM; io_pools_exit() is due either way.
 */
int io_pools_init(struct rekey_volume *v)
{
	int err;

	err = percpu_counter_init(&v->pages_used, 0, GFP_KERNEL);
	if (!err)
		err = bioset_init(&v->bios, BOUNCE_BIOS, 0,
				  BIOSET_NEED_BVECS);
	if (!err)
		err = mempool_init(&v->pages, BIO_MAX_VECS, bounce_page_alloc,
				   bounce_page_free, v);
	return err;
}

/**
 * io_pools_exit() - undo io_pools_init()
 * @v: the volume
 */
void io_pools_exit(struct rekey_volume *v)
{
	mempool_exit(&v->pages);
	bioset_exit(&v->bios);
	percpu_counter_destroy(&v->pages_used);
}

/* One at a time takes of the reserve, which is enough for it. */
static struct bio *bounce_alloc_wait(struct rekey_io *io)
{
	struct bio *bounce;

	mutex_lock(&io->v->page_lock);
	bounce = bounce_alloc(io, GFP_NOIO);
	mutex_unlock(&io->v->page_lock);
	return bounce;
}

static void io_write_done(struct bio *bounce)
{
	struct rekey_io *io = bounce->bi_private;

	io->status = bounce->bi_status;
	bounce_free(io->v, bounce);
	io_end(io);
}

static void io_write_submit(struct rekey_io *io)
{
	if (io->status) {
		bounce_free(io->v, io->bounce);
		io_end(io);
		return;
	}
	submit_bio_noacct(io->bounce);
}

static void io_write_crypt(struct rekey_io *io)
{
	struct rekey_volume *v = io->v;
	struct bio *bio = io->bio, *bounce = io->bounce;
	sector_t offset = dm_target_offset(v->ti, bio->bi_iter.bi_sector) &
			  (v->region_sectors - 1);

	bounce->bi_iter.bi_sector = place_sector(&v->places, io->user.entry) + offset;
	bounce->bi_end_io = io_write_done;
	bounce->bi_private = io;
	bounce->bi_ioprio = bio->bi_ioprio;
	io_crypt_init(io, bio->bi_iter, bounce->bi_iter);
	if (io_crypt(io))
		io_write_submit(io);
}

static void io_write_work(struct work_struct *work)
{
	struct rekey_io *io = container_of(work, struct rekey_io, work);

	io->bounce = bounce_alloc_wait(io);
	io_write_crypt(io);
}

/*
 * In the submitter's context, or that of deferred bios, which must not wait for
 * other bios of ours.
 */
static void io_write(struct rekey_io *io)
{
	io->bounce = bounce_alloc(io, GFP_NOWAIT | __GFP_NOWARN);
	if (io->bounce) {
		io_write_crypt(io);
	} else {
		INIT_WORK(&io->work, io_write_work);
		queue_work(io->v->io_wq, &io->work);
	}
}

/* --- regions that need a change first ----------------------------------------------- */

static void io_defer(struct rekey_volume *v, struct bio *bio)
{
	struct bio_list one;

	bio_list_init(&one);
	bio_list_add(&one, bio);
	volume_defer(v, &one);
}

/*
 * The entry of the bio's region has to change before the bio can be done. A freeze
 * waits for all changes there are: one of after it does not begin.
 */
static void io_change(struct rekey_volume *v, enum change_kind kind,
		      u64 region, u64 old, struct bio *bio)
{
	struct rekey_change *change;

	change = change_new(v, kind, region, old,
			    entry_unwritten(entry_slot(old)));
	if (unlikely(READ_ONCE(v->frozen))) {
		change_free(change);
		if (kind == CHANGE_FILL)
			DMERR_LIMIT("%s: region %llu: a first write is refused: hibernation",
				    volume_name(v), region);
		io_finish(bio, kind == CHANGE_FILL ? BLK_STS_IOERR :
			  BLK_STS_OK);
	} else if (!change_start(change, bio)) {
		change_free(change);
	}
}

static void io_discard(struct rekey_volume *v, struct bio *bio)
{
	sector_t sector = dm_target_offset(v->ti, bio->bi_iter.bi_sector);
	u64 region = sector >> v->region_shift;
	u64 entry = map_entry(&v->map, region);

	if (!entry_written(entry) ||
	    bio_sectors(bio) != volume_region_length(v, region))
		io_finish(bio, BLK_STS_OK);
	else if (volume_readonly(v))
		io_finish(bio, BLK_STS_IOERR);
	else
		io_change(v, CHANGE_DISCARD, region, entry, bio);
}

/* The map does not let the bio in. */
static void io_refuse(struct rekey_io *io, enum map_verdict verdict)
{
	const char *name = volume_name(io->v);
	u64 region = io->user.region;
	u32 slot = entry_slot(io->user.entry);

	if (verdict == MAP_SEALED)
		DMERR_LIMIT("%s: a write is refused: the %s", name,
			    io->v->meta.readonly ? "volume is read-only" :
			    "metadata device has failed");
	else if (verdict == MAP_LOST)
		DMERR_LIMIT("%s: region %llu: its page of the map is lost",
			    name, region);
	else if (slot == REKEY_SLOT_NOBODY)
		DMERR_LIMIT("%s: region %llu is nobody's: assign it to a slot",
			    name, region);
	else
		DMERR_LIMIT("%s: region %llu: the key of slot %u is not loaded",
			    name, region, slot);
	io_finish(io->bio, BLK_STS_IOERR);
}

/* The key of a first write may be gone: the change would find out too late. */
static bool io_has_key(struct rekey_io *io)
{
	if (slot_loaded(&io->v->slots, entry_slot(io->user.entry)))
		return true;
	io_refuse(io, MAP_NO_KEY);
	return false;
}

static void io_deferred_write(struct rekey_volume *v, struct bio *bio)
{
	struct rekey_io *io = io_of(v, bio);
	enum map_verdict verdict = map_enter(&v->map, &io->user, bio);

	switch (verdict) {
	case MAP_ENTERED:
		io_write(io);
		break;
	case MAP_WAIT:
		break;
	case MAP_UNWRITTEN:
		if (io_has_key(io))
			io_change(v, CHANGE_FILL, io->user.region,
				  io->user.entry, bio);
		break;
	default:
		io_refuse(io, verdict);
	}
}

/**
 * io_deferred_work() - bios that could not be done in the submitter's context
 * @work: of the volume
 *
 * In the order in which they came. May wait for changes to be freed, and so for
 * writes that wait for pages, which have a queue of their own.
 */
void io_deferred_work(struct work_struct *work)
{
	struct rekey_volume *v = container_of(work, struct rekey_volume,
					      deferred_work);
	struct bio_list bios;
	struct bio *bio;

	spin_lock_irq(&v->lock);
	bios = v->deferred;
	bio_list_init(&v->deferred);
	spin_unlock_irq(&v->lock);
	while ((bio = bio_list_pop(&bios))) {
		if (bio_op(bio) == REQ_OP_DISCARD)
			io_discard(v, bio);
		else
			io_deferred_write(v, bio);
	}
}

/* --- the target's map ------------------------------------------------------------- */

static int io_map_read(struct rekey_volume *v, struct rekey_io *io)
{
	struct bio *bio = io->bio;
	enum map_verdict verdict = map_enter(&v->map, &io->user, bio);

	if (verdict == MAP_ENTERED) {
		io_read(io);
	} else if (verdict == MAP_UNWRITTEN) {
		zero_fill_bio(bio);
		bio_endio(bio);
	} else {
		io_refuse(io, verdict);
	}
	return DM_MAPIO_SUBMITTED;
}

/* A job that opening found may go on some time behind it. */
static void io_first_write(struct rekey_volume *v)
{
	WRITE_ONCE(v->since, jiffies);
	smp_store_release(&v->started, true);	/* @since is set */
	volume_kick(v);
}

static int io_map_write(struct rekey_volume *v, struct rekey_io *io)
{
	struct bio *bio = io->bio;
	enum map_verdict verdict = map_enter(&v->map, &io->user, bio);

	if (unlikely(!READ_ONCE(v->started)) && verdict != MAP_SEALED)
		io_first_write(v);
	switch (verdict) {
	case MAP_ENTERED:
		io_write(io);
		break;
	case MAP_WAIT:
		break;
	case MAP_UNWRITTEN:
		io_defer(v, bio);
		break;
	default:
		io_refuse(io, verdict);
	}
	return DM_MAPIO_SUBMITTED;
}

/* A first write is committed before it is told of, so the data is all there is. */
static int io_map_flush(struct rekey_volume *v, struct bio *bio)
{
	struct dm_dev *dm;

	dm = v->places.device[dm_bio_get_target_bio_nr(bio)].dm;
	if (!dm) {
		bio_endio(bio);
		return DM_MAPIO_SUBMITTED;
	}
	bio_set_dev(bio, dm->bdev);
	return DM_MAPIO_REMAPPED;
}

static int io_map_discard(struct rekey_volume *v, struct bio *bio)
{
	sector_t sector = dm_target_offset(v->ti, bio->bi_iter.bi_sector);
	u32 left = v->region_sectors - (sector & (v->region_sectors - 1));

	if (bio_sectors(bio) > left)
		dm_accept_partial_bio(bio, left);
	io_defer(v, bio);
	return DM_MAPIO_SUBMITTED;
}

/**
 * io_map() - a bio from device-mapper
 * @v: active, or dead
 * @bio: within one region, unless it is a discard
 *
 * Return: DM_MAPIO_*.
 */
int io_map(struct rekey_volume *v, struct bio *bio)
{
	struct rekey_io *io = io_of(v, bio);
	unsigned long now = jiffies;
	sector_t sector;

	if (unlikely(READ_ONCE(v->dead)))
		return DM_MAPIO_KILL;
	if (READ_ONCE(v->used) != now)
		WRITE_ONCE(v->used, now);
	if (unlikely(bio->bi_opf & REQ_PREFLUSH))
		return io_map_flush(v, bio);
	if (unlikely(bio_op(bio) == REQ_OP_DISCARD))
		return io_map_discard(v, bio);
	sector = dm_target_offset(v->ti, bio->bi_iter.bi_sector);
	if (unlikely((sector | bio_sectors(bio)) &
		     ((v->cipher.sector_size >> SECTOR_SHIFT) - 1)))
		return DM_MAPIO_KILL;
	io->v = v;
	io->bio = bio;
	io->user.region = sector >> v->region_shift;
	io->user.write = bio_data_dir(bio) == WRITE;
	return io->user.write ? io_map_write(v, io) : io_map_read(v, io);
}
