/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_CLI_MONITOR_H
#define HEARTH_CLI_MONITOR_H

#include <stdbool.h>
#include <stddef.h>

#include "../lib/channel.h"
#include "verb.h"

/* A kind of thing to watch; each is in the folder of its object. */
struct monitor_kind {
	const char *object;	/* as it is named on the command line */
	const char *name;	/* the event in JSON */
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

extern const struct verb monitor_verb;

#endif
