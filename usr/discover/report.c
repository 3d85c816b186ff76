// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "report.h"

#define AGAIN	1000000ull	/* microseconds until it is tried again */

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg);

/* Returns 0 or a negative errno. */
static int reach(struct report *report)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int ret = 0;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", report->path);
	report->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    0);
	if (report->fd < 0)
		return -errno;
	if (connect(report->fd, (struct sockaddr *)&sun, sizeof(sun)))
		ret = -errno;
	if (!ret)
		ret = sd_event_add_io(sd_event_source_get_event(report->again),
				      &report->io, report->fd, EPOLLIN, on_io,
				      report);
	if (ret >= 0)
		return 0;
	close(report->fd);
	report->fd = -1;
	return ret;
}

static void try_later(struct report *report)
{
	sd_event_source_set_time_relative(report->again, AGAIN);
	sd_event_source_set_enabled(report->again, SD_EVENT_ONESHOT);
}

static void hang_up(struct report *report)
{
	report->io = sd_event_source_disable_unref(report->io);
	if (report->fd >= 0)
		close(report->fd);
	report->fd = -1;
	report->in_size = report->out_size = 0;
}

static void lose(struct report *report, const char *why)
{
	hang_up(report);
	fprintf(stderr, SD_NOTICE "hearthd is away: %s\n", why);
	report->ops->lost(report->arg);
	try_later(report);
}

static int on_again(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	if (reach(arg))
		try_later(arg);
	return 0;
}

/* Sends what can be sent. Returns 0 or a negative errno. */
static int flush(struct report *report)
{
	ssize_t n = 0;

	if (report->out_size)
		n = send(report->fd, report->out, report->out_size,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	if (n > 0) {
		report->out_size -= (size_t)n;
		memmove(report->out, report->out + n, report->out_size);
	}
	sd_event_source_set_io_events(report->io, report->out_size ?
				      EPOLLIN | EPOLLOUT : EPOLLIN);
	return 0;
}

void report_say(struct report *report, const struct wire *wire)
{
	if (report->fd < 0)
		return;
	report->out_size += wire_format(wire, report->out + report->out_size,
					sizeof(report->out) - report->out_size);
	/* What goes wrong is heard of by on_io(). */
	flush(report);
}

static int take_frames(struct report *report, struct error *err)
{
	struct frame frame;
	struct wire wire;
	size_t at = 0;
	long n;
	int ret;

	while ((n = frame_next(report->in + at, report->in_size - at, &frame,
			       err)) > 0) {
		at += (size_t)n;
		ret = wire_parse(&frame, &wire, err);
		if (ret == -EOPNOTSUPP)
			continue;
		if (ret)
			return ret;
		if (wire.type == WIRE_ANNOUNCE)
			report->ops->announce(&wire, report->arg);
	}
	memmove(report->in, report->in + at, report->in_size - at);
	report->in_size -= at;
	return n < 0 ? (int)n : 0;
}

static int receive(struct report *report, struct error *err)
{
	ssize_t n;

	if (report->in_size == sizeof(report->in))
		return error_set(err, EPROTO, "a message that is too long");
	n = recv(report->fd, report->in + report->in_size,
		 sizeof(report->in) - report->in_size, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return error_set(err, errno, "%s", strerror(errno));
	if (!n)
		return error_set(err, ECONNRESET, "it closed the connection");
	report->in_size += (size_t)n;
	return take_frames(report, err);
}

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct report *report = arg;
	struct error err;
	int ret = 0;

	(void)s;
	(void)fd;
	if (events & EPOLLOUT)
		ret = flush(report);
	if (ret)
		error_set(&err, -ret, "%s", strerror(-ret));
	if (!ret && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		ret = receive(report, &err);
	if (ret)
		lose(report, err.text);
	return 0;
}

int report_start(struct report *report, sd_event *event, const char *path,
		 const struct report_ops *ops, void *arg)
{
	report->path = path;
	report->ops = ops;
	report->arg = arg;
	report->fd = -1;
	return sd_event_add_time_relative(event, &report->again,
					  CLOCK_MONOTONIC, 0, 0, on_again,
					  report);
}

void report_stop(struct report *report)
{
	hang_up(report);
	report->again = sd_event_source_disable_unref(report->again);
}
