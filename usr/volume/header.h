/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The LUKS2 header of a volume. Its segment has no keyslot, so dm-crypt never
 * maps it. Each slot of the volume is an unbound keyslot whose key is the
 * metadata key, HEADER_META_KEY bytes, and the data key behind it; the rest is
 * in the token (format/token.h).
 *
 * LUKS2 has room for 8 digests, one of them the segment's: so a header holds
 * HEADER_KEYS slots, however many keyslots there could be.
 */
#ifndef HEARTH_HEADER_H
#define HEARTH_HEADER_H

#include <libcryptsetup.h>
#include <limits.h>

#include "../format/token.h"
#include "secret.h"

#define HEADER_SECTORS	32768	/* 16 MiB */
#define HEADER_META_KEY	32	/* bytes */
#define HEADER_KEYS	7

struct header {
	struct crypt_device *cd;
	char path[PATH_MAX];
	char uuid[40];
	int token_id;		/* -1: none yet */
	int lock;		/* -1: not ours */
	struct token token;
};

/* The cost of a passphrase guess; 0 is libcryptsetup's choice. */
struct header_cost {
	uint32_t memory;	/* KiB */
	uint32_t iterations;
};

/*
 * Makes a header without token and keys on @path: at the beginning of a device
 * if @data is NULL, else in a file of its own for the data device @data.
 * Returns 0 or a negative errno; header_close() is due only after 0. It is
 * locked, as by header_load().
 */
int header_format(struct header *header, const char *path, const char *data,
		  struct error *err);

/*
 * Reads the header of a volume, and keeps others from changing it until
 * header_close(). Without @wait -EBUSY says that somebody does. Returns 0 or a
 * negative errno.
 */
int header_load(struct header *header, const char *path, bool wait,
		struct error *err);

/* The same without a lock, and so without the right to change it. */
int header_peek(struct header *header, const char *path, struct error *err);

void header_close(struct header *header);

/* Makes the token durable. Returns 0 or a negative errno. */
int header_write(struct header *header, struct error *err);

/*
 * Adds a durable keyslot of @key (metadata key and data key) under a
 * passphrase. Returns its number or a negative errno.
 */
int header_add_key(struct header *header, const struct secret *key,
		   const struct secret *pass, const struct header_cost *cost,
		   struct error *err);

/*
 * Opens a keyslot. Returns 0 and @key, -EPERM for a wrong passphrase, or
 * another negative errno. One run of Argon2id.
 */
int header_get_key(struct header *header, uint32_t keyslot,
		   const struct secret *pass, struct secret *key,
		   struct error *err);

/* Puts a keyslot under another passphrase. Returns as header_get_key(). */
int header_change_key(struct header *header, uint32_t keyslot,
		      const struct secret *pass, const struct secret *new,
		      const struct header_cost *cost, struct error *err);

/* Destroys a keyslot; one that is not there is fine. */
int header_drop_key(struct header *header, uint32_t keyslot, struct error *err);

/* Destroys keyslots that no slot has: a crash left them, no data needs them. */
int header_tidy(struct header *header, struct error *err);

/* Sets @bytes from @offset on of a device to zero, durably. */
int header_wipe(struct header *header, const char *path, uint64_t offset,
		uint64_t bytes, struct error *err);

/* Makes the name of a new file durable. */
void header_sync_folder(const char *path);

/* What libcryptsetup said last, or strerror(-@ret). */
const char *header_reason(int ret);

#endif
