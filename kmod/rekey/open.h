/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Opening and closing: format, probe, activation. What is on disk is held against
 * the table; nothing is written there but by a format.
 */
#ifndef _HEARTH_REKEY_OPEN_H
#define _HEARTH_REKEY_OPEN_H

#include "volume.h"

int open_meta(struct rekey_volume *v, char **error);
int open_activate(struct rekey_volume *v);
void open_deactivate(struct rekey_volume *v);

#endif /* _HEARTH_REKEY_OPEN_H */
