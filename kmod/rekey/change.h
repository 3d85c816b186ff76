/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A change of one map entry: the one way in which a map changes.
 *
 *	claim the region, new writers wait
 *	  DRAIN_WRITES	until the writers of before are done
 *	  COPY		a lane writes the new place, if there is one
 *	  COMMIT	flush of the data devices, then the map page, with FUA
 *	publish the entry, writers go on
 *	  DRAIN_READS	until the readers of the old place are done
 *	give up the old place, release the region
 *
 * The committer takes all changes that are ready at a time: one flush for all
 * of them, one write a map page.
 *
 * A change that fails before its commit leaves the entry as it was. When the
 * commit itself fails nobody knows which entry is on disk, so the volume becomes
 * read-only and neither of the two places is given away.
 */
#ifndef _HEARTH_REKEY_CHANGE_H
#define _HEARTH_REKEY_CHANGE_H

#include "volume.h"

enum change_kind {
	CHANGE_NOTHING,		/* too late: it lets its waiters go on */
	CHANGE_ZERO,		/* a region's first write */
	CHANGE_MOVE,		/* to another place, and slot perhaps */
	CHANGE_ENTRY,		/* of the entry alone */
	CHANGE_DISCARD,		/* the same, for a bio */
};

enum change_stage {
	CHANGE_DRAIN_WRITES,
	CHANGE_COPY,
	CHANGE_COMMIT,
	CHANGE_DRAIN_READS,
};

struct rekey_change {
	struct list_head claim;		/* in its bucket; bucket lock */
	struct list_head node;		/* of a queue; the volume's @lock */
	struct rekey_volume *v;
	enum change_kind kind;
	enum change_stage stage;	/* bucket lock */
	bool blocks;			/* writers wait; bucket lock */
	bool mover;			/* of the mover, not of a bio */
	bool frees;			/* counted in the volume's @freeing */
	bool lost;			/* its commit failed: keep both places */
	u32 pending;			/* users to wait for; bucket lock */
	u64 region;
	u64 old;
	u64 new;
	int err;
	struct bio_list bios;		/* that wait; bucket lock */
	struct bio *discard;		/* that is done with the change */
	/* In the committer, before it is freed. */
	void (*end)(struct rekey_change *change);
	void *data;			/* of whoever made it */
};

struct rekey_change *change_new(struct rekey_volume *v, enum change_kind kind,
				u64 region, u64 old, u64 new);
void change_free(struct rekey_change *change);
void change_drained(struct rekey_volume *v, struct rekey_change *change);
void changes_wait(struct rekey_volume *v);
void commit_work_fn(struct work_struct *work);

/* lane.c */
int lanes_alloc(struct rekey_volume *v);
void lanes_free(struct rekey_volume *v);
void lanes_go_on(struct rekey_volume *v);
void lane_queue(struct rekey_volume *v, struct rekey_change *change);
void change_ready(struct rekey_volume *v, struct rekey_change *change);

#endif /* _HEARTH_REKEY_CHANGE_H */
