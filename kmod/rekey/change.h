/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A change of one map entry: the one way in which a map changes.
 *
 *	claim the region, new writers wait
 *	  CHANGE_DRAIN_WRITES	until the writers of before are done
 *	  CHANGE_COPY		the new place is written, if there is one
 *	  CHANGE_COMMIT		flush of the data devices, then the map page, with FUA
 *	publish the entry, writers go on
 *	  CHANGE_DRAIN_READS	until the readers of the old place are done
 *	release the region
 *	  CHANGE_GIVE_UP	the old place is discarded, where that is wanted
 *	give up the old place
 *
 * The first two stages are here, the rest is the committer's (commit.h).
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
	CHANGE_FILL,		/* a region's first write */
	CHANGE_MOVE,		/* to another place, and slot perhaps */
	CHANGE_ENTRY,		/* of the entry alone */
	CHANGE_DISCARD,		/* the same, for a bio */
};

enum change_stage {
	CHANGE_DRAIN_WRITES,
	CHANGE_COPY,
	CHANGE_COMMIT,
	CHANGE_DRAIN_READS,
	CHANGE_GIVE_UP,
};

struct rekey_change {
	struct map_claim claim;
	struct rekey_copy copy;
	struct bio bio;			/* discards the old place */
	struct list_head node;		/* of a list; the volume's @lock */
	struct rekey_volume *v;
	enum change_kind kind;
	enum change_stage stage;	/* whose turn it is says so */
	bool mover;			/* of the mover, not of a bio */
	bool frees;			/* counted in the volume's @freeing */
	bool lost;			/* its commit failed: keep both places */
	bool region_bad;		/* @err is of this region's sectors */
	bool place_bad;			/* @err is of the new place's sectors */
	u64 old;
	u64 found;			/* the entry when the region was claimed */
	u64 new;
	int err;
	struct bio *discard;		/* that is done with the change */
	/* In the committer, when the region is released. */
	void (*end)(struct rekey_change *change);
	void *data;			/* of whoever made it */
};

int changes_init(struct rekey_volume *v);
void changes_exit(struct rekey_volume *v);
void changes_wait(struct rekey_volume *v);
void changes_feed(struct rekey_volume *v);
void changes_hold(struct rekey_volume *v);
void changes_release(struct rekey_volume *v);
struct rekey_change *change_new(struct rekey_volume *v, enum change_kind kind,
				u64 region, u64 old, u64 new);
void change_free(struct rekey_change *change);
bool change_start(struct rekey_change *change, struct bio *bio);
void change_end(struct rekey_change *change);
void change_let_go(struct rekey_change *change, struct bio_list *bios);
void change_reaped(struct rekey_change *change);

/* Does it write a new place? */
static inline bool change_copies(const struct rekey_change *change)
{
	return change->kind == CHANGE_FILL || change->kind == CHANGE_MOVE;
}

#endif /* _HEARTH_REKEY_CHANGE_H */
