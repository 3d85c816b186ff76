// SPDX-License-Identifier: GPL-2.0
/* Messages and status; both are described in Documentation/internals/rekey.rst. */
#include <linux/device-mapper.h>

#include "../compat/compat.h"
#include "message.h"
#include "move.h"
#include "slot.h"

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
		err = slot_load(v, slot, argv[1], error);
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
	if (!err && !slot_evict(v, slot))
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
	if (v->meta.slot[slot].state == REKEY_SLOT_FREE)
		return -ENOENT;
	return mover_erase(v, slot, error);
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
		err = mover_assign(v, first, count, slot, error);
	return err;
}

/* --- jobs ------------------------------------------------------------------------- */

static int rekey_start(struct rekey_volume *v, unsigned int argc, char **argv,
		       char **error)
{
	struct rekey_job job = {
		.kind = REKEY_JOB_REKEY,
		.count = v->regions,
	};
	int err;

	err = parse_slot(argv[0], &job.from, error);
	if (!err)
		err = parse_slot(argv[1], &job.to, error);
	if (!err && argc == 3) {
		*error = "A range is a first region and a count";
		err = -EINVAL;
	}
	if (!err && argc == 4)
		err = parse_range(v, argv + 2, &job.first, &job.count, error);
	if (err)
		return err;
	*error = "From a slot to itself";
	if (job.from == job.to)
		return -EINVAL;
	*error = "The keys of both slots must be loaded";
	if (!slot_loaded(v, job.from) || !slot_loaded(v, job.to))
		return -ENOKEY;
	return mover_start(v, &job, error);
}

static int parse_device(struct rekey_volume *v, const char *arg, u32 *device,
			char **error)
{
	*error = "No such device";
	return kstrtou32(arg, 10, device) || *device >= v->devices ||
	       !v->device[*device].dm ? -EINVAL : 0;
}

static int move(struct rekey_volume *v, unsigned int argc, char **argv,
		char **error)
{
	struct rekey_job job = {
		.kind = REKEY_JOB_MOVE,
		.count = v->regions,
	};
	int err;

	err = parse_device(v, argv[0], &job.from, error);
	if (!err)
		err = parse_device(v, argv[1], &job.to, error);
	if (err)
		return err;
	*error = "From a device to itself";
	return job.from == job.to ? -EINVAL : mover_start(v, &job, error);
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
	{ "move",	  { 2, 2 }, true,  move },
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

static int run_message(struct rekey_volume *v, const struct message *m,
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
		if (READ_ONCE(v->failed))
			return -EROFS;
	}
	return m->run(v, argc, argv, error);
}

/**
 * volume_message() - do what a message asks for
 * @v: the volume
 * @argc: words
 * @argv: the words
 *
 * Return: 0 or a negative errno, with a message in the log.
 */
int volume_message(struct rekey_volume *v, unsigned int argc, char **argv)
{
	char *error = "Unknown message";
	int err = -EINVAL;
	unsigned int i, n;

	mutex_lock(&v->message);
	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		n = match_words(messages[i].words, argc, argv);
		if (!n)
			continue;
		err = run_message(v, &messages[i], argc - n, argv + n, &error);
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
	[REKEY_MOVER_IDLE] = "idle",
	[REKEY_MOVER_RUNNING] = "running",
	[REKEY_MOVER_PAUSED] = "paused",
	[REKEY_MOVER_NO_KEY] = "no-key",
	[REKEY_MOVER_NO_SPACE] = "no-space",
	[REKEY_MOVER_ERROR] = "error",
};

static u32 slots_shown(struct rekey_volume *v)
{
	u32 i, n = 0;

	for (i = 0; i < REKEY_SLOTS; i++)
		n += v->meta.slot[i].state != REKEY_SLOT_FREE;
	return n;
}

static void status_places(struct rekey_volume *v, u64 *free, u64 *places)
{
	u32 i;

	*free = 0;
	*places = 0;
	spin_lock_irq(&v->lock);
	for (i = 0; i < v->devices; i++) {
		*free += v->device[i].free;
		*places += v->device[i].places;
	}
	spin_unlock_irq(&v->lock);
}

