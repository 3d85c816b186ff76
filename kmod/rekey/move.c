// SPDX-License-Identifier: GPL-2.0
/* The mover: see move.h. */
#include <linux/device-mapper.h>

#include "change.h"
#include "move.h"

#define DM_MSG_PREFIX "rekey"

/* Changes of never-written regions under way: they cost no copy. */
#define MOVER_ENTRIES	256
#define MOVER_RETRY	msecs_to_jiffies(20)
/*
 * From the first write to the job that opening found. The kernel that resumes from
 * an image in swap on the volume marks the swap as used before it says that it
 * resumes: the volume must be then as the image has it.
 */
#define MOVER_GRACE	(30 * HZ)
/*
 * As long as somebody else reads or writes, a job without a rate has half of the time:
 * one region, then a rest as long as that took, but no longer than this. Jiffies from
 * a bio on; ns.
 */
#define MOVER_POLITE	(HZ / 10)
#define MOVER_REST	NSEC_PER_SEC

/* --- what the job is ---------------------------------------------------------- */

static bool job_wants(const struct rekey_job *job, u64 entry)
{
	if (job->kind == REKEY_JOB_REKEY)
		return entry_slot(entry) == job->from;
	return job->kind == REKEY_JOB_DRAIN && entry_written(entry) &&
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
		u64 entry = READ_ONCE(v->map.entry[job->first + i]);

		n += entry_written(entry) && job_wants(job, entry);
		if (!(i & 0xffff))
			cond_resched();
	}
	return n;
}

static enum mover_state mover_state(struct rekey_volume *v)
{
	enum mover_state state;

	spin_lock_irq(&v->lock);
	state = v->mover.state;
	spin_unlock_irq(&v->lock);
	return state;
}

static void mover_set_state(struct rekey_volume *v,
			    enum mover_state state)
{
	spin_lock_irq(&v->lock);
	v->mover.state = state;
	spin_unlock_irq(&v->lock);
}

/* Before the next region, so that a volume slides by the spare place. */
static void mover_rewind(struct rekey_volume *v)
{
	struct rekey_job *job = &v->mover.job;
	u64 last = READ_ONCE(v->map.entry[job->first + job->count - 1]);

	lockdep_assert_held(&v->job_lock);
	v->mover.down = places_slide_down(&v->places, last);
	v->mover.retried = false;
	v->mover.cursor = 0;
	v->mover.scrub_at = 0;
	spin_lock_irq(&v->lock);
	v->mover.again = false;
	v->mover.skipped = 0;
	v->mover.unscrubbed = 0;
	v->mover.scrub_total = 0;
	spin_unlock_irq(&v->lock);
}

/* What is shown of the superblock's job. */
static void mover_set_job(struct rekey_volume *v, const struct rekey_job *job)
{
	spin_lock_irq(&v->lock);
	v->mover.job = *job;
	spin_unlock_irq(&v->lock);
}

/*
 * Behind a job the superblock says which places are stale. A place that is being given
 * up may not be among them yet: then any place may be stale, as it was said before.
 */
static void mover_list_stale(struct rekey_volume *v)
{
	bool giving_up = atomic_read(&v->freeing);

	lockdep_assert_held(&v->meta.lock);
	smp_rmb();	/* pairs with the atomics of change_free() */
	if (!giving_up && v->meta.sb.version != 1)
		places_list_stale(&v->places, &v->meta.sb);
}

static int mover_write_job(struct rekey_volume *v, const struct rekey_job *job,
			   char **error)
{
	int err;

	lockdep_assert_held(&v->job_lock);
	*error = "The volume is read-only";
	if (volume_readonly(v))
		return -EROFS;
	mutex_lock(&v->meta.lock);
	if (job->kind == REKEY_JOB_NONE)
		mover_list_stale(v);
	err = meta_write_job(&v->meta, job);
	mutex_unlock(&v->meta.lock);
	*error = "The superblock cannot be written";
	if (err)
		volume_failed(v, "superblock", err);
	else
		mover_set_job(v, job);
	return err;
}

/* The device that a job empties takes what no other has room for. */
static void mover_use_device(struct rekey_volume *v,
			     const struct rekey_job *job, enum place_use use)
{
	if (job->kind == REKEY_JOB_DRAIN)
		places_use(&v->places, job->from, use);
}

