// SPDX-License-Identifier: GPL-2.0
/* The mover, and the other changes that no bio asks for. */
#include <linux/delay.h>
#include <linux/device-mapper.h>

#include "change.h"
#include "move.h"
#include "netlink.h"
#include "region.h"
#include "slot.h"

#define DM_MSG_PREFIX "rekey"

/* Changes of never-written regions under way: they cost no copy. */
#define MOVER_ENTRIES	256
#define MOVER_RETRY	msecs_to_jiffies(20)

/* --- what the job is ---------------------------------------------------------- */

static bool job_wants(const struct rekey_job *job, u64 entry)
{
	if (job->kind == REKEY_JOB_REKEY)
		return entry_slot(entry) == job->from;
	return job->kind == REKEY_JOB_MOVE && entry_written(entry) &&
	       entry_device(entry) == job->from;
}

/**
 * mover_todo() - regions that a job has still to move
 * @v: active
 * @job: a copy of it
 *
 * Regions that were never written are not counted.
 *
 * Return: their number.
 */
u64 mover_todo(struct rekey_volume *v, const struct rekey_job *job)
{
	u64 i, n = 0;

	for (i = 0; i < job->count; i++) {
		u64 entry = READ_ONCE(v->map[job->first + i]);

		n += entry_written(entry) && job_wants(job, entry);
		if (!(i & 0xffff))
			cond_resched();
	}
	return n;
}

static enum rekey_mover_state mover_state(struct rekey_volume *v)
{
	enum rekey_mover_state state;

	spin_lock_irq(&v->lock);
	state = v->mover.state;
	spin_unlock_irq(&v->lock);
	return state;
}

static void mover_set_state(struct rekey_volume *v,
			    enum rekey_mover_state state)
{
	spin_lock_irq(&v->lock);
	v->mover.state = state;
	spin_unlock_irq(&v->lock);
}

/**
 * mover_kick() - something has changed that the mover may have waited for
 * @v: the volume
 *
 * Any context.
 */
void mover_kick(struct rekey_volume *v)
{
	if (!READ_ONCE(v->stopping))
		mod_delayed_work(v->move_wq, &v->mover_work, 0);
}

/* Before the next region, so that a volume slides by the spare place. */
static void mover_rewind(struct rekey_volume *v)
{
	struct rekey_job *job = &v->meta.sb.job;
	u64 last = READ_ONCE(v->map[job->first + job->count - 1]);
	struct rekey_device *dev = &v->device[entry_device(last)];
	u64 above = entry_place(last) + 1;

	lockdep_assert_held(&v->job_lock);
	spin_lock_irq(&v->lock);
	v->mover.down = entry_written(last) && above < dev->places &&
			!test_bit(above, dev->used);
	v->mover.again = false;
	spin_unlock_irq(&v->lock);
	v->mover.cursor = 0;
}

static int mover_write_job(struct rekey_volume *v, const struct rekey_job *job,
			   char **error)
{
	struct rekey_job old;
	int err;

	lockdep_assert_held(&v->job_lock);
	*error = "The volume is read-only";
	if (READ_ONCE(v->failed))
		return -EROFS;
	mutex_lock(&v->meta.lock);
	old = v->meta.sb.job;
	v->meta.sb.job = *job;
	err = meta_write_super(&v->meta);
	if (err)
		v->meta.sb.job = old;
	mutex_unlock(&v->meta.lock);
	*error = "The superblock cannot be written";
	if (err)
		volume_fail(v, "superblock", err);
	return err;
}

/* --- one region after the other --------------------------------------------------- */

static void mover_stop_with(struct rekey_volume *v,
			    enum rekey_mover_state state)
{
	mover_set_state(v, state);
	dm_table_event(v->ti->table);
	netlink_notify(v);
}

/* Another hundredth of the job? */
static bool mover_count(struct rekey_mover *m)
{
	u64 before = m->moved * 100;

	m->moved++;
	return m->total && div64_u64(before, m->total) !=
			   div64_u64(before + 100, m->total);
}

static void mover_ended(struct rekey_volume *v, const struct rekey_job *job,
			enum rekey_mover_end how)
{
	spin_lock_irq(&v->lock);
	v->mover.ended = how;
	v->mover.last = *job;
	spin_unlock_irq(&v->lock);
}

