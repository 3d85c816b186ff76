/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The metadata of a closed volume become those of the newest version, where they lie.
 * The kernel does it while it opens the volume: cut short at any time, the volume is
 * one of the old version or one of the new.
 */
#ifndef HEARTH_UPGRADE_H
#define HEARTH_UPGRADE_H

#include "open.h"

/* Is there something to be done for what open_begin() has found? */
bool upgrade_is_due(const struct open *o);

/*
 * Opens it, with open_params.upgrade, and closes it again. Returns 0 or a negative
 * errno.
 */
int upgrade_run(struct open *o, struct keys *keys, struct error *err);

#endif
