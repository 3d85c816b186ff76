// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "poll.h"

/* avahi has no way to be told that there is no memory, and ends the program itself. */
static void *get(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		abort();
	return p;
}

/* --- descriptors: AVAHI_WATCH_* are POLL*, and these are EPOLL* ------------------------ */

struct AvahiWatch {
	sd_event_source *source;
	AvahiWatchEvent got;
	AvahiWatchCallback callback;
	void *arg;
};

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	AvahiWatch *watch = arg;

	(void)s;
	watch->got = (AvahiWatchEvent)events;
	/* it may free the watch */
	watch->callback(watch, fd, watch->got, watch->arg);
	return 0;
}

static AvahiWatch *watch_new(const AvahiPoll *poll, int fd,
			     AvahiWatchEvent event, AvahiWatchCallback callback,
			     void *arg)
{
	AvahiWatch *watch = get(sizeof(*watch));

	watch->callback = callback;
	watch->arg = arg;
	if (sd_event_add_io(poll->userdata, &watch->source, fd, event, on_io,
			    watch) < 0)
		abort();
	return watch;
}

static void watch_update(AvahiWatch *watch, AvahiWatchEvent event)
{
	sd_event_source_set_io_events(watch->source, event);
}

static AvahiWatchEvent watch_get_events(AvahiWatch *watch)
{
	return watch->got;
}

static void watch_free(AvahiWatch *watch)
{
	sd_event_source_disable_unref(watch->source);
	free(watch);
}

/* --- times: of the wall clock, as gettimeofday() tells it ------------------------------ */

struct AvahiTimeout {
	sd_event_source *source;
	AvahiTimeoutCallback callback;
	void *arg;
};

static int on_time(sd_event_source *s, uint64_t usec, void *arg)
{
	AvahiTimeout *timeout = arg;

	(void)s;
	(void)usec;
	timeout->callback(timeout, timeout->arg);
	return 0;
}

static void timeout_update(AvahiTimeout *timeout, const struct timeval *tv)
{
	if (tv)
		sd_event_source_set_time(timeout->source,
					 (uint64_t)tv->tv_sec * 1000000 +
					 (uint64_t)tv->tv_usec);
	sd_event_source_set_enabled(timeout->source, tv ? SD_EVENT_ONESHOT :
							  SD_EVENT_OFF);
}

static AvahiTimeout *timeout_new(const AvahiPoll *poll,
				 const struct timeval *tv,
				 AvahiTimeoutCallback callback, void *arg)
{
	AvahiTimeout *timeout = get(sizeof(*timeout));

	timeout->callback = callback;
	timeout->arg = arg;
	/* its probes are 250 ms apart: sd-event's own accuracy is as much */
	if (sd_event_add_time(poll->userdata, &timeout->source, CLOCK_REALTIME,
			      0, 1000, on_time, timeout) < 0)
		abort();
	timeout_update(timeout, tv);
	return timeout;
}

static void timeout_free(AvahiTimeout *timeout)
{
	sd_event_source_disable_unref(timeout->source);
	free(timeout);
}

void poll_init(AvahiPoll *poll, sd_event *event)
{
	*poll = (AvahiPoll){
		.userdata = event,
		.watch_new = watch_new,
		.watch_update = watch_update,
		.watch_get_events = watch_get_events,
		.watch_free = watch_free,
		.timeout_new = timeout_new,
		.timeout_update = timeout_update,
		.timeout_free = timeout_free,
	};
}
