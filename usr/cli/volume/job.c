// SPDX-License-Identifier: GPL-2.0
/* Rekeys and moves: begun, held, waited for. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../format/number.h"
#include "volume.h"

#define POLL_NS		250000000L
#define BAR		30	/* characters */

/* --- waiting ------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct progress {
	uint64_t start_ms, start_moved, all;
	unsigned int shown;	/* percent, of plain lines */
	bool terminal;
};

static void draw(struct progress *p, const struct mapper_volume *dm)
{
	const struct status *s = &dm->status;
	uint64_t ms = now_ms() - p->start_ms, done = s->moved, rate = 0;
	unsigned int percent, bar, i;
	char size[32], left[32];

	p->all = s->moved + s->todo;
	percent = p->all ? (unsigned int)(done * 100 / p->all) : 100;
	if (ms)		/* sectors a second */
		rate = (done - p->start_moved) * s->region * 1000 / ms;
	volume_time_text(rate ? s->todo * s->region / rate : 0, left);
	volume_size_text(rate, size);
	if (!p->terminal) {
		if (!rate || (percent / 10 == p->shown / 10 && p->shown))
			return;
		p->shown = percent ? percent : 1;
		fprintf(stderr, "%s: %u%%, %s/s, %s left\n", dm->name, percent,
			size, left);
		return;
	}
	bar = percent * BAR / 100;
	fprintf(stderr, "\r%s: [", dm->name);
	for (i = 0; i < BAR; i++)
		fputc(i < bar ? '#' : '.', stderr);
	fprintf(stderr, "] %3u%%  %s/s  %s left   ", percent, size,
		rate ? left : "?");
	fflush(stderr);
}

/* Until there is no job, or it cannot go on, or Ctrl-C. */
static int watch(const char *name, struct error *err)
{
	const struct timespec step = { .tv_nsec = POLL_NS };
	struct progress p = { .terminal = isatty(STDERR_FILENO) };
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	int ret = dm ? mapper_get(name, dm, err) :
		  error_set(err, ENOMEM, "no memory");

	if (!ret)
		p.start_moved = dm->status.moved;
	p.start_ms = now_ms();
	while (!ret && !interrupted && dm->status.job != STATUS_NONE &&
	       !strcmp(dm->status.state, "running")) {
		draw(&p, dm);
		nanosleep(&step, NULL);
		ret = mapper_get(name, dm, err);
	}
	if (!ret && p.terminal && dm->status.job == STATUS_NONE)
		draw(&p, dm);
	if (p.terminal)
		fputc('\n', stderr);
	if (!ret && interrupted)
		ret = error_set(err, EINTR,
				"the job of %s goes on: hearth volume status %s",
				name, name);
	else if (!ret && dm->status.job != STATUS_NONE)
		ret = error_set(err, EAGAIN, "the job of %s does not go on: %s",
				name, dm->status.suspended ? "suspended" :
				dm->status.state);
	free(dm);
	return ret;
}

int volume_wait(struct out *out, const char *name, const char *header_path)
{
	struct sigaction act = { .sa_handler = interrupt }, old;
	struct volume *v = calloc(1, sizeof(*v));
	struct error err;
	int ret;

	if (!v)
		abort();
	sigaction(SIGINT, &act, &old);
	ret = watch(name, &err);
	sigaction(SIGINT, &old, NULL);
	/* which erases the old slot of a rekey */
	if (!ret)
		ret = volume_get(v, name, header_path, &err);
	if (!ret) {
		volume_put(v);
		out_object_begin(out, NULL);
		out_string(out, "name", "%s: ", name);
		out_string(out, "state", "%s\n", "done");
		out_object_end(out);
	}
	free(v);
	return ret ? refused(&err) : EXIT_DONE;
}

/* --- rekey ----------------------------------------------------------------------- */

static int which_from(const struct volume_options *o, const struct keys *keys,
		      struct error *err)
{
	if (o->from >= 0) {
		if (keys_find(keys, (uint32_t)o->from))
			return o->from;
		return error_set(err, EINVAL, "slot %d is not one of %s",
				 o->from, keys->user);
	}
	if (keys->n > 1)
		return error_set(err, EINVAL,
				 "%s has several slots: say which, with --from (slot list shows them)",
				 keys->user);
	return (int)keys->slot[0].slot;
}

/* A slot that is there, or a new one with a key of its own. */
static int which_to(struct volume *v, const struct volume_options *o,
		    const struct keys *keys, const struct secret *pass,
		    struct error *err)
{
	const struct secret *old;
	struct secret key;
	int ret;

