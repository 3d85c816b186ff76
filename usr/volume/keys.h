/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user's keys, as a passphrase unlocks them: the data key of each of his slots, and
 * the metadata key where he is an owner. By that whoever has it can write a map that
 * the kernel takes for true: so only owners have it.
 */
#ifndef HEARTH_KEYS_H
#define HEARTH_KEYS_H

#include "header.h"

#define KEYS_SLOTS	8	/* of one user */

struct keys {
	char user[TOKEN_USER];
	struct secret meta;	/* of size 0: he is no owner */
	struct secret old_meta;	/* the one before, while it is being changed */
	unsigned int n;
	struct {
		uint32_t slot;
		bool owner;	/* with the metadata key in its keyslot */
		struct secret key;
	} slot[KEYS_SLOTS];
};

/*
 * Whose keys are looked for: those of a user, of whoever has the passphrase, or of an
 * owner alone.
 */
struct keys_whose {
	const char *user;	/* NULL: of whom the passphrase is */
	bool owner;
};

/* Can there be such a user? Returns 0 or a negative errno, before a passphrase is asked for. */
int keys_check(const struct header *header, const struct keys_whose *whose,
	       struct error *err);

/*
 * Tries a passphrase on the slots of @whose, and opens all slots of the user that it
 * fits. Returns 0, then keys_free() is due, -EPERM for a wrong passphrase, or another
 * negative errno.
 */
int keys_unlock(struct keys *keys, struct header *header,
		const struct keys_whose *whose, const struct secret *pass,
		struct error *err);

/* The key of a slot, or NULL. */
const struct secret *keys_find(const struct keys *keys, uint32_t slot);

/* Is a slot one of an owner's, whose keyslot has the metadata key? */
bool keys_are_owners(const struct keys *keys, uint32_t slot);

/* A new volume's: a metadata key and the key of slot 0. Returns 0 or a negative errno. */
int keys_new(struct keys *keys, uint32_t key_size, struct error *err);

/*
 * Of two metadata keys, where a change was cut short, the one that is to come is none:
 * the one before is left.
 */
void keys_go_back(struct keys *keys);

void keys_free(struct keys *keys);

#endif
