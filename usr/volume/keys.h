/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user's keys, as a passphrase unlocks them: for each slot the metadata key,
 * HEADER_META_KEY bytes, and the data key behind it.
 */
#ifndef HEARTH_KEYS_H
#define HEARTH_KEYS_H

#include "header.h"

struct keys {
	char user[TOKEN_USER];
	unsigned int n;
	struct {
		uint32_t slot;
		struct secret key;
	} slot[HEADER_KEYS];
};

/*
 * Tries a passphrase on the slots of @user, or of every user if that is NULL,
 * and opens all slots of the user that it fits. Returns 0, then keys_free() is
 * due, -EPERM for a wrong passphrase, or another negative errno.
 */
int keys_unlock(struct keys *keys, struct header *header, const char *user,
		const struct secret *pass, struct error *err);

/* The key of a slot, or NULL. */
const struct secret *keys_find(const struct keys *keys, uint32_t slot);

/* A new random data key beside the metadata key of @keys. Returns 0 or an errno. */
int keys_make(const struct keys *keys, const struct header *header,
	      struct secret *key, struct error *err);

void keys_free(struct keys *keys);

#endif
