// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "hearth.h"

/*
 * The state every port was last told of, so that after a loss of events the
 * difference can be told.
 */
struct monitor {
	struct out *out;
	struct port *ports;
	size_t n;
	/* During a resynchronisation: which of them are still there? */
	bool *seen;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void show(struct monitor *mon, const struct port *port)
{
	out_object_begin(mon->out, NULL);
	out_string(mon->out, "event", NULL, "port");
	show_port(mon->out, port);
	out_text(mon->out, "\n");
	out_object_end(mon->out);
}

static size_t find(const struct monitor *mon, uint32_t id)
{
	size_t i;

	for (i = 0; i < mon->n && mon->ports[i].id != id; i++)
		;
	return i;
}

static void forget(struct monitor *mon, size_t i)
{
	mon->n--;
	mon->ports[i] = mon->ports[mon->n];
}

/* Remembers @port; returns its place. */
static size_t remember(struct monitor *mon, const struct port *port)
{
	size_t i = find(mon, port->id);

	if (i == mon->n) {
		mon->ports = realloc(mon->ports,
				     (mon->n + 1) * sizeof(*mon->ports));
		mon->seen = realloc(mon->seen,
				    (mon->n + 1) * sizeof(*mon->seen));
		if (!mon->ports || !mon->seen)
			abort();
		mon->n++;
	}
	mon->ports[i] = *port;
	return i;
}

static void event(const struct port *port, void *arg)
{
	struct monitor *mon = arg;
	size_t i;

	show(mon, port);
	i = remember(mon, port);
	if (port->state == HEARTH_USB_PORT_STATE_GONE)
		forget(mon, i);
}

static void first(const struct port *port, void *arg)
{
	remember(arg, port);
}

static void again(const struct port *port, void *arg)
{
	struct monitor *mon = arg;
	size_t i = find(mon, port->id);

	if (i == mon->n || mon->ports[i].state != port->state)
		show(mon, port);
	mon->seen[remember(mon, port)] = true;
}

/* Tells what has changed while events were lost. */
static int resync(struct monitor *mon, struct port_channel *chan,
		  struct error *err)
{
	size_t i;
	int ret;

	out_object_begin(mon->out, NULL);
	out_string(mon->out, "event", NULL, "lost");
	out_text(mon->out, "events were lost; this is what has changed:\n");
	out_object_end(mon->out);

	for (i = 0; i < mon->n; i++)
		mon->seen[i] = false;
	ret = port_dump(chan, again, mon, err);
	if (ret)
		return ret;
	for (i = mon->n; i-- > 0;) {
		if (mon->seen[i])
			continue;
		mon->ports[i].state = HEARTH_USB_PORT_STATE_GONE;
		show(mon, &mon->ports[i]);
		mon->seen[i] = mon->seen[mon->n - 1];
		forget(mon, i);
	}
	return 0;
}

static int watch(struct monitor *mon, struct port_channel *chan,
		 struct port_events *events, const sigset_t *mask,
		 struct error *err)
{
	struct pollfd pfd = {
		.fd = port_events_fd(events),
		.events = POLLIN,
	};
	int ret;

	/* The events are subscribed to already, so nothing falls between. */
	ret = port_dump(chan, first, mon, err);
	while (!ret && !stop) {
		if (ppoll(&pfd, 1, NULL, mask) < 0) {
			if (errno == EINTR)
				continue;
			return error_set(err, errno, "poll: %s",
					 strerror(errno));
		}
		ret = port_events_read(events, event, mon, err);
		if (ret == -ENOBUFS)
			ret = resync(mon, chan, err);
		if (out_flush(mon->out))
			return error_set(err, EIO, "cannot write");
	}
	return ret;
}

int monitor_main(struct out *out, int argc, char **argv)
{
	struct monitor mon = { .out = out };
	struct sigaction sa = { .sa_handler = on_signal };
	struct port_events events;
	struct port_channel chan;
	sigset_t block, mask;
	struct error err;
	int ret;

	(void)argv;
	if (argc != 1)
		return usage("monitor takes no arguments");

	/* Signals come in ppoll() alone, so none is missed. */
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);

	ret = port_open(&chan, &err);
	if (ret)
		return refused(&err);
	ret = port_events_open(&events, &err);
	if (!ret) {
		ret = watch(&mon, &chan, &events, &mask, &err);
		port_events_close(&events);
	}
	port_close(&chan);
	free(mon.ports);
	free(mon.seen);
	return ret ? refused(&err) : EXIT_DONE;
}
