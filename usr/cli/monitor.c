// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "env/watch.h"
#include "monitor.h"
#include "peer/watch.h"
#include "usb/watch.h"
#include "volume/watch.h"

static const struct monitor_kind *const kinds[] = {
	&usb_watch, &volume_watch, &peer_watch, &env_watch
};

#define N_KINDS	(sizeof(kinds) / sizeof(*kinds))

/* How each thing was when it was told of last: after a loss of events the
 * difference can be told. */
struct watch {
	const struct monitor_kind *kind;
	struct out *out;
	struct channel requests;
	struct channel events;
	void *thing;		/* the one that is being looked at */
	char *things;
	bool *seen;		/* during a resynchronisation: still there? */
	size_t n;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* In UTC for programs, as the clock on the wall for people. */
static void show_time(struct out *out)
{
	struct timespec now;
	char text[40], day[24];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out->json)
		gmtime_r(&now.tv_sec, &tm);
	else
		localtime_r(&now.tv_sec, &tm);
	strftime(day, sizeof(day), out->json ? "%FT%T" : "%F %T", &tm);
	snprintf(text, sizeof(text), "%s.%03d%s", day,
		 (int)(now.tv_nsec / 1000000), out->json ? "Z" : "");
	out_string(out, "time", "%s ", text);
}

static void show(struct watch *watch, const void *thing)
{
	out_object_begin(watch->out, NULL);
	show_time(watch->out);
	out_string(watch->out, "event", NULL, watch->kind->name);
	watch->kind->show(watch->out, thing);
	out_text(watch->out, "\n");
	out_object_end(watch->out);
}

static char *at(const struct watch *watch, size_t i)
{
	return watch->things + i * watch->kind->size;
}

static size_t find(const struct watch *watch, const void *thing)
{
	size_t i;

	for (i = 0; i < watch->n && !watch->kind->is_same(at(watch, i), thing);
	     i++)
		;
	return i;
}

static void forget(struct watch *watch, size_t i)
{
	watch->n--;
	memmove(at(watch, i), at(watch, watch->n), watch->kind->size);
	watch->seen[i] = watch->seen[watch->n];
}

/* Returns the place of @thing. */
static size_t remember(struct watch *watch, const void *thing)
{
	size_t i = find(watch, thing);

	if (i == watch->n) {
		watch->things = realloc(watch->things,
					(i + 1) * watch->kind->size);
		watch->seen = realloc(watch->seen, i + 1);
		if (!watch->things || !watch->seen)
			abort();
		watch->n++;
	}
	memcpy(at(watch, i), thing, watch->kind->size);
	return i;
}

static void event(struct nl_msg *msg, void *arg)
{
	struct watch *watch = arg;
	void *thing = watch->thing;
	size_t i;

	if (watch->kind->parse(msg, thing))
		return;
	show(watch, thing);
	i = remember(watch, thing);
	if (watch->kind->is_gone(thing))
		forget(watch, i);
}

/* --- after a loss of events ------------------------------------------------ */

static void dump_begin(void *arg)
{
	struct watch *watch = arg;

	memset(watch->seen, 0, watch->n);
}

static void dump_first(struct nl_msg *msg, void *arg)
{
	struct watch *watch = arg;
	void *thing = watch->thing;

	if (!watch->kind->parse(msg, thing))
		watch->seen[remember(watch, thing)] = true;
}

static void dump_again(struct nl_msg *msg, void *arg)
{
	struct watch *watch = arg;
	void *thing = watch->thing;
	size_t i;

	if (watch->kind->parse(msg, thing))
		return;
	i = find(watch, thing);
	if (i == watch->n || watch->kind->has_changed(at(watch, i), thing))
		show(watch, thing);
	watch->seen[remember(watch, thing)] = true;
}

static int dump(struct watch *watch, channel_fn fn, struct error *err)
{
	const struct channel_dump how = {
		.request = watch->kind->dump,
		.begin = dump_begin,
		.fn = fn,
		.arg = watch,
		.what = watch->kind->refused,
	};

	return channel_dump(&watch->requests, &how, err);
}

/* Tells what has changed while events were lost. */
static int resync(struct watch *watch, struct error *err)
{
	size_t i;
	int ret;

	out_object_begin(watch->out, NULL);
	show_time(watch->out);
	out_string(watch->out, "event", NULL, "lost");
	out_text(watch->out,
		 "events were lost; this is what has changed:\n");
	out_object_end(watch->out);

	ret = dump(watch, dump_again, err);
	for (i = watch->n; !ret && i-- > 0;) {
		if (watch->seen[i])
			continue;
		watch->kind->set_gone(at(watch, i));
		show(watch, at(watch, i));
		forget(watch, i);
	}
	return ret;
}

/* --- life ------------------------------------------------------------------ */