/* In the committer. */
static void mover_end(struct rekey_change *change)
{
	struct rekey_volume *v = change->v;
	bool stopped = false, tell = false;

	spin_lock_irq(&v->lock);
	v->mover.under_way--;
	if (change->kind == CHANGE_NOTHING) {
		v->mover.again = true;
	} else if (!change->err) {
		tell = entry_written(change->new) && mover_count(&v->mover);
	} else {
		v->mover.errors++;
		stopped = v->mover.state == REKEY_MOVER_RUNNING;
		if (stopped)
			v->mover.state = change->err == -ENOKEY ?
					 REKEY_MOVER_NO_KEY :
					 REKEY_MOVER_ERROR;
	}
	spin_unlock_irq(&v->lock);
	if (stopped) {
		DMERR("%s: the move of region %llu failed, the job is stopped: %d",
		      volume_name(v), change->region, change->err);
		dm_table_event(v->ti->table);
	}
	if (stopped || tell)
		netlink_notify(v);
	mover_kick(v);
}

static void mover_finish(struct rekey_volume *v)
{
	struct rekey_job none = { .kind = REKEY_JOB_NONE };
	struct rekey_job job = v->meta.sb.job;
	char *error;

	lockdep_assert_held(&v->job_lock);
	if (mover_write_job(v, &none, &error)) {
		mover_stop_with(v, REKEY_MOVER_ERROR);
		return;
	}
	DMINFO("%s: the job is done", volume_name(v));
	mover_ended(v, &job, REKEY_ENDED_DONE);
	mover_stop_with(v, REKEY_MOVER_IDLE);
}

/* Behind the last region: done, or another round. */
static void mover_round(struct rekey_volume *v)
{
	bool again, busy;

	spin_lock_irq(&v->lock);
	busy = v->mover.under_way;
	again = v->mover.again;
	if (!busy)
		v->mover.again = false;
	spin_unlock_irq(&v->lock);
	if (busy)
		return;		/* mover_end() kicks */
	if (!again) {
		mover_finish(v);
		return;
	}
	v->mover.cursor = 0;
	mod_delayed_work(v->move_wq, &v->mover_work, MOVER_RETRY);
}

static bool mover_find(struct rekey_volume *v, u64 *region, u64 *entry)
{
	const struct rekey_job *job = &v->meta.sb.job;
	struct rekey_mover *m = &v->mover;

	for (; m->cursor < job->count; m->cursor++) {
		*region = job->first + (m->down ? job->count - 1 - m->cursor :
					m->cursor);
		*entry = READ_ONCE(v->map[*region]);
		if (job_wants(job, *entry))
			return true;
		if (!(m->cursor & 0xffff))
			cond_resched();
	}
	return false;
}

static bool mover_has_keys(struct rekey_volume *v)
{
	const struct rekey_job *job = &v->meta.sb.job;
	u32 missing;

	if (job->kind != REKEY_JOB_REKEY)
		return true;
	if (!slot_loaded(v, job->from))
		missing = job->from;
	else if (!slot_loaded(v, job->to))
		missing = job->to;
	else
		return true;
	DMWARN("%s: the job waits for the key of slot %u", volume_name(v),
	       missing);
	mover_stop_with(v, REKEY_MOVER_NO_KEY);
	return false;
}

/* A place for a region; none may mean that one is about to be free. */
static bool mover_find_place(struct rekey_volume *v, u64 old, u64 *new)
{
	const struct rekey_job *job = &v->meta.sb.job;
	bool hope = atomic_read(&v->freeing);

	if (job->kind == REKEY_JOB_MOVE) {
		if (place_get(v, entry_slot(old), job->to, entry_place(old),
			      false, new))
			return true;
	} else {
		if (place_get(v, job->to, entry_device(old), entry_place(old),
			      !v->mover.down, new) ||
		    place_get(v, job->to, REKEY_DEVICES, 0, false, new))
			return true;
	}
	if (hope) {
		mod_delayed_work(v->move_wq, &v->mover_work, MOVER_RETRY);
		return false;
	}
	DMERR("%s: the job is stopped: no place is free", volume_name(v));
	mover_stop_with(v, REKEY_MOVER_NO_SPACE);
	return false;
}

