/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mover: carries a job out, region by region, behind the back of I/O.
 *
 * The job lies in the superblock and needs no cursor there: what is still to be
 * done is what the map says is under the old slot, or on the old device.
 *
 * A region that cannot be moved is left where it is, and the mover goes on; it is
 * tried a second time behind the others. A job with such regions is not done, but
 * incomplete: it stays in the superblock, so nobody takes its slot or device for
 * free, and "rekey resume" tries them again.
 */
#ifndef _HEARTH_REKEY_MOVE_H
#define _HEARTH_REKEY_MOVE_H

#include "volume.h"

int mover_start(struct rekey_volume *v, const struct rekey_job *job,
		char **error);
int mover_pause(struct rekey_volume *v, char **error);
int mover_resume(struct rekey_volume *v, char **error);
int mover_abort(struct rekey_volume *v, char **error);
void mover_set_rate(struct rekey_volume *v, u32 rate);
void mover_settle(struct rekey_volume *v);
void mover_activate(struct rekey_volume *v);
void mover_stop(struct rekey_volume *v);
void mover_key_loaded(struct rekey_volume *v);
void mover_work_fn(struct work_struct *work);
u64 mover_todo(struct rekey_volume *v, const struct rekey_job *job);
void mover_show(struct rekey_volume *v, bool ended, struct rekey_mover *mover);
bool mover_uses_slot(struct rekey_volume *v, u32 slot);

#endif /* _HEARTH_REKEY_MOVE_H */