/* --- one region after the other --------------------------------------------------- */

static void mover_stop_with(struct rekey_volume *v,
			    enum mover_state state)
{
	mover_set_state(v, state);
	dm_table_event(v->ti->table);
	volume_notify(v);
}

static bool mover_is_polite(struct rekey_volume *v)
{
	return !READ_ONCE(v->rate) &&
	       time_before(jiffies, READ_ONCE(v->used) + MOVER_POLITE);
}

/* Regions that may be copied at a time. */
static u32 mover_most(struct rekey_volume *v)
{
	return mover_is_polite(v) ? 1 : COPIERS_MOVE;
}

/* Time that the rate gives so many sectors. */
static void mover_pace(struct rekey_volume *v, u32 sectors)
{
	u32 rate = READ_ONCE(v->rate);

	if (!rate)
		return;
	v->mover.next = max(v->mover.next, ktime_get_ns()) +
			div_u64((u64)sectors / 2 * NSEC_PER_SEC, rate);
}

/* A move is through. */
static void mover_rest(struct rekey_volume *v)
{
	u64 now = ktime_get_ns();

	lockdep_assert_held(&v->lock);
	v->mover.rest = now + min_t(u64, now - v->mover.begun, MOVER_REST);
}

/* One more of @total: another hundredth of it? */
static bool mover_count(u64 *done, u64 total)
{
	u64 before = *done * 100;

	(*done)++;
	return total && div64_u64(before, total) !=
			div64_u64(before + 100, total);
}

static void mover_ended(struct rekey_volume *v, const struct rekey_job *job,
			enum mover_end how)
{
	spin_lock_irq(&v->lock);
	v->mover.ended = how;
	v->mover.last = *job;
	spin_unlock_irq(&v->lock);
}

/* Of this region, or of the place that it was to go to: the others may be sound. */
static bool mover_skips(const struct rekey_change *change)
{
	return change->region_bad || change->place_bad;
}

/* In the committer. */
static void mover_end(struct rekey_change *change)
{
	struct rekey_volume *v = change->v;
	bool stopped = false, tell = false;

	spin_lock_irq(&v->lock);
	v->mover.under_way--;
	if (change_copies(change))
		mover_rest(v);
	if (change->kind == CHANGE_NOTHING) {
		v->mover.again = true;
	} else if (!change->err) {
		tell = entry_written(change->new) &&
		       mover_count(&v->mover.moved, v->mover.total);
	} else if (mover_skips(change)) {
		v->mover.errors++;
		v->mover.skipped++;
	} else {
		v->mover.errors++;
		stopped = v->mover.state == MOVER_RUNNING;
		if (stopped)
			v->mover.state = change->err == -ENOKEY ?
					 MOVER_NO_KEY : MOVER_ERROR;
	}
	spin_unlock_irq(&v->lock);
	if (stopped) {
		DMERR("%s: the move of region %llu failed, the job is stopped: %d",
		      volume_name(v), change->claim.region, change->err);
		dm_table_event(v->ti->table);
	}
	if (stopped || tell)
		volume_notify(v);
	volume_kick(v);
}

/* --- the places that were given up ------------------------------------------------ */

/* In a copier. */
static void mover_scrubbed(struct rekey_copy *copy, int err)
{
	struct rekey_scrub *scrub = container_of(copy, struct rekey_scrub,
						 copy);
	struct rekey_volume *v = scrub->v;
	bool tell = false;

	if (err)
		DMERR_LIMIT("%s: device %u: place %llu cannot be overwritten: %d",
			    volume_name(v), entry_device(scrub->entry),
			    entry_place(scrub->entry), err);
	place_put_scrubbed(&v->places, scrub->entry, !err);
	spin_lock_irq(&v->lock);
	v->mover.under_way--;
	mover_rest(v);
	if (!err) {
		tell = mover_count(&v->mover.scrubbed, v->mover.scrub_total);
	} else {
		v->mover.errors++;
		v->mover.unscrubbed++;
	}
	spin_unlock_irq(&v->lock);
	if (tell)
		volume_notify(v);
	volume_kick(v);
	changes_release(v);
}

/* Nobody waits for a place that is free. */
static bool scrub_is_hurried(const struct rekey_copy *copy)
{
	return false;
}

