// SPDX-License-Identifier: GPL-2.0
/* Messages and status; both are described in Documentation/internals/rekey.rst. */
#include <linux/device-mapper.h>

#include "../compat/compat.h"
#include "message.h"
#include "move.h"
#include "sweep.h"

#define DM_MSG_PREFIX "rekey"

struct message {
	const char *words;	/* "key load", or "rate" */
	unsigned int args[2];	/* least and most behind the words */
	bool writes;		/* needs an active volume that can be written */
	int (*run)(struct rekey_volume *v, unsigned int argc, char **argv,
		   char **error);
};

static int parse_slot(const char *arg, u32 *slot, char **error)
{
	*error = "Bad slot";
	return kstrtou32(arg, 10, slot) || *slot >= REKEY_SLOTS ? -EINVAL : 0;
}

static int parse_range(struct rekey_volume *v, char **argv, u64 *first,
		       u64 *count, char **error)
{
	*error = "Bad range of regions";
	if (kstrtou64(argv[0], 10, first) || kstrtou64(argv[1], 10, count) ||
	    *first >= v->regions || !*count || *count > v->regions - *first)
		return -EINVAL;
	return 0;
}

/* --- keys ------------------------------------------------------------------------- */

static int key_load(struct rekey_volume *v, unsigned int argc, char **argv,
		    char **error)
{
	u32 slot;
	int err;

	err = parse_slot(argv[0], &slot, error);
	if (!err)
		err = slot_load(&v->slots, slot, argv[1], v->active, error);
	if (err && v->active)
		volume_failed(v, "slot table", err);
	if (!err && v->active)
		mover_key_loaded(v);
	return err;
}

static int key_evict(struct rekey_volume *v, unsigned int argc, char **argv,
		     char **error)
{
	u32 slot;
	int err;

	err = parse_slot(argv[0], &slot, error);
	*error = err ? *error : "No key is loaded";
	if (!err && !slot_evict(&v->slots, slot))
		err = -ENOKEY;
	return err;
}

static int erase(struct rekey_volume *v, unsigned int argc, char **argv,
		 char **error)
{
	u32 slot;
	int err;

	err = parse_slot(argv[0], &slot, error);
	if (err)
		return err;
	*error = "The slot is free";
	if (meta_slot_state(&v->meta, slot) == REKEY_SLOT_FREE)
		return -ENOENT;
	return sweep_erase(v, slot, error);
}

static int assign(struct rekey_volume *v, unsigned int argc, char **argv,
		  char **error)
{
	u64 first, count;
	u32 slot;
	int err;

	err = parse_range(v, argv, &first, &count, error);
	if (!err)
		err = parse_slot(argv[2], &slot, error);
	if (!err)
		err = sweep_assign(v, first, count, slot, error);
	return err;
}

/* --- jobs ------------------------------------------------------------------------- */

/* Without a range: all regions. */
static int parse_job_range(struct rekey_volume *v, unsigned int argc,
			   char **argv, struct rekey_job *job, char **error)
{
	job->first = 0;
	job->count = v->regions;
	if (!argc)
		return 0;
	*error = "A range is a first region and a count";
	if (argc != 2)
		return -EINVAL;
	return parse_range(v, argv, &job->first, &job->count, error);
}

static int rekey_start(struct rekey_volume *v, unsigned int argc, char **argv,
		       char **error)
{
	struct rekey_job job = { .kind = REKEY_JOB_REKEY };
	int err;

	err = parse_slot(argv[0], &job.from, error);
	if (!err)
		err = parse_slot(argv[1], &job.to, error);
	if (!err)
		err = parse_job_range(v, argc - 2, argv + 2, &job, error);
	if (err)
		return err;
	*error = "From a slot to itself";
	if (job.from == job.to)
		return -EINVAL;
	*error = "The keys of both slots must be loaded";
	if (!slot_loaded(&v->slots, job.from) ||
	    !slot_loaded(&v->slots, job.to))
		return -ENOKEY;
	return mover_start(v, &job, error);
}

