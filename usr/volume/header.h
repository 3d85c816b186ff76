/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The LUKS2 header of a volume. Its segment has no keyslot, so dm-crypt never
 * maps it. An owner's slot is an unbound keyslot whose key is the metadata key,
 * HEADER_META_KEY bytes, and the data key behind it; the rest is in the token
 * (format/token.h), users' keys too (seal.h).
 *
 * LUKS2 has room for 8 digests, one of them the segment's: so a header holds
 * HEADER_KEYS owners' slots, however many keyslots there could be.
 */
#ifndef HEARTH_HEADER_H
#define HEARTH_HEADER_H

#include <libcryptsetup.h>
#include <limits.h>

#include "../format/token.h"
#include "disk.h"
#include "secret.h"

#define HEADER_SECTORS	32768	/* 16 MiB */
#define HEADER_META_KEY	32	/* bytes */
#define HEADER_KEYS	7

struct header {
	struct crypt_device *cd;
	char path[PATH_MAX];	/* "": in memory */
	char uuid[40];
	int memory;		/* descriptor of a copy in memory; -1: none */
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
 * Makes a header without token and keys in memory. header_install_disk() or
 * header_prepare_file() and header_install_file() put it where it is to be, when
 * it is complete and all else is known to be good. Returns 0 or a negative errno;
 * header_close() is due only after 0. It is locked, as by header_load().
 */
int header_new(struct header *header, struct error *err);

/*
 * Writes a header that was made in memory to the beginning of @disk, which is
 * open for writing. The copies that count are written last, and durable then.
 */
int header_install_disk(struct header *header, const struct disk *disk,
			struct error *err);

/*
 * The same for a file of its own, which must not be there: first under a name
 * that nobody uses, then under its own, at once. header_discard_file() does
 * away with the first.
 */
int header_prepare_file(struct header *header, const char *path,
			struct error *err);
int header_install_file(struct header *header, const char *path,
			struct error *err);
void header_discard_file(const char *path);

/* Puts one in memory in the place of the file @path, at once. */
int header_replace_file(struct header *header, const char *path,
			struct error *err);

/*
 * Reads the header of a volume, and keeps others from changing it until
 * header_close(). Returns 0 or a negative errno.
 */
int header_load(struct header *header, const char *path, struct error *err);

/* The same of a disk, which stays open as long as the header. */
int header_load_disk(struct header *header, const struct disk *disk,
		     struct error *err);

/*
 * Reads a copy of it, which cannot be changed: neither the header on the disk nor
 * anything else is written. No lock is taken.
 */
int header_peek(struct header *header, const char *path, struct error *err);
int header_peek_disk(struct header *header, const struct disk *disk,
		     struct error *err);

void header_close(struct header *header);

/* Makes the token durable. Returns 0 or a negative errno. */
int header_write(struct header *header, struct error *err);

/*
 * What a passphrase is to cost, measured where @cost leaves it open, as a keyslot's is.
 * Returns 0 or a negative errno.
 */
int header_measure(struct header *header, const struct header_cost *cost,
		   uint32_t *passes, uint32_t *memory, uint32_t *lanes,
		   struct error *err);

/*
 * A keyslot that is free, and no slot has, for a new key or for one that is there
 * already; -ENOSPC: there is none.
 */
int header_free_key(const struct header *header, bool new, struct error *err);

/* Is there a key in a keyslot? */
bool header_has_key(const struct header *header, uint32_t keyslot);

/* Is there an owner's key that is used in another keyslot than this one? */
bool header_has_owner_beside(const struct header *header, uint32_t keyslot);

/*
 * Adds a durable @keyslot of the metadata key and a data key under a passphrase.
 * Returns 0 or a negative errno.
 */
int header_add_key(struct header *header, uint32_t keyslot,
		   const struct secret *meta, const struct secret *key,
		   const struct secret *pass, const struct header_cost *cost,
		   struct error *err);

/*
 * Opens a keyslot. Returns 0, @meta and @key, -EPERM for a wrong passphrase, or
 * another negative errno. One run of Argon2id.
 */
int header_get_key(struct header *header, uint32_t keyslot,
		   const struct secret *pass, struct secret *meta,
		   struct secret *key, struct error *err);

/*
 * Destroys a keyslot; one that is not there is fine. Data whose last key it was
 * are lost: whoever calls it knows from the kernel that there are none. One that may
 * hold the last copy of the metadata key, which other slots need, stays: -EBUSY.
 */
int header_drop_key(struct header *header, uint32_t keyslot, struct error *err);

/* Makes the name of a new file durable. */
void header_sync_folder(const char *path);

/* What libcryptsetup said last, or strerror(-@ret). */
const char *header_reason(int ret);

#endif