static void mover_scrub_place(struct rekey_volume *v, struct rekey_scrub *scrub)
{
	spin_lock_irq(&v->lock);
	v->mover.under_way++;
	v->mover.begun = ktime_get_ns();
	spin_unlock_irq(&v->lock);
	scrub->v = v;
	scrub->copy = (struct rekey_copy){
		.to = place_bdev(&v->places, scrub->entry),
		.to_sector = place_sector(&v->places, scrub->entry),
		.room = v->region_sectors,
		.mover = true,
		.hurried = scrub_is_hurried,
		.done = mover_scrubbed,
	};
	copy_start(&v->copiers, &scrub->copy);
}

/* Places are overwritten from the first to the last one. */
static void mover_scrub_begins(struct rekey_volume *v)
{
	u64 stale = places_stale(&v->places);

	spin_lock_irq(&v->lock);
	v->mover.unscrubbed = 0;
	v->mover.scrubbed = 0;
	v->mover.scrub_total = stale;
	spin_unlock_irq(&v->lock);
}

/*
 * No region is in motion, and what the job gave up is among the stale places.
 * @failed: places that could not be overwritten, where there is none more to try
 *
 * Return: whether some are under way.
 */
static bool mover_scrub(struct rekey_volume *v, u64 *failed)
{
	u32 most = READ_ONCE(v->rate) ? 1 : mover_most(v), i;

	if (!v->mover.scrub_at)
		mover_scrub_begins(v);
	for (i = 0; i < most; i++) {
		struct rekey_scrub *scrub = v->scrub + i;

		changes_hold(v);
		if (!place_take_stale(&v->places, &v->mover.scrub_at,
				      &scrub->entry)) {
			changes_release(v);
			break;
		}
		mover_pace(v, v->region_sectors);
		mover_scrub_place(v, scrub);
	}
	spin_lock_irq(&v->lock);
	*failed = v->mover.unscrubbed;
	spin_unlock_irq(&v->lock);
	return i;
}

/* Nothing lies on the device any more, and nothing will. */
static bool mover_is_drained(struct rekey_volume *v)
{
	const struct rekey_job *job = &v->mover.job;

	if (job->kind != REKEY_JOB_DRAIN || job->count != v->regions)
		return true;
	return places_drained(&v->places, job->from);
}

/* Written with the superblock's job; in version 1 it is forgotten at the close. */
static void mover_mark_device(struct rekey_volume *v, u32 device, bool drained)
{
	mutex_lock(&v->meta.lock);
	v->meta.sb.device[device].drained = drained;
	mutex_unlock(&v->meta.lock);
}

/* What was overwritten is so on the medium. */
static int mover_flush(struct rekey_volume *v)
{
	int err = 0;
	u32 i;

	for (i = 0; !err && i < v->places.devices; i++)
		if (v->places.device[i].dm)
			err = blkdev_issue_flush(v->places.device[i].dm->bdev);
	if (err)
		DMERR("%s: device %u cannot be flushed: %d", volume_name(v),
		      i - 1, err);
	return err;
}

static void mover_finish(struct rekey_volume *v)
{
	struct rekey_job none = { .kind = REKEY_JOB_NONE };
	struct rekey_job job = v->mover.job;
	char *error;

	lockdep_assert_held(&v->job_lock);
	if (mover_flush(v)) {
		mover_stop_with(v, MOVER_ERROR);
		return;
	}
	if (job.kind == REKEY_JOB_DRAIN && job.count == v->regions)
		mover_mark_device(v, job.from, true);
	if (mover_write_job(v, &none, &error)) {
		mover_stop_with(v, MOVER_ERROR);
		return;
	}
	if (job.count != v->regions)
		mover_use_device(v, &job, PLACE_OPEN);
	DMINFO("%s: the job is done", volume_name(v));
	mover_ended(v, &job, MOVER_ENDED_DONE);
	mover_stop_with(v, MOVER_IDLE);
}

static void mover_again(struct rekey_volume *v)
{
	v->mover.cursor = 0;
	v->mover.scrub_at = 0;
	mod_delayed_work(v->move_wq, &v->mover_work, MOVER_RETRY);
}

