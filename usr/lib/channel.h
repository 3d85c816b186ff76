/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A channel to one of our generic netlink families: requests on one socket,
 * events on another.
 */
#ifndef HEARTH_CHANNEL_H
#define HEARTH_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../format/error.h"

struct nl_msg;
struct nl_sock;

/* What differs between the families. */
struct channel_family {
	const char *name;
	uint8_t version;
	const char *group;	/* of events */
	uint8_t event;		/* the command of one */
	const char *module;	/* of the kernel */
	const char *things;	/* that it is about, as in "the ports" */
};

struct channel {
	const struct channel_family *family;
	struct nl_sock *sock;
	int id;			/* of the family */
};

/* Called for each message of the family. */
typedef void (*channel_fn)(struct nl_msg *msg, void *arg);

/* All of these return 0 or a negative errno and explain it in @err. */
int channel_open(struct channel *chan, const struct channel_family *family,
		 struct error *err);
/* Also a channel for events. */
void channel_close(struct channel *chan);

/* A message to be filled in, or NULL; @flags are NLM_F_*. */
struct nl_msg *channel_request(struct channel *chan, uint8_t cmd, int flags);

/*
 * Sends @msg, which is freed (NULL: there was no memory for it), and waits for
 * all of the answer. @fn may be NULL. @what begins the sentence of a refusal.
 * -EINTR: what a dump showed has changed meanwhile.
 */
int channel_run(struct channel *chan, struct nl_msg *msg, channel_fn fn,
		void *arg, const char *what, struct error *err);

/* One consistent dump: one that was disturbed is asked for again. */
struct channel_dump {
	struct nl_msg *(*request)(struct channel *chan, void *arg);
	void (*begin)(void *arg);	/* forget what was shown so far */
	channel_fn fn;
	void *arg;
	const char *what;
};

int channel_dump(struct channel *chan, const struct channel_dump *dump,
		 struct error *err);

/* Opens a channel for events, which can't take requests. */
int channel_listen(struct channel *chan, const struct channel_family *family,
		   struct error *err);

/* For poll(). */
int channel_fd(const struct channel *chan);

/*
 * Takes what has arrived without waiting and calls @fn for each event. Returns
 * 0, -ENOBUFS if events were lost (dump, to know where things stand), -ENODEV
 * if the kernel module has been removed, or another negative errno.
 */
int channel_read(struct channel *chan, channel_fn fn, void *arg,
		 struct error *err);

#endif
