/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user's data key under his passphrase, in the header's token: LUKS2 has room for
 * few keys that differ. AES-256-GCM by a key of Argon2id, whose salt is new each time;
 * volume and slot are bound into it, so that it is of use nowhere else.
 */
#ifndef HEARTH_SEAL_H
#define HEARTH_SEAL_H

#include "header.h"

/*
 * Seals @key, of slot @slot, with a cost as a keyslot has it. Returns 0 or a negative
 * errno.
 */
int seal_close(struct header *header, uint32_t slot, const struct secret *key,
	       const struct secret *pass, const struct header_cost *cost,
	       struct token_sealed *sealed, struct error *err);

/* Returns 0 and @key, -EPERM for a wrong passphrase, or another negative errno. */
int seal_open(const struct header *header, const struct token_slot *slot,
	      const struct secret *pass, struct secret *key,
	      struct error *err);

#endif
