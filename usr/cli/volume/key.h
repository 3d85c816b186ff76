/* SPDX-License-Identifier: GPL-2.0 */
/* Passphrases of users, and what is to be overwritten: asked for. */
#ifndef HEARTH_CLI_VOLUME_KEY_H
#define HEARTH_CLI_VOLUME_KEY_H

#include "../../volume/keys.h"
#include "options.h"

/*
 * The keys of @user, or of the user whose passphrase is given if that is NULL, by the
 * passphrase from @source: on a terminal with further tries. @pass is freed by the
 * caller, and @keys by keys_free(), only after 0; else a negative errno.
 */
int key_unlock(struct keys *keys, struct header *header,
	       const struct ask_source *source, const char *user,
	       struct secret *pass, struct error *err);

/* The same of an owner. */
int key_unlock_owner_by(struct keys *keys, struct header *header,
			const struct ask_source *source, const char *user,
			struct secret *pass, struct error *err);

/* And where nobody needs the passphrase later. */
int key_unlock_owner(struct keys *keys, struct header *header,
		     const struct ask_source *source, const char *user,
		     struct error *err);

/* On a terminal, what takes a second or more is said. */
void key_work(const char *what);

/* Is something on a disk that is to be overwritten? Then it has to be wanted. */
int key_overwrite(const struct disk *disk, const struct volume_options *o,
		  struct error *err);

#endif