static int parse_device(struct rekey_volume *v, const char *arg, u32 *device,
			char **error)
{
	*error = "No such device";
	return kstrtou32(arg, 10, device) || *device >= v->places.devices ||
	       !v->places.device[*device].dm ? -EINVAL : 0;
}

static int drain(struct rekey_volume *v, unsigned int argc, char **argv,
		 char **error)
{
	struct rekey_job job = { .kind = REKEY_JOB_DRAIN };
	int err;

	err = parse_device(v, argv[0], &job.from, error);
	if (!err)
		err = parse_device(v, argv[1], &job.to, error);
	if (!err)
		err = parse_job_range(v, argc - 2, argv + 2, &job, error);
	if (err)
		return err;
	*error = "From a device to itself";
	return job.from == job.to ? -EINVAL : mover_start(v, &job, error);
}

/*
 * What was adopted has none, as its first place held the old header: till that is
 * gone.
 */
static int give_label(struct rekey_volume *v, unsigned int argc, char **argv,
		      char **error)
{
	struct rekey_device *dev;
	u32 device;
	int err;

	err = parse_device(v, argv[0], &device, error);
	if (err)
		return err;
	dev = &v->places.device[device];
	if (dev->label)
		return 0;
	*error = "A region lies at the first place of the device, or what is left of one";
	if (!dev->places || !places_take_label(&v->places, device))
		return -EBUSY;
	mutex_lock(&v->meta.lock);
	err = meta_give_label(&v->meta, dev->dm->bdev, dev->start, device);
	mutex_unlock(&v->meta.lock);
	*error = "The label cannot be written";
	if (err)
		volume_failed(v, "label", err);
	return err;
}

static int rekey_pause(struct rekey_volume *v, unsigned int argc, char **argv,
		       char **error)
{
	return mover_pause(v, error);
}

static int rekey_resume(struct rekey_volume *v, unsigned int argc, char **argv,
			char **error)
{
	return mover_resume(v, error);
}

static int rekey_abort(struct rekey_volume *v, unsigned int argc, char **argv,
		       char **error)
{
	return mover_abort(v, error);
}

static int set_rate(struct rekey_volume *v, unsigned int argc, char **argv,
		    char **error)
{
	u32 kib;

	*error = "Bad rate";
	if (kstrtou32(argv[0], 10, &kib))
		return -EINVAL;
	mover_set_rate(v, kib);
	return 0;
}

static const struct message messages[] = {
	{ "key load",	  { 2, 2 }, false, key_load },
	{ "key evict",	  { 1, 1 }, false, key_evict },
	{ "erase",	  { 1, 1 }, true,  erase },
	{ "assign",	  { 3, 3 }, true,  assign },
	{ "rekey start",  { 2, 4 }, true,  rekey_start },
	{ "rekey pause",  { 0, 0 }, true,  rekey_pause },
	{ "rekey resume", { 0, 0 }, true,  rekey_resume },
	{ "rekey abort",  { 0, 0 }, true,  rekey_abort },
	{ "drain",	  { 2, 4 }, true,  drain },
	{ "label",	  { 1, 1 }, true,  give_label },
	{ "rate",	  { 1, 1 }, false, set_rate },
};

/* How many words of argv a message's name is; 0: it is another one. */
static unsigned int match_words(const char *words, unsigned int argc,
				char **argv)
{
	const char *space = strchr(words, ' ');
	size_t len = space ? space - words : strlen(words);

	if (!argc || strlen(argv[0]) != len || strncasecmp(argv[0], words, len))
		return 0;
	if (!space)
		return 1;
	return argc > 1 && !strcasecmp(argv[1], space + 1) ? 2 : 0;
}

static int run_one(struct rekey_volume *v, const struct message *m,
		   unsigned int argc, char **argv, char **error)
{
	*error = "Wrong number of arguments";
	if (argc < m->args[0] || argc > m->args[1])
		return -EINVAL;
	if (m->writes) {
		*error = "The volume is suspended";
		if (!v->active || READ_ONCE(v->stopping))
			return -EBUSY;
		*error = "The volume is read-only";
		if (volume_readonly(v))
			return -EROFS;
		*error = "A hibernation is under way";
		if (READ_ONCE(v->halted))
			return -EBUSY;
	}
	return m->run(v, argc, argv, error);
}