static void mover_add(struct rekey_volume *v, u64 region, u64 old, u64 new)
{
	struct rekey_change *change;

	change = change_new(v, entry_written(old) ? CHANGE_MOVE : CHANGE_ENTRY,
			    region, old, new);
	change->mover = true;
	change->end = mover_end;
	spin_lock_irq(&v->lock);
	v->mover.under_way++;
	spin_unlock_irq(&v->lock);
	v->mover.cursor++;
	if (region_claim(v, change, NULL))
		return;
	if (entry_written(new))
		place_put(v, new);
	change_free(change);
	spin_lock_irq(&v->lock);
	v->mover.under_way--;
	v->mover.again = true;
	spin_unlock_irq(&v->lock);
}

/* Time that the rate gives a region. */
static void mover_pace(struct rekey_volume *v, u64 region)
{
	u32 rate = READ_ONCE(v->rate);
	u64 kib = region_length(v, region) / 2;

	if (!rate)
		return;
	v->mover.next = max(v->mover.next, ktime_get_ns()) +
			div_u64(kib * NSEC_PER_SEC, rate);
}

static bool mover_next(struct rekey_volume *v)
{
	u64 region, old, new;

	if (!mover_find(v, &region, &old)) {
		mover_round(v);
		return false;
	}
	if (!entry_written(old)) {
		mover_add(v, region, old,
			  entry_unwritten(v->meta.sb.job.to));
		return true;
	}
	if (v->mover.under_way >= REKEY_LANES_MOVE || !mover_has_keys(v) ||
	    !mover_find_place(v, old, &new))
		return false;
	mover_pace(v, region);
	mover_add(v, region, old, new);
	return true;
}

static bool mover_may_go(struct rekey_volume *v)
{
	u64 now = ktime_get_ns();

	if (READ_ONCE(v->stopping) || READ_ONCE(v->failed) ||
	    mover_state(v) != REKEY_MOVER_RUNNING ||
	    READ_ONCE(v->mover.under_way) >= MOVER_ENTRIES ||
	    atomic_read(&v->starved))
		return false;
	if (!READ_ONCE(v->rate) || v->mover.next <= now)
		return true;
	mod_delayed_work(v->move_wq, &v->mover_work,
			 nsecs_to_jiffies(v->mover.next - now) + 1);
	return false;
}

/**
 * mover_work_fn() - start as many moves as may be under way
 * @work: of the volume
 */
void mover_work_fn(struct work_struct *work)
{
	struct rekey_volume *v = container_of(to_delayed_work(work),
					      struct rekey_volume, mover_work);

	mutex_lock(&v->job_lock);
	while (mover_may_go(v) && mover_next(v))
		cond_resched();
	mutex_unlock(&v->job_lock);
}

/* --- what is asked of it ------------------------------------------------------------ */

/**
 * mover_set_rate() - from now on
 * @v: the volume
 * @rate: KiB/s; 0: no limit
 */
void mover_set_rate(struct rekey_volume *v, u32 rate)
{
	mutex_lock(&v->job_lock);
	WRITE_ONCE(v->rate, rate);
	v->mover.next = 0;
	mutex_unlock(&v->job_lock);
	mover_kick(v);
}

static void mover_begin(struct rekey_volume *v)
{
	const struct rekey_job *job = &v->meta.sb.job;

	lockdep_assert_held(&v->job_lock);
	if (job->kind == REKEY_JOB_NONE) {
		mover_set_state(v, REKEY_MOVER_IDLE);
		return;
	}
	mover_rewind(v);
	v->mover.next = 0;
	mover_set_state(v, job->paused ? REKEY_MOVER_PAUSED :
			REKEY_MOVER_RUNNING);
	netlink_notify(v);
}

/* Counts from here on. */
static void mover_reset(struct rekey_volume *v, const struct rekey_job *job)
{
	u64 total = mover_todo(v, job);

	spin_lock_irq(&v->lock);
	v->mover.moved = 0;
	v->mover.total = total;
	v->mover.errors = 0;
	v->mover.ended = REKEY_ENDED_NOT;
	spin_unlock_irq(&v->lock);
}

/**
 * mover_start() - a new job
 * @v: active; its message lock is held
 * @job: validated but for its keys
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int mover_start(struct rekey_volume *v, const struct rekey_job *job,
		char **error)
{
	int err = -EBUSY;

	mutex_lock(&v->job_lock);
	*error = "There is a job already";
	if (v->meta.sb.job.kind == REKEY_JOB_NONE)
		err = mover_write_job(v, job, error);
	if (!err) {
		mover_reset(v, job);
		mover_begin(v);
	}
	mutex_unlock(&v->job_lock);
	mover_kick(v);
	return err;
}

static bool mover_is_still(struct rekey_volume *v)
{
	return !READ_ONCE(v->mover.under_way);
}

/**
 * mover_pause() - stop, and stay so when the volume is opened again
 * @v: active; its message lock is held
 * @error: set to a sentence on failure
 *
 * No region is in motion when this returns.
 *
 * Return: 0 or a negative errno.
 */