/* All but those: once more, then that is how it stays. */
static void mover_skipped(struct rekey_volume *v, const char *which,
			  u64 skipped)
{
	struct rekey_job job = v->mover.job;
	char *error;

	if (!v->mover.retried) {
		v->mover.retried = true;
		mover_again(v);
		return;
	}
	DMERR("%s: the job is incomplete: %llu %s", volume_name(v), skipped,
	      which);
	job.state = REKEY_JOB_INCOMPLETE;
	mover_stop_with(v, mover_write_job(v, &job, &error) ? MOVER_ERROR :
			   MOVER_INCOMPLETE);
}

/* Behind the last region: done, or another round. */
static void mover_round(struct rekey_volume *v)
{
	bool again, busy;
	u64 skipped, unscrubbed = 0;

	spin_lock_irq(&v->lock);
	busy = v->mover.under_way;
	again = v->mover.again;
	skipped = v->mover.skipped;
	if (!busy) {
		v->mover.again = false;
		v->mover.skipped = 0;
	}
	spin_unlock_irq(&v->lock);
	if (busy)
		return;		/* mover_end() and mover_scrubbed() kick */
	if (again)
		mover_again(v);
	else if (skipped)
		mover_skipped(v, "regions cannot be moved and stay where they are",
			      skipped);
	else if (!mover_is_drained(v))
		mover_again(v);
	else if (mover_scrub(v, &unscrubbed))
		return;
	else if (unscrubbed)
		mover_skipped(v, "free places cannot be overwritten and hold what was there",
			      unscrubbed);
	else
		mover_finish(v);
}

static bool mover_find(struct rekey_volume *v, u64 *region, u64 *entry)
{
	const struct rekey_job *job = &v->mover.job;
	struct rekey_mover *m = &v->mover;

	for (; m->cursor < job->count; m->cursor++) {
		*region = job->first + (m->down ? job->count - 1 - m->cursor :
					m->cursor);
		*entry = READ_ONCE(v->map.entry[*region]);
		if (job_wants(job, *entry))
			return true;
		if (!(m->cursor & 0xffff))
			cond_resched();
	}
	return false;
}

static bool mover_has_keys(struct rekey_volume *v)
{
	const struct rekey_job *job = &v->mover.job;
	u32 missing;

	if (job->kind != REKEY_JOB_REKEY)
		return true;
	if (!slot_loaded(&v->slots, job->from))
		missing = job->from;
	else if (!slot_loaded(&v->slots, job->to))
		missing = job->to;
	else
		return true;
	DMWARN("%s: the job waits for the key of slot %u", volume_name(v),
	       missing);
	mover_stop_with(v, MOVER_NO_KEY);
	return false;
}

static bool mover_place_elsewhere(struct rekey_volume *v, u32 slot, u64 *new)
{
	u32 i;

	for (i = 0; i < v->places.devices; i++)
		if (place_get(&v->places, slot, i, PLACE_ANYWHERE, false, new))
			return true;
	return false;
}

static bool mover_place(struct rekey_volume *v, u64 old, u64 *new)
{
	const struct rekey_job *job = &v->mover.job;

	if (job->kind == REKEY_JOB_DRAIN)
		return place_get(&v->places, entry_slot(old), job->to,
				 entry_place(old), false, new) ||
		       mover_place_elsewhere(v, entry_slot(old), new);
	return place_get(&v->places, job->to, entry_device(old),
			 entry_place(old), !v->mover.down, new) ||
	       mover_place_elsewhere(v, job->to, new);
}

/* A place for a region; none may mean that one is about to be free. */
static bool mover_find_place(struct rekey_volume *v, u64 old, u64 *new)
{
	bool hope = atomic_read(&v->freeing);

	smp_rmb();	/* pairs with the atomics of change_free() */
	if (mover_place(v, old, new))
		return true;
	/* rather one that failed before than none */
	if (places_forgive(&v->places) && mover_place(v, old, new))
		return true;
	if (hope) {
		mod_delayed_work(v->move_wq, &v->mover_work, MOVER_RETRY);
		return false;
	}
	DMERR("%s: the job is stopped: no place is free", volume_name(v));
	mover_stop_with(v, MOVER_NO_SPACE);
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
	v->mover.begun = ktime_get_ns();
	spin_unlock_irq(&v->lock);
	v->mover.cursor++;
	if (change_start(change, NULL))
		return;
	if (entry_written(new))
		place_put(&v->places, new);
	spin_lock_irq(&v->lock);
	v->mover.under_way--;
	v->mover.again = true;
	spin_unlock_irq(&v->lock);
	change_free(change);
}