	if (o->to >= 0) {
		old = keys_find(keys, (uint32_t)o->to);
		if (!old)
			return error_set(err, EINVAL, "slot %d is not one of %s",
					 o->to, keys->user);
		ret = volume_load_key(v, (uint32_t)o->to, old, err);
		return ret ? ret : o->to;
	}
	ret = keys_make(keys, &v->header, &key, err);
	if (ret)
		return ret;
	ret = volume_add_slot(v, keys->user, &key, pass, &o->cost, err);
	secret_free(&key);
	return ret;
}

/* A rekey of all of a slot leaves a mark: the old slot is erased behind it. */
static int mark_job(struct volume *v, bool set, uint32_t from, uint32_t to,
		    struct error *err)
{
	v->header.token.job = (struct token_job){ set, from, to };
	return header_write(&v->header, err);
}

static int send_start(const struct volume *v, const struct volume_options *o,
		      uint32_t from, uint32_t to, struct error *err)
{
	static const char what[] = "the kernel does not begin the rekey";

	if (o->has_range)
		return mapper_message(v->dm.name, what, err,
				      "rekey start %u %u %llu %llu", from, to,
				      (unsigned long long)o->first,
				      (unsigned long long)o->count);
	return mapper_message(v->dm.name, what, err, "rekey start %u %u", from,
			      to);
}

/*
 * Order: the new key in the header, in the kernel, the mark, the job. A crash
 * before the job leaves two slots of one user, as an abort does.
 */
static int start(struct volume *v, const struct volume_options *o,
		 const struct keys *keys, const struct secret *pass,
		 uint32_t *slots, struct error *err)
{
	struct error ignored;
	int from, to, ret;

	if (v->dm.status.job != STATUS_NONE)
		return error_set(err, EBUSY,
				 "%s has a job already: wait for it, or abort it",
				 v->dm.name);
	from = which_from(o, keys, err);
	if (from < 0)
		return from;
	if (from == o->to)
		return error_set(err, EINVAL, "from slot %d to itself", from);
	ret = volume_load_key(v, (uint32_t)from,
			      keys_find(keys, (uint32_t)from), err);
	if (ret)
		return ret;
	to = which_to(v, o, keys, pass, err);
	if (to < 0)
		return to;
	slots[0] = (uint32_t)from;
	slots[1] = (uint32_t)to;
	if (o->has_rate)
		ret = mapper_message(v->dm.name, "the kernel does not take the rate",
				     err, "rate %u", o->rate);
	if (!ret && !o->has_range)
		ret = mark_job(v, true, slots[0], slots[1], err);
	if (!ret)
		ret = send_start(v, o, slots[0], slots[1], err);
	if (!ret)
		return 0;
	/* nothing is under a new slot: so it goes again */
	mark_job(v, false, 0, 0, &ignored);
	if (o->to < 0)
		volume_erase(v, slots[1], &ignored);
	return ret;
}

static void show_start(struct out *out, const char *name, const char *user,
		       const uint32_t *slots)
{
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", name);
	out_string(out, "job", "%s begun", "rekey");
	out_string(out, "user", ", of %s", user);
	out_uint(out, "from", " from slot %llu", slots[0]);
	out_uint(out, "to", " to slot %llu\n", slots[1]);
	out_object_end(out);
}

static int rekey(struct volume *v, const struct volume_options *o,
		 struct keys *keys, uint32_t *slots, struct error *err)
{
	struct secret pass;
	int ret;

	ret = volume_unlock(keys, &v->header, o, o->user, &pass, err);
	if (ret)
		return ret;
	ret = start(v, o, keys, &pass, slots, err);
	secret_free(&pass);
	keys_free(keys);
	return ret;
}

int volume_rekey(struct out *out, struct volume_options *o, int argc,
		 char **argv)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct keys keys = { .n = 0 };
	uint32_t slots[2] = { 0 };
	struct error err;
	int ret;

	(void)argc;
	if (!v)
		abort();
	ret = volume_get(v, argv[0], o->header, &err);
	if (!ret) {
		ret = rekey(v, o, &keys, slots, &err);
		volume_put(v);
	}
	free(v);
	if (ret)
		return refused(&err);
	if (o->wait)
		return volume_wait(out, argv[0], o->header);
	show_start(out, argv[0], keys.user, slots);
	return EXIT_DONE;
}

