/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The committer: one work of a volume, never run twice at a time. It takes all
 * changes that are ready: one flush of the data devices for all of them, one write a
 * map page. What is durable it publishes, what nobody reads any more it gives up.
 *
 * It waits for devices alone: never for memory, a queue, or a discard.
 */
#ifndef _HEARTH_REKEY_COMMIT_H
#define _HEARTH_REKEY_COMMIT_H

#include <linux/workqueue.h>

void commit_work_fn(struct work_struct *work);

#endif /* _HEARTH_REKEY_COMMIT_H */