/* ktime_get_ns(): none begins before. */
static u64 mover_due(struct rekey_volume *v)
{
	u64 due = 0;

	if (READ_ONCE(v->rate))
		return v->mover.next;
	if (mover_is_polite(v)) {
		spin_lock_irq(&v->lock);
		due = v->mover.rest;
		spin_unlock_irq(&v->lock);
	}
	return due;
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
			  entry_unwritten(v->mover.job.to));
		return true;
	}
	if (v->mover.under_way >= mover_most(v) || !mover_has_keys(v) ||
	    !mover_find_place(v, old, &new))
		return false;
	mover_pace(v, volume_region_length(v, region));
	mover_add(v, region, old, new);
	return true;
}

static bool mover_may_go(struct rekey_volume *v)
{
	u64 now = ktime_get_ns(), due;

	if (READ_ONCE(v->stopping) || READ_ONCE(v->halted) ||
	    volume_readonly(v) || mover_state(v) != MOVER_RUNNING ||
	    READ_ONCE(v->mover.under_way) >= MOVER_ENTRIES ||
	    atomic_read(&v->starving))
		return false;
	due = mover_due(v);
	if (due <= now)
		return true;
	mod_delayed_work(v->move_wq, &v->mover_work,
			 nsecs_to_jiffies(due - now) + 1);
	return false;
}

/*
 * Jiffies till what opening found may change: none if somebody asked for it or the
 * grace behind the first write is over, ULONG_MAX if nothing was written.
 */
static unsigned long mover_grace(struct rekey_volume *v)
{
	unsigned long left;

	lockdep_assert_held(&v->job_lock);
	if (v->mover.settled)
		return 0;
	if (!smp_load_acquire(&v->started))	/* @since is set */
		return ULONG_MAX;
	left = READ_ONCE(v->since) + MOVER_GRACE - jiffies;
	if (left && left <= MOVER_GRACE)
		return left;
	v->mover.settled = true;
	return 0;
}

/* The job of the superblock, from its first region on. */
static void mover_begin(struct rekey_volume *v)
{
	const struct rekey_job *job = &v->mover.job;
	enum mover_state state = MOVER_RUNNING;

	lockdep_assert_held(&v->job_lock);
	if (job->kind == REKEY_JOB_NONE) {
		mover_set_state(v, MOVER_IDLE);
		return;
	}
	places_forgive(&v->places);
	mover_rewind(v);
	v->mover.next = 0;
	if (job->state == REKEY_JOB_PAUSED)
		state = MOVER_PAUSED;
	else if (job->state == REKEY_JOB_INCOMPLETE)
		state = MOVER_INCOMPLETE;
	else if (mover_grace(v))
		state = MOVER_WAITING;
	mover_set_state(v, state);
	volume_notify(v);
}

/* The first write since the volume was opened is some time ago. */
static void mover_first_write(struct rekey_volume *v)
{
	unsigned long left;
	int err;

	lockdep_assert_held(&v->job_lock);
	if (READ_ONCE(v->stopping) || READ_ONCE(v->halted))
		return;
	left = mover_grace(v);
	if (left) {
		if (left <= MOVER_GRACE)
			mod_delayed_work(v->move_wq, &v->mover_work, left);
		return;
	}
	if (!v->mover.mended) {
		mutex_lock(&v->meta.lock);
		err = meta_mend(&v->meta);
		mutex_unlock(&v->meta.lock);
		if (err)
			volume_failed(v, "metadata", err);
		v->mover.mended = true;
	}
	if (mover_state(v) == MOVER_WAITING)
		mover_begin(v);
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
	mover_first_write(v);
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
	volume_kick(v);
}

/* Somebody asked for it: nothing is waited for. */
static void mover_settled(struct rekey_volume *v)
{
	lockdep_assert_held(&v->job_lock);
	v->mover.settled = true;
	WRITE_ONCE(v->started, true);
}

/**
 * mover_settle() - what opening found is not waited with
 * @v: about to be active, the next table of a volume in use
 */