int mover_pause(struct rekey_volume *v, char **error)
{
	struct rekey_job job;
	int err = -ENOENT;

	mutex_lock(&v->job_lock);
	*error = "There is no job";
	job = v->meta.sb.job;
	job.paused = true;
	if (job.kind != REKEY_JOB_NONE)
		err = mover_write_job(v, &job, error);
	if (!err)
		mover_set_state(v, REKEY_MOVER_PAUSED);
	mutex_unlock(&v->job_lock);
	if (!err) {
		wait_event(v->change_wait, mover_is_still(v));
		netlink_notify(v);
	}
	return err;
}

/**
 * mover_resume() - go on after a pause or an error
 * @v: active; its message lock is held
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int mover_resume(struct rekey_volume *v, char **error)
{
	struct rekey_job job;
	int err = -ENOENT;

	mutex_lock(&v->job_lock);
	*error = "There is no job";
	job = v->meta.sb.job;
	job.paused = false;
	if (job.kind != REKEY_JOB_NONE)
		err = mover_write_job(v, &job, error);
	if (!err)
		mover_begin(v);
	mutex_unlock(&v->job_lock);
	mover_kick(v);
	return err;
}

/**
 * mover_abort() - forget the job; what has moved stays where it is
 * @v: active; its message lock is held
 * @error: set to a sentence on failure
 *
 * No region is in motion when this returns.
 *
 * Return: 0 or a negative errno.
 */
int mover_abort(struct rekey_volume *v, char **error)
{
	struct rekey_job none = { .kind = REKEY_JOB_NONE }, job;
	int err = -ENOENT;

	mutex_lock(&v->job_lock);
	*error = "There is no job";
	job = v->meta.sb.job;
	if (job.kind != REKEY_JOB_NONE)
		err = mover_write_job(v, &none, error);
	if (!err)
		mover_set_state(v, REKEY_MOVER_IDLE);
	mutex_unlock(&v->job_lock);
	if (!err) {
		wait_event(v->change_wait, mover_is_still(v));
		mover_ended(v, &job, REKEY_ENDED_ABORTED);
		netlink_notify(v);
	}
	return err;
}

/**
 * mover_key_loaded() - a job that waits for a key looks again
 * @v: active
 */
void mover_key_loaded(struct rekey_volume *v)
{
	mutex_lock(&v->job_lock);
	if (mover_state(v) == REKEY_MOVER_NO_KEY)
		mover_begin(v);
	mutex_unlock(&v->job_lock);
	mover_kick(v);
}

/**
 * mover_activate() - take up the job of the superblock
 * @v: about to be active; nothing moves before mover_kick()
 */
void mover_activate(struct rekey_volume *v)
{
	mutex_lock(&v->job_lock);
	mover_reset(v, &v->meta.sb.job);
	mover_begin(v);
	mutex_unlock(&v->job_lock);
}

/**
 * mover_stop() - start nothing more; what is under way goes on
 * @v: with @stopping set
 */
void mover_stop(struct rekey_volume *v)
{
	cancel_delayed_work_sync(&v->mover_work);
}

/* --- entries without data to move ------------------------------------------------- */

struct batch {
	atomic_t left;
	bool again;		/* an entry was another one than expected */
	int err;
};

/* In the committer. */
static void batch_end(struct rekey_change *change)
{
	struct batch *batch = change->data;

	if (change->err)
		WRITE_ONCE(batch->err, change->err);
	if (change->kind == CHANGE_NOTHING)
		WRITE_ONCE(batch->again, true);
	atomic_dec(&batch->left);	/* @batch may be gone from here on */
}

static void batch_add(struct rekey_volume *v, struct batch *batch, u64 region,
		      u64 old, u64 new)
{
	struct rekey_change *change;

	wait_event(v->change_wait, atomic_read(&batch->left) < MOVER_ENTRIES);
	change = change_new(v, CHANGE_ENTRY, region, old, new);
	change->end = batch_end;
	change->data = batch;
	atomic_inc(&batch->left);
	if (region_claim(v, change, NULL))
		return;
	atomic_dec(&batch->left);
	WRITE_ONCE(batch->again, true);
	change_free(change);
}

