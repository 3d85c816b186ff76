/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A volume is suspended without its data keys, as luksSuspend does: what reads or
 * writes it waits. The metadata key stays in the kernel, so the map could be read
 * and forged by who has the machine's memory, but no data.
 */
#ifndef HEARTH_SUSPEND_H
#define HEARTH_SUSPEND_H

#include "keys.h"
#include "volume.h"

/* Suspends a volume and takes all data keys out of the kernel. It may be done again. */
int suspend_begin(const char *name, struct error *err);

/*
 * Loads @keys and lets I/O go on. Keys of other users stay away until "slot
 * unlock". Returns 0 or a negative errno, then it is still suspended.
 */
int suspend_end(const struct volume *volume, const struct keys *keys,
		struct error *err);

#endif
