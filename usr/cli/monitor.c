// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/volumes.h"
#include "monitor.h"
#include "usb/port.h"

/* What there is to watch: ports, volumes. */
struct kind {
	const char *name;
	const struct channel_family *family;
	size_t size;		/* of a thing */
	int (*parse)(struct nl_msg *msg, void *thing);
	struct nl_msg *(*dump)(struct channel *chan, void *arg);
	const char *refused;	/* of a dump */
	bool (*is_same)(const void *a, const void *b);
	bool (*has_changed)(const void *before, const void *now);
	bool (*is_gone)(const void *thing);
	void (*set_gone)(void *thing);
	void (*show)(struct out *out, const void *thing);
};

/* How each thing was when it was told of last: after a loss of events the
 * difference can be told. */
struct watch {
	const struct kind *kind;
	struct out *out;
	struct channel requests;
	struct channel events;
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

/* --- ports --------------------------------------------------------------- */

static int parse_port(struct nl_msg *msg, void *thing)
{
	return port_parse(msg, thing);
}

static bool is_same_port(const void *a, const void *b)
{
	const struct port *x = a, *y = b;

	return x->id == y->id;
}

static bool has_port_changed(const void *before, const void *now)
{
	const struct port *x = before, *y = now;

	return x->state != y->state;
}

static bool is_port_gone(const void *thing)
{
	const struct port *port = thing;

	return port->state == HEARTH_USB_PORT_STATE_GONE;
}

static void set_port_gone(void *thing)
{
	struct port *port = thing;

	port->state = HEARTH_USB_PORT_STATE_GONE;
}

static void show_port_event(struct out *out, const void *thing)
{
	port_show(out, thing);
}

static const struct kind ports = {
	.name = "port",
	.family = &port_family,
	.size = sizeof(struct port),
	.parse = parse_port,
	.dump = port_dump_request,
	.refused = "the kernel does not show its ports",
	.is_same = is_same_port,
	.has_changed = has_port_changed,
	.is_gone = is_port_gone,
	.set_gone = set_port_gone,
	.show = show_port_event,
};

/* --- volumes ------------------------------------------------------------- */

static int parse_volume(struct nl_msg *msg, void *thing)
{
	return volume_parse(msg, thing);
}

static bool is_same_volume(const void *a, const void *b)
{
	const struct volume_info *x = a, *y = b;

	return !strcmp(x->name, y->name);
}

static bool has_volume_changed(const void *before, const void *now)
{
	const struct volume_info *x = before, *y = now;

	return x->state != y->state || x->job.kind != y->job.kind ||
	       x->job.state != y->job.state || x->job.moved != y->job.moved;
}

static bool is_volume_gone(const void *thing)
{
	const struct volume_info *volume = thing;

	return volume->state == HEARTH_VOLUME_VOLUME_STATE_INACTIVE;
}

static void set_volume_gone(void *thing)
{
	struct volume_info *volume = thing;

	volume->state = HEARTH_VOLUME_VOLUME_STATE_INACTIVE;
	volume->job.kind = 0;
}

static void show_job(struct out *out, const struct volume_job *job)
{
	uint64_t total = job->moved + job->todo;

	out_object_begin(out, "job");
	out_string(out, "kind", "; %s", volume_job_kind_name(job->kind));
	out_uint(out, "from", " from %llu", job->from);
	out_uint(out, "to", " to %llu", job->to);
	out_string(out, "state", ": %s", volume_job_state_name(job->state));
	out_uint(out, "moved", ", %llu moved", job->moved);
	out_uint(out, "todo", ", %llu to do", job->todo);
	out_uint(out, "percent", " (%llu %%)",
		 total ? job->moved * 100 / total : 100);
	out_uint(out, "errors", job->errors ? ", %llu errors" : NULL,
		 job->errors);
	out_object_end(out);
}

static void show_volume(struct out *out, const void *thing)
{
	const struct volume_info *volume = thing;

	out_string(out, "volume", "volume %s: ", volume->name);
	out_string(out, "state", "%s", volume_state_name(volume->state));
	out_uint(out, "written", ", %llu", volume->written);
	out_uint(out, "regions", " of %llu regions written", volume->regions);
	out_uint(out, "rate", volume->rate ? ", at most %llu KiB/s" : NULL,
		 volume->rate);
	if (volume->job.kind)
		show_job(out, &volume->job);
}

static const struct kind volumes = {
	.name = "volume",
	.family = &volume_family,
	.size = sizeof(struct volume_info),
	.parse = parse_volume,
	.dump = volume_dump_request,
	.refused = "the kernel does not show its volumes",
	.is_same = is_same_volume,
	.has_changed = has_volume_changed,
	.is_gone = is_volume_gone,
	.set_gone = set_volume_gone,
	.show = show_volume,
};

/* --- either -------------------------------------------------------------- */

static void show(struct watch *watch, const void *thing)
{
	out_object_begin(watch->out, NULL);
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

/* A thing as large as the largest. */
union thing {
	struct port port;
	struct volume_info volume;
};

static void event(struct nl_msg *msg, void *arg)
{
	struct watch *watch = arg;
	union thing thing;
	size_t i;

	if (watch->kind->parse(msg, &thing))
		return;
	show(watch, &thing);
	i = remember(watch, &thing);
	if (watch->kind->is_gone(&thing))
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
	union thing thing;

	if (!watch->kind->parse(msg, &thing))
		watch->seen[remember(watch, &thing)] = true;
}

static void dump_again(struct nl_msg *msg, void *arg)
{
	struct watch *watch = arg;
	union thing thing;
	size_t i;

	if (watch->kind->parse(msg, &thing))
		return;
	i = find(watch, &thing);
	if (i == watch->n || watch->kind->has_changed(at(watch, i), &thing))
		show(watch, &thing);
	watch->seen[remember(watch, &thing)] = true;
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
	watch->seen = malloc(1);
	if (!watch->things || !watch->seen)
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
	struct pollfd pfd[2];
	int ret = 0;
	size_t i;

	while (!ret && !stop) {
		for (i = 0; i < n; i++)
			pfd[i] = (struct pollfd){
				.fd = channel_fd(&watch[i].events),
				.events = POLLIN,
			};
		if (ppoll(pfd, n, NULL, mask) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(err, errno, "poll: %s",
					 strerror(errno));
		}
		for (i = 0; !ret && i < n; i++)
			if (pfd[i].revents)
				ret = watch_read(&watch[i], err);
		if (out_flush(watch->out))
			return error_set(err, EIO, "cannot write");
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

static int run_monitor(struct run *run)
{
	static const struct kind *kinds[] = { &ports, &volumes };
	struct watch watch[2] = { 0 };
	struct error err;
	sigset_t mask;
	size_t i, n = 0;
	int ret = 0;

	if (verb_option(run) == '?')
		return run->code;
	catch_signals(&mask);
	/* A module that is not there, or not for us, has nothing to tell. */
	for (i = 0; i < 2 && (!ret || ret == -ENOENT || ret == -EPERM); i++) {
		watch[n].kind = kinds[i];
		watch[n].out = run->out;
		ret = watch_open(&watch[n], &err);
		if (ret)
			watch_close(&watch[n]);
		else
			n++;
	}
	if (n && (ret == -ENOENT || ret == -EPERM))
		ret = 0;
	if (ret == -ENOENT)
		error_set(&err, ENOENT,
			  "there is nothing to watch: neither of the kernel modules hearth_vhci and dm-rekey is loaded, and they did not load by themselves");
	if (!ret)
		ret = watch_run(watch, n, &mask, &err);
	while (n)
		watch_close(&watch[--n]);
	return ret ? refused(&err) : EXIT_DONE;
}

const struct verb monitor_verb = {
	.name = "monitor",
	.what = "what happens, as it happens",
	.help = "Prints a line whenever a port or a volume changes, until SIGINT or SIGTERM.\n",
	.needs = "no arguments",
	.run = run_monitor,
};
