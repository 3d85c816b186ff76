/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys that live as long as a sealed environment: hearth.ko is held while there is one,
 * and tells when an environment has ended. Without it there are none, and every other
 * key is as ever.
 */
#ifndef _HEARTH_REKEY_BIND_H
#define _HEARTH_REKEY_BIND_H

struct rekey_key;
struct work_struct;

int bind_key(struct rekey_key *key, struct work_struct *evict, char **error);
void bind_release(struct rekey_key *key);

#endif /* _HEARTH_REKEY_BIND_H */