static int watch_open(struct watch *watch, struct error *err)
{
	int ret = channel_open(&watch->requests, watch->kind->family, err);

	if (ret)
		return ret;
	/* One to begin with: no allocation can come to nothing. */
	watch->things = malloc(watch->kind->size);
	watch->thing = malloc(watch->kind->size);
	watch->seen = malloc(1);
	if (!watch->things || !watch->thing || !watch->seen)
		abort();
	ret = channel_listen(&watch->events, watch->kind->family, err);
	/* The events are subscribed to already, so nothing falls between. */
	return ret ? ret : dump(watch, dump_first, err);
}

static void watch_close(struct watch *watch)
{
	channel_close(&watch->events);
	channel_close(&watch->requests);
	free(watch->things);
	free(watch->thing);
	free(watch->seen);
}

static int watch_read(struct watch *watch, struct error *err)
{
	int ret = channel_read(&watch->events, event, watch, err);

	return ret == -ENOBUFS ? resync(watch, err) : ret;
}

static int watch_run(struct watch *watch, size_t n, const sigset_t *mask,
		     struct error *err)
{
	/* Nobody reads any more: an error, which poll() tells unasked. */
	struct pollfd pfd[N_KINDS + 1] = { { .fd = STDOUT_FILENO } };
	int ret = 0;
	size_t i;

	for (i = 0; i < n; i++)
		pfd[i + 1] = (struct pollfd){
			.fd = channel_fd(&watch[i].events),
			.events = POLLIN,
		};
	while (!ret && !stop && !(pfd[0].revents & POLLERR)) {
		if (ppoll(pfd, n + 1, NULL, mask) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(err, errno, "poll: %s",
					 strerror(errno));
		}
		for (i = 0; !ret && i < n; i++)
			if (pfd[i + 1].revents)
				ret = watch_read(&watch[i], err);
		/* main() says why */
		if (out_flush(watch->out))
			break;
	}
	return ret;
}

/* Signals come in ppoll() alone, so none is missed. */
static void catch_signals(sigset_t *mask)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

/* Marks what the operands name; without any, all. Returns an exit code. */
static int choose(const struct run *run, bool chosen[N_KINDS])
{
	int i;
	size_t k;

	for (k = 0; k < N_KINDS; k++)
		chosen[k] = !run->argc;
	for (i = 0; i < run->argc; i++) {
		for (k = 0; k < N_KINDS; k++)
			if (*run->argv[i] &&
			    !strncmp(kinds[k]->object, run->argv[i],
				     strlen(run->argv[i])))
				break;
		if (k == N_KINDS)
			return usage("there is no object \"%s\" to watch: there are usb, volume, peer and env",
				     run->argv[i]);
		chosen[k] = true;
	}
	return EXIT_DONE;
}

/*
 * Opens what was chosen; returns 0 and how many in @n. A module that is not
 * there, or not for us, has nothing to tell, unless it was asked for by name.
 */
static int open_all(const struct run *run, const bool chosen[N_KINDS],
		    struct watch *watch, size_t *n, struct error *err)
{
	size_t i;
	int ret;

	for (i = 0; i < N_KINDS; i++) {
		if (!chosen[i])
			continue;
		watch[*n].kind = kinds[i];
		watch[*n].out = run->out;
		ret = watch_open(&watch[*n], err);
		if (!ret) {
			(*n)++;
			continue;
		}
		watch_close(&watch[*n]);
		if (run->argc || (ret != -ENOENT && ret != -EPERM))
			return ret;
	}
	if (*n)
		return 0;
	return error_set(err, ENOENT,
			 "there is nothing to watch: none of the kernel modules hearth_vhci, dm-rekey and hearth is loaded, and they did not load by themselves");
}

static int run_monitor(struct run *run)
{
	struct watch watch[N_KINDS] = { 0 };
	bool chosen[N_KINDS];
	struct error err;
	sigset_t mask;
	size_t n = 0;
	int ret;

	if (verb_option(run) == '?')
		return run->code;
	ret = choose(run, chosen);
	if (ret)
		return ret;
	catch_signals(&mask);
	ret = open_all(run, chosen, watch, &n, &err);
	if (!ret)
		ret = watch_run(watch, n, &mask, &err);
	while (n)
		watch_close(&watch[--n]);
	return ret ? refused(&err) : EXIT_DONE;
}

const struct verb monitor_verb = {
	.name = "monitor",
	.what = "what happens, as it happens",
	.synopsis = "[usb|volume|peer|env]...",
	.help =
	"Prints a line with the time whenever a port (usb), a volume, a peer that the kernel\n"
	"knows or a sealed environment (env) changes, until SIGINT or SIGTERM, or until\n"
	"nobody reads any more. With -j each is a JSON object in a line. Volumes and\n"
	"envs are told of to root alone.\n",
	.most = -1,
	.run = run_monitor,
};
