// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../format/size.h"
#include "../../volume/job.h"
#include "progress.h"

#define BAR	30	/* characters */

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
	bool begun;
	uint64_t start_ms, start_moved;
	unsigned int shown;	/* percent, of plain lines */
	bool terminal;
	bool stale;		/* said of old places */
};

static void draw_bar(const char *name, unsigned int percent, const char *rate,
		     const char *left)
{
	unsigned int bar = percent * BAR / 100, i;

	fprintf(stderr, "\r%s: [", name);
	for (i = 0; i < BAR; i++)
		fputc(i < bar ? '#' : '.', stderr);
	fprintf(stderr, "] %3u%%  %s/s  %s left   ", percent, rate, left);
	fflush(stderr);
}

/* All is moved, and what lies where it was is overwritten. */
static void draw_stale(struct progress *p, const struct mapper_volume *dm)
{
	const struct status *s = &dm->status;
	char size[SIZE_TEXT];

	size_text(s->stale * s->region * 512, size);
	if (p->terminal)
		fprintf(stderr, "\r%s: all moved, %s of old places to overwrite%*s",
			dm->name, size, BAR, "");
	else if (!p->stale)
		fprintf(stderr, "%s: all moved, %s of old places to overwrite\n",
			dm->name, size);
	p->stale = true;
}

static void draw(const struct mapper_volume *dm, void *arg)
{
	const struct status *s = &dm->status;
	uint64_t ms, all = s->moved + s->todo, rate = 0;
	char size[SIZE_TEXT], left[SIZE_TEXT] = "?";
	struct progress *p = arg;
	unsigned int percent;

	if (p->begun && !s->todo && s->stale) {
		draw_stale(p, dm);
		return;
	}
	if (!p->begun) {
		p->begun = true;
		p->start_moved = s->moved;
		p->start_ms = now_ms();
	}
	ms = now_ms() - p->start_ms;
	percent = all ? (unsigned int)(s->moved * 100 / all) : 100;
	if (ms)		/* bytes a second */
		rate = (s->moved - p->start_moved) * s->region * 512 * 1000 / ms;
	if (rate)
		size_time(s->todo * s->region * 512 / rate, left);
	size_text(rate, size);
	if (p->terminal) {
		draw_bar(dm->name, percent, size, left);
	} else if (rate && (percent / 10 != p->shown / 10 || !p->shown)) {
		p->shown = percent ? percent : 1;
		fprintf(stderr, "%s: %u%%, %s/s, %s left\n", dm->name, percent,
			size, left);
	}
}

static int watch(const char *name, struct error *err)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct progress p = { .terminal = isatty(STDERR_FILENO) };
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	struct sigaction act = { .sa_handler = interrupt }, old[3];
	sigset_t block, mask;
	const struct job_wait wait = {
		.name = name, .show = draw, .arg = &p, .stop = &interrupted,
		.mask = &mask,
	};
	size_t i;
	int ret;

	if (!dm)
		return error_set(err, ENOMEM, "no memory");
	/* they come while it waits alone, so none is missed */
	sigemptyset(&block);
	for (i = 0; i < 3; i++)
		sigaddset(&block, ends[i]);
	sigprocmask(SIG_BLOCK, &block, &mask);
	for (i = 0; i < 3; i++) {
		sigdelset(&mask, ends[i]);
		sigaction(ends[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN || ends[i] == SIGINT)
			sigaction(ends[i], &act, NULL);
	}
	ret = job_wait(&wait, dm, err);
	for (i = 0; i < 3; i++)
		sigaction(ends[i], &old[i], NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (p.terminal && p.begun)
		fputc('\n', stderr);
	free(dm);
	return ret;
}

int progress_wait(struct out *out, const char *name, const char *header_path)
{
	struct volume *v = calloc(1, sizeof(*v));
	struct error err;
	int ret;

	if (!v)
		abort();
	ret = watch(name, &err);
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