static unsigned int status_slots(struct rekey_volume *v, char *result,
				 unsigned int sz, unsigned int maxlen)
{
	u32 i;

	DMEMIT(" %u", slots_shown(v));
	for (i = 0; i < REKEY_SLOTS; i++) {
		if (v->meta.slot[i].state == REKEY_SLOT_FREE)
			continue;
		DMEMIT(" %u:%s:%lld", i, slot_loaded(v, i) ? "loaded" :
		       slot_state_name[v->meta.slot[i].state],
		       (long long)atomic64_read(&v->slot[i].regions));
	}
	return sz;
}

static unsigned int status_job(struct rekey_volume *v, char *result,
			       unsigned int sz, unsigned int maxlen)
{
	const char * const kind[] = { "none", "rekey", "move" };
	struct rekey_mover mover;
	struct rekey_job job;

	mutex_lock(&v->job_lock);
	job = v->meta.sb.job;
	spin_lock_irq(&v->lock);
	mover = v->mover;
	spin_unlock_irq(&v->lock);
	mutex_unlock(&v->job_lock);
	DMEMIT(" %s", kind[job.kind]);
	if (job.kind != REKEY_JOB_NONE)
		DMEMIT(" %u %u %llu %llu", job.from, job.to, job.first,
		       job.count);
	DMEMIT(" %s %llu %llu %u %llu %u", mover_state_name[mover.state],
	       mover.moved, mover_todo(v, &job), mover.under_way, mover.errors,
	       READ_ONCE(v->rate));
	return sz;
}

/**
 * volume_status() - the status line
 * @v: the volume
 * @result: where it goes
 * @maxlen: bytes there
 */
void volume_status(struct rekey_volume *v, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;
	u64 free, places;

	/* a message may hold its lock for long: so this one is not taken */
	if (!READ_ONCE(v->active)) {
		DMEMIT("suspended");
		return;
	}
	mutex_lock(&v->meta.lock);
	status_places(v, &free, &places);
	DMEMIT("%s %u %llu/%llu %llu/%llu", READ_ONCE(v->failed) ? "ro" : "rw",
	       v->region_sectors, volume_written(v), v->regions, free, places);
	sz = status_slots(v, result, sz, maxlen);
	mutex_unlock(&v->meta.lock);
	sz = status_job(v, result, sz, maxlen);
	DMEMIT(" %s", v->cipher.driver);
}

static unsigned int table_keys(struct rekey_volume *v, char *result,
			       unsigned int sz, unsigned int maxlen, u32 *n)
{
	struct rekey_key *key;
	u32 i;

	rcu_read_lock();
	for (i = 0; i < REKEY_SLOTS; i++) {
		key = rcu_dereference(v->slot[i].key);
		if (!key)
			continue;
		if (result)
			DMEMIT(" key:%u:%s", i, key->source);
		++*n;
	}
	rcu_read_unlock();
	return sz;
}

/**
 * volume_table() - the table line, from which the volume can be opened again
 * @v: the volume
 * @result: where it goes
 * @maxlen: bytes there
 *
 * Keys are told by their descriptions.
 */
void volume_table(struct rekey_volume *v, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;
	u32 i, n = 3;

	DMEMIT("%s %s %u", v->meta_dm->name, v->cipher.name, v->devices);
	for (i = 0; i < v->devices; i++)
		DMEMIT(" %s %llu",
		       v->device[i].dm ? v->device[i].dm->name : "-",
		       (unsigned long long)v->device[i].start);
	n += v->cipher.large_iv + v->no_read_workqueue +
	     v->no_write_workqueue + v->allow_discards + v->high_priority +
	     !!v->rate + !!v->meta_start;
	table_keys(v, NULL, 0, 0, &n);
	DMEMIT(" %u meta_key:%s region_size:%u sector_size:%u", n, v->meta_key,
	       v->region_sectors, v->cipher.sector_size);
	if (v->meta_start)
		DMEMIT(" meta_offset:%llu", (unsigned long long)v->meta_start);
	if (v->cipher.large_iv)
		DMEMIT(" iv_large_sectors");
	if (v->no_read_workqueue)
		DMEMIT(" no_read_workqueue");
	if (v->no_write_workqueue)
		DMEMIT(" no_write_workqueue");
	if (v->allow_discards)
		DMEMIT(" allow_discards");
	if (v->high_priority)
		DMEMIT(" high_priority");
	if (v->rate)
		DMEMIT(" rate:%u", v->rate);
	table_keys(v, result, sz, maxlen, &n);
}