void mover_settle(struct rekey_volume *v)
{
	mutex_lock(&v->job_lock);
	mover_settled(v);
	mutex_unlock(&v->job_lock);
}

/* Counts from here on. */
static void mover_reset(struct rekey_volume *v, const struct rekey_job *job)
{
	u64 total = mover_todo(v, job);

	spin_lock_irq(&v->lock);
	v->mover.moved = 0;
	v->mover.total = total;
	v->mover.errors = 0;
	v->mover.ended = MOVER_ENDED_NOT;
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
	if (v->mover.job.kind == REKEY_JOB_NONE) {
		/* they may have been drained before */
		if (job->kind == REKEY_JOB_DRAIN) {
			mover_mark_device(v, job->from, false);
			mover_mark_device(v, job->to, false);
		}
		err = mover_write_job(v, job, error);
	}
	if (!err) {
		mover_settled(v);
		mover_use_device(v, job, PLACE_DRAINING);
		if (job->kind == REKEY_JOB_DRAIN)
			places_use(&v->places, job->to, PLACE_OPEN);
		mover_reset(v, job);
		mover_begin(v);
	}
	mutex_unlock(&v->job_lock);
	volume_kick(v);
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
	job = v->mover.job;
	job.state = REKEY_JOB_PAUSED;
	if (job.kind != REKEY_JOB_NONE)
		err = mover_write_job(v, &job, error);
	if (!err)
		mover_set_state(v, MOVER_PAUSED);
	mutex_unlock(&v->job_lock);
	if (!err) {
		wait_event(v->change_wait, mover_is_still(v));
		volume_notify(v);
	}
	return err;
}

/**
 * mover_resume() - go on after a pause, an error, or the opening
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
	job = v->mover.job;
	job.state = REKEY_JOB_GOES_ON;
	if (job.kind != REKEY_JOB_NONE)
		err = mover_write_job(v, &job, error);
	if (!err) {
		mover_settled(v);
		mover_begin(v);
	}
	mutex_unlock(&v->job_lock);
	volume_kick(v);
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
	job = v->mover.job;
	if (job.kind != REKEY_JOB_NONE)
		err = mover_write_job(v, &none, error);
	if (!err) {
		mover_use_device(v, &job, PLACE_OPEN);
		mover_set_state(v, MOVER_IDLE);
	}
	mutex_unlock(&v->job_lock);
	if (!err) {
		wait_event(v->change_wait, mover_is_still(v));
		mover_ended(v, &job, MOVER_ENDED_ABORTED);
		volume_notify(v);
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
	if (mover_state(v) == MOVER_NO_KEY)
		mover_begin(v);
	mutex_unlock(&v->job_lock);
	volume_kick(v);
}

/**
 * mover_activate() - take up the job of the superblock
 * @v: about to be active; nothing moves before mover_kick()
 */
void mover_activate(struct rekey_volume *v)
{
	mutex_lock(&v->job_lock);
	v->mover.mended = false;
	mover_set_job(v, &v->meta.sb.job);
	mover_use_device(v, &v->mover.job, PLACE_DRAINING);
	mover_reset(v, &v->mover.job);
	mover_begin(v);
	mutex_unlock(&v->job_lock);
}

/**
 * mover_stop() - start nothing more; what is under way goes on
 * @v: with @stopping or @halted set
 */
void mover_stop(struct rekey_volume *v)
{
	cancel_delayed_work_sync(&v->mover_work);
}

/**
 * mover_show() - what there is to be shown
 * @v: active
 * @ended: a job that has ended is told of: not once more
 * @mover: set to a snapshot
 *
 * Any context that does not have interrupts off.
 */
void mover_show(struct rekey_volume *v, bool ended, struct rekey_mover *mover)
{
	spin_lock_irq(&v->lock);
	*mover = v->mover;
	if (ended)
		v->mover.ended = MOVER_ENDED_NOT;
	spin_unlock_irq(&v->lock);
}

/**
 * mover_uses_slot() - is a slot one of the job's?
 * @v: active
 * @slot: its number
 *
 * Return: true where it is.
 */
bool mover_uses_slot(struct rekey_volume *v, u32 slot)
{
	struct rekey_mover mover;

	mover_show(v, false, &mover);
	return mover.job.kind == REKEY_JOB_REKEY &&
	       (mover.job.from == slot || mover.job.to == slot);
}