/* --- messages ---------------------------------------------------------------------- */

static void show_state(struct out *out, const char *name, const char *state)
{
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", name);
	out_string(out, "state", "%s\n", state);
	out_object_end(out);
}

/* None of ours is never sent a message. */
static int send_message(const char *name, const char *message,
			struct error *err)
{
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	int ret = dm ? mapper_get(name, dm, err) :
		  error_set(err, ENOMEM, "no memory");

	free(dm);
	return ret ? ret : mapper_message(name, "the kernel refuses", err,
					  "%s", message);
}

int volume_pause(struct out *out, struct volume_options *o, int argc,
		 char **argv)
{
	struct error err;

	(void)o, (void)argc;
	if (send_message(argv[0], "rekey pause", &err))
		return refused(&err);
	show_state(out, argv[0], "paused");
	return EXIT_DONE;
}

int volume_resume(struct out *out, struct volume_options *o, int argc,
		  char **argv)
{
	struct error err;

	(void)argc;
	if (send_message(argv[0], "rekey resume", &err))
		return refused(&err);
	if (o->wait)
		return volume_wait(out, argv[0], o->header);
	show_state(out, argv[0], "resumed");
	return EXIT_DONE;
}

int volume_abort(struct out *out, struct volume_options *o, int argc,
		 char **argv)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct error err;
	int ret;

	(void)argc;
	if (!v)
		abort();
	ret = send_message(argv[0], "rekey abort", &err);
	/* takes the mark away */
	if (!ret)
		ret = volume_get(v, argv[0], o->header, &err);
	if (!ret)
		volume_put(v);
	free(v);
	if (ret)
		return refused(&err);
	show_state(out, argv[0], "aborted");
	return EXIT_DONE;
}

int volume_rate(struct out *out, struct volume_options *o, int argc,
		char **argv)
{
	char message[32];
	struct error err;
	uint64_t rate;

	(void)o, (void)argc;
	if (!number_parse(argv[1], UINT32_MAX, &rate))
		return usage("a rate is a number of KiB/s, 0 for none, not \"%s\"",
			     argv[1]);
	snprintf(message, sizeof(message), "rate %u", (uint32_t)rate);
	if (send_message(argv[0], message, &err))
		return refused(&err);
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", argv[0]);
	out_uint(out, "rate", rate ? "at most %llu KiB/s\n" : "no limit\n",
		 rate);
	out_object_end(out);
	return EXIT_DONE;
}

/* --- evacuate ---------------------------------------------------------------------- */

/* A device by its number or its path: the number, or -EINVAL. */
static int which_device(const struct mapper_volume *dm, const char *text,
			struct error *err)
{
	struct disk disk;
	char number[32];
	uint64_t n;
	uint32_t i;
	int ret;

	if (number_parse(text, TOKEN_DEVICES - 1, &n)) {
		if (n < dm->table.n_devices)
			return (int)n;
		return error_set(err, EINVAL, "%s has no device %s", dm->name,
				 text);
	}
	ret = disk_find(&disk, text, err);
	if (ret)
		return ret;
	disk_number(&disk, number, sizeof(number));
	for (i = 0; i < dm->table.n_devices; i++)
		if (!strcmp(dm->table.devices[i].name, number))
			return (int)i;
	return error_set(err, EINVAL, "%s is no device of %s", text, dm->name);
}

static int evacuate(const struct mapper_volume *dm, char **argv,
		    struct error *err)
{
	int from = which_device(dm, argv[1], err), to;

	if (from < 0)
		return from;
	to = which_device(dm, argv[2], err);
	if (to < 0)
		return to;
	return mapper_message(dm->name, "the kernel does not begin the move",
			      err, "move %d %d", from, to);
}

int volume_evacuate(struct out *out, struct volume_options *o, int argc,
		    char **argv)
{
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	struct error err;
	int ret;

	(void)argc;
	if (!dm)
		abort();
	ret = mapper_get(argv[0], dm, &err);
	if (!ret)
		ret = evacuate(dm, argv, &err);
	free(dm);
	if (ret)
		return refused(&err);
	if (o->wait)
		return volume_wait(out, argv[0], o->header);
	out_object_begin(out, NULL);
	out_string(out, "name", "%s: ", argv[0]);
	out_string(out, "job", "%s begun", "move");
	out_string(out, "from", " from %s", argv[1]);
	out_string(out, "to", " to %s\n", argv[2]);
	out_object_end(out);
	return EXIT_DONE;
}