/**
 * message_run() - do what a message asks for
 * @v: the volume
 * @argc: words
 * @argv: the words
 *
 * Return: 0 or a negative errno, with a message in the log.
 */
int message_run(struct rekey_volume *v, unsigned int argc, char **argv)
{
	char *error = "Unknown message";
	int err = -EINVAL;
	unsigned int i, n;

	mutex_lock(&v->message);
	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		n = match_words(messages[i].words, argc, argv);
		if (!n)
			continue;
		err = run_one(v, &messages[i], argc - n, argv + n, &error);
		break;
	}
	mutex_unlock(&v->message);
	if (err)
		DMERR("%s: %s refused: %s: %d", volume_name(v), argv[0], error,
		      err);
	return err;
}

/* --- status ------------------------------------------------------------------------- */

static const char * const slot_state_name[] = {
	[REKEY_SLOT_FREE] = "free",
	[REKEY_SLOT_USED] = "locked",
	[REKEY_SLOT_ERASED] = "erasing",
};

static const char * const mover_state_name[] = {
	[MOVER_IDLE] = "idle",
	[MOVER_WAITING] = "waiting",
	[MOVER_RUNNING] = "running",
	[MOVER_PAUSED] = "paused",
	[MOVER_NO_KEY] = "no-key",
	[MOVER_NO_SPACE] = "no-space",
	[MOVER_ERROR] = "error",
	[MOVER_INCOMPLETE] = "incomplete",
};

/* Counted first, without @result: their number comes before them. */
static unsigned int status_slots(struct rekey_volume *v, char *result,
				 unsigned int sz, unsigned int maxlen, u32 *n)
{
	u32 i;

	for (i = 0; i < REKEY_SLOTS; i++) {
		u32 state = meta_slot_state(&v->meta, i);

		if (state == REKEY_SLOT_FREE)
			continue;
		if (result && *n)
			DMEMIT(" %u:%s:%llu", i, slot_loaded(&v->slots, i) ?
			       "loaded" : slot_state_name[state],
			       slot_regions(&v->slots, i));
		/* one that came meanwhile is not shown */
		*n += result ? -!!*n : 1;
	}
	return sz;
}

static unsigned int status_job(struct rekey_volume *v, char *result,
			       unsigned int sz, unsigned int maxlen)
{
	const char * const kind[] = { "none", "rekey", "drain" };
	struct rekey_mover mover;
	struct rekey_job *job = &mover.job;

	mover_show(v, false, &mover);
	DMEMIT(" %s", kind[job->kind]);
	if (job->kind != REKEY_JOB_NONE)
		DMEMIT(" %u %u %llu %llu", job->from, job->to, job->first,
		       job->count);
	DMEMIT(" %s %llu %llu %u %llu %u", mover_state_name[mover.state],
	       mover.moved, mover_todo(v, job), mover.under_way, mover.errors,
	       READ_ONCE(v->rate));
	return sz;
}

/**
 * message_status() - the status line
 * @v: the volume
 * @result: where it goes
 * @maxlen: bytes there
 *
 * Takes snapshots: who waits for a device holds nothing that is needed here.
 */
void message_status(struct rekey_volume *v, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;
	u64 free, places;
	u32 n = 0;

	if (!READ_ONCE(v->active)) {
		DMEMIT("suspended");
		return;
	}
	places_count(&v->places, &free, &places);
	status_slots(v, NULL, 0, 0, &n);
	DMEMIT("%s %u %llu/%llu %llu/%llu %u", volume_readonly(v) ? "ro" : "rw",
	       v->region_sectors, slots_regions(&v->slots), v->regions, free,
	       places, n);
	sz = status_slots(v, result, sz, maxlen, &n);
	sz = status_job(v, result, sz, maxlen);
	DMEMIT(" %s %llu", v->cipher.driver, places_stale(&v->places));
}