static int batch_wait(struct rekey_volume *v, struct batch *batch)
{
	wait_event(v->change_wait, !atomic_read(&batch->left));
	return batch->err;
}

/* Each region of a range that @want returns a new entry for gets it. */
static int batch_run(struct rekey_volume *v, u64 first, u64 count, u32 slot,
		     int (*want)(u64 entry, u32 slot, u64 *new), u64 *at)
{
	struct batch batch;
	int err = 0, ret;
	u64 new, i;

	do {
		batch = (struct batch){ .left = ATOMIC_INIT(0) };
		for (i = 0; i < count && !READ_ONCE(batch.err); i++) {
			u64 old = region_entry(v, first + i);

			*at = first + i;
			if (READ_ONCE(v->stopping))
				err = -EINTR;
			else
				err = want(old, slot, &new);
			if (err < 0)
				break;
			if (err)
				batch_add(v, &batch, first + i, old, new);
			cond_resched();
		}
		ret = batch_wait(v, &batch);
		if (err >= 0)
			err = ret;
		if (!err && batch.again)
			msleep(20);	/* for whoever has the region now */
	} while (!err && batch.again);
	return err;
}

static int want_assign(u64 entry, u32 slot, u64 *new)
{
	if (entry_slot(entry) == slot)
		return 0;
	if (entry_written(entry))
		return -EEXIST;
	*new = entry_unwritten(slot);
	return 1;
}

static int want_erase(u64 entry, u32 slot, u64 *new)
{
	*new = entry_unwritten(slot);
	return entry_written(entry) && entry_slot(entry) == slot;
}

/**
 * mover_assign() - give never-written regions to a slot
 * @v: active; its message lock is held
 * @first: the first region
 * @count: of regions
 * @slot: its number
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int mover_assign(struct rekey_volume *v, u64 first, u64 count, u32 slot,
		 char **error)
{
	u64 at;
	int err;

	err = batch_run(v, first, count, slot, want_assign, &at);
	if (err == -EEXIST) {
		DMERR("%s: region %llu is written under another slot",
		      volume_name(v), at);
		*error = "A region is written under another slot: rekey it";
	} else {
		*error = "The map cannot be changed";
	}
	return err;
}

static int write_slot_state(struct rekey_volume *v, u32 slot, u32 state)
{
	int err;

	mutex_lock(&v->meta.lock);
	memset(&v->meta.slot[slot], 0, sizeof(v->meta.slot[slot]));
	v->meta.slot[slot].state = state;
	err = v->failed ? -EROFS : meta_write_slots(&v->meta, slot);
	mutex_unlock(&v->meta.lock);
	if (err)
		volume_fail(v, "slot table", err);
	return err;
}

static bool job_uses_slot(struct rekey_volume *v, u32 slot)
{
	const struct rekey_job *job = &v->meta.sb.job;
	bool uses;

	mutex_lock(&v->job_lock);
	uses = job->kind == REKEY_JOB_REKEY &&
	       (job->from == slot || job->to == slot);
	mutex_unlock(&v->job_lock);
	return uses;
}

/**
 * mover_erase() - a slot and all that was written under it
 * @v: active; its message lock is held
 * @slot: its number
 * @error: set to a sentence on failure
 *
 * From the first write of the slot table on the data is lost, whatever comes
 * then: its regions are never-written ones when the volume is opened again.
 *
 * Return: 0 or a negative errno.
 */
int mover_erase(struct rekey_volume *v, u32 slot, char **error)
{
	u64 at;
	int err;

	*error = "A job uses the slot: abort it first";
	if (job_uses_slot(v, slot))
		return -EBUSY;
	slot_evict(v, slot);
	/* first writes that had the key are with the committer by now */
	flush_work(&v->commit_work);
	*error = "The slot table cannot be written";
	err = write_slot_state(v, slot, REKEY_SLOT_ERASED);
	if (err)
		return err;
	*error = "The map cannot be changed";
	err = batch_run(v, 0, v->regions, slot, want_erase, &at);
	if (err)
		return err;
	*error = "The slot table cannot be written";
	return write_slot_state(v, slot, REKEY_SLOT_FREE);
}
