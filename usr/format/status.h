/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's target "rekey" says of a volume: its status line, as
 * Documentation/internals/rekey.rst has them.
 */
#ifndef HEARTH_STATUS_H
#define HEARTH_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define STATUS_SLOTS	248

enum status_job {
	STATUS_NONE,
	STATUS_REKEY,
	STATUS_DRAIN,
};

struct status_slot {
	uint32_t slot;
	char state[8];		/* loaded, locked, erasing */
	uint64_t regions;	/* written ones */
};

struct status {
	bool suspended;		/* then nothing else is set */
	bool readonly;
	uint32_t region;	/* sectors of 512 bytes */
	uint64_t written, regions;
	uint64_t free, places;
	uint32_t n_slots;
	struct status_slot slots[STATUS_SLOTS];
	enum status_job job;
	uint32_t from, to;	/* slots or devices */
	uint64_t first, count;
	char state[12];		/* idle, running, paused, no-key, no-space, error */
	uint64_t moved, todo, errors;
	uint32_t under_way;
	uint32_t rate;		/* KiB/s; 0: no limit */
	char driver[128];
	uint64_t stale;		/* free places that hold what was written once */
};

/* @line: without start, length and target. Returns 0 or -EINVAL. */
int status_parse(const char *line, struct status *status, struct error *err);

/* The slot of this number, or NULL where it is free. */
const struct status_slot *status_slot(const struct status *status,
				      uint32_t slot);

#endif
