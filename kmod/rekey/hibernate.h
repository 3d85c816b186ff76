/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hibernation: what the image says of a volume must be true when it is resumed.
 * So from before the snapshot until then, or the power-off, no map and no superblock
 * changes: see hibernate.c.
 */
#ifndef _HEARTH_REKEY_HIBERNATE_H
#define _HEARTH_REKEY_HIBERNATE_H

struct rekey_volume;

int hibernate_init(void);
void hibernate_exit(void);
void hibernate_join(struct rekey_volume *v);

#endif /* _HEARTH_REKEY_HIBERNATE_H */
