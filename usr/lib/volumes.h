/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Volumes as the kernel shows them, over the netlink family hearth-volume
 * (Documentation/netlink/specs/hearth-volume.yaml).
 */
#ifndef HEARTH_VOLUMES_H
#define HEARTH_VOLUMES_H

#include <linux/hearth_volume.h>
#include <stdbool.h>
#include <stdint.h>

#include "channel.h"

struct volume_job {
	uint32_t kind;		/* 0: there is none */
	uint32_t state;
	uint32_t from;
	uint32_t to;
	uint64_t first;		/* region */
	uint64_t count;
	uint64_t moved;		/* regions */
	uint64_t todo;
	uint64_t errors;
	uint64_t stale;		/* places still to be overwritten */
};

/* Without its slots and devices, which only a request for one volume shows. */
struct volume_info {
	char name[HEARTH_VOLUME_NAME_MAX_LEN + 1];
	uint8_t uuid[16];
	uint32_t state;
	uint32_t region_sectors;	/* of 512 bytes */
	uint64_t sectors;
	uint64_t regions;
	uint64_t written;
	uint32_t rate;		/* KiB/s; 0: no limit */
	char cipher[HEARTH_VOLUME_CIPHER_MAX_LEN + 1];
	struct volume_job job;
};

/* Regions in a row, under one slot, at places in a row or nowhere. */
struct volume_run {
	uint64_t first;
	uint64_t count;
	uint32_t slot;
	bool written;		/* the next two hold */
	uint32_t device;
	uint64_t place;		/* of the first region, in region sizes */
};

typedef void (*volume_run_fn)(const struct volume_run *run, void *arg);

/* For channel_open() and channel_listen(). */
extern const struct channel_family volume_family;

/* A request for a dump of all active volumes, or NULL. */
struct nl_msg *volume_dump_request(struct channel *chan, void *arg);

/*
 * Calls @fn for each run of one consistent dump of the map of the active volume
 * @name, in order. 0 or a negative errno, explained in @err.
 */
int volume_runs(struct channel *chan, const char *name, volume_run_fn fn,
		void *arg, struct error *err);

/*
 * Read the attributes of a message of the family. Return 0, or -EBADMSG if it
 * is not one of a volume, or a run.
 */
int volume_parse(struct nl_msg *msg, struct volume_info *volume);
int volume_run_parse(struct nl_msg *msg, struct volume_run *run);

/* As the spec has them. */
const char *volume_state_name(uint32_t state);
const char *volume_job_kind_name(uint32_t kind);
const char *volume_job_state_name(uint32_t state);

#endif
