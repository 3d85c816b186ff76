/* SPDX-License-Identifier: GPL-2.0 */
/* Sweeps: many entries change, and no data move. */
#ifndef _HEARTH_REKEY_SWEEP_H
#define _HEARTH_REKEY_SWEEP_H

#include "volume.h"

int sweep_assign(struct rekey_volume *v, u64 first, u64 count, u32 slot,
		 char **error);
int sweep_erase(struct rekey_volume *v, u32 slot, char **error);

#endif /* _HEARTH_REKEY_SWEEP_H */
