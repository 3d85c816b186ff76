/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bulk-only mass storage. Source: USB Mass Storage Class, Bulk-Only Transport
 * 1.0. An endpoint that is asked for what is not its turn waits, as hardware
 * does that answers NAK: so requests may be queued ahead.
 */
#ifndef DISK_H
#define DISK_H

#include <stdbool.h>
#include <stdint.h>

struct kind;

struct disk_setup {
	uint64_t size;			/* bytes, a multiple of a block's */
	const char *file;		/* that holds them, or NULL */
	int64_t busy_ms;		/* with every command */
	enum {
		DISK_EARLY_WAITS,	/* as hardware does */
		DISK_EARLY_STALLS,
		DISK_EARLY_IS_LOST,
	} early;			/* a transfer that is not its turn */
	bool early_writes_only;
};

extern const struct kind disk_kind;

/* Before any disk is made. */
void disk_setup(const struct disk_setup *setup);

#endif
