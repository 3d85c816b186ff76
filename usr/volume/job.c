// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../format/number.h"
#include "../lib/volumes.h"
#include "disk.h"
#include "job.h"

int job_send(const char *name, struct error *err, const char *fmt, ...)
{
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	char text[64];
	va_list args;
	int ret = dm ? mapper_get(name, dm, err) :
		  error_set(err, ENOMEM, "no memory");

	free(dm);
	if (ret)
		return ret;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return mapper_message(name, "the kernel refuses", err, "%s", text);
}

/* --- waiting ------------------------------------------------------------------- */

static bool goes_on(const struct status *status)
{
	return !status->suspended && status->job != STATUS_NONE &&
	       !strcmp(status->state, "running");
}

/* That there was one is all that counts. */
static void seen(struct nl_msg *msg, void *arg)
{
	(void)msg, (void)arg;
}

/* Any event, or a second. */
static int wait_event(struct channel *events, const struct job_wait *wait,
		      struct error *err)
{
	const struct timespec second = { .tv_sec = 1 };
	struct pollfd pfd = { .fd = channel_fd(events), .events = POLLIN };
	int ret = ppoll(&pfd, 1, wait->show ? &second : NULL, wait->mask);

	if (ret < 0 && errno != EINTR)
		return error_set(err, errno, "poll: %s", strerror(errno));
	if (ret <= 0)
		return 0;
	ret = channel_read(events, seen, NULL, err);
	/* lost ones: what counts is asked for anyway */
	return ret == -ENOBUFS ? 0 : ret;
}

static int ended(const struct job_wait *wait, const struct mapper_volume *dm,
		 struct error *err)
{
	if (dm->status.suspended)
		return error_set(err, EAGAIN,
				 "the job of %s does not go on: suspended",
				 wait->name);
	if (dm->status.job == STATUS_NONE)
		return 0;
	if (!strcmp(dm->status.state, "waiting"))
		return error_set(err, EAGAIN,
				 "the job of %s begins half a minute after the first write to it, or with hearth volume job resume %s",
				 wait->name, wait->name);
	return error_set(err, EAGAIN, "the job of %s does not go on: %s",
			 wait->name, dm->status.state);
}

int job_wait(const struct job_wait *wait, struct mapper_volume *dm,
	     struct error *err)
{
	struct channel events;
	int ret = channel_listen(&events, &volume_family, err);

	if (ret)
		return ret;
	/* the events are subscribed to, so nothing falls between */
	ret = mapper_get(wait->name, dm, err);
	while (!ret && goes_on(&dm->status) && !*wait->stop) {
		if (wait->show)
			wait->show(dm, wait->arg);
		ret = wait_event(&events, wait, err);
		if (!ret)
			ret = mapper_get(wait->name, dm, err);
	}
	channel_close(&events);
	if (ret)
		return ret;
	if (wait->show && dm->status.job == STATUS_NONE)
		wait->show(dm, wait->arg);
	if (goes_on(&dm->status))
		return error_set(err, EINTR,
				 "the job of %s goes on: hearth volume job wait %s",
				 wait->name, wait->name);
	return ended(wait, dm, err);
}

/* --- drain ------------------------------------------------------------------------ */

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
	ret = disk_open(&disk, text, DISK_LOOK, err);
	if (ret)
		return ret;
	disk_number(&disk, number, sizeof(number));
	disk_close(&disk);
	for (i = 0; i < dm->table.n_devices; i++)
		if (!strcmp(dm->table.devices[i].name, number))
			return (int)i;
	return error_set(err, EINVAL, "%s is no device of %s", text, dm->name);
}

static int drain(const struct mapper_volume *dm, const char *from,
		 const char *to, struct error *err)
{
	int a = which_device(dm, from, err), b;

	if (a < 0)
		return a;
	b = which_device(dm, to, err);
	if (b < 0)
		return b;
	if (dm->status.job != STATUS_NONE)
		return error_set(err, EBUSY,
				 "%s has a job already: wait for it, or abort it",
				 dm->name);
	return mapper_message(dm->name, "the kernel does not drain the device",
			      err, "drain %d %d", a, b);
}

int job_drain(const char *name, const char *from, const char *to,
	      struct error *err)
{
	struct mapper_volume *dm = calloc(1, sizeof(*dm));
	int ret = dm ? mapper_get(name, dm, err) :
		  error_set(err, ENOMEM, "no memory");

	if (!ret)
		ret = drain(dm, from, to, err);
	free(dm);
	return ret;
}
