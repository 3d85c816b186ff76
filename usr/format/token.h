/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The LUKS2 token "hearth-volume": what opening a volume needs besides keys.
 *
 * A header is no place of trust: whoever can write to the disk can write a
 * token, and an old copy may have been put back. All of it is validated here, and
 * the kernel holds it against metadata that carry a MAC: a token that lies makes
 * a volume that does not open. What destroys a key or data follows from what the
 * kernel says of them, never from a mark in here alone.
 */
#ifndef HEARTH_TOKEN_H
#define HEARTH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define TOKEN_TYPE		"hearth-volume"
#define TOKEN_VERSION		2	/* 1: without sealed keys */
#define TOKEN_CIPHER		64	/* bytes, with the zero at the end */
#define TOKEN_USER		65
#define TOKEN_DEVICES		64
#define TOKEN_SLOTS		120	/* what a header has room for */
#define TOKEN_SLOT_MAX		247
#define TOKEN_KEYSLOT_MAX	31	/* of LUKS2 */
#define TOKEN_KEY_MAX		128	/* bytes */
#define TOKEN_SECTORS_MAX	(1ULL << 47)
#define TOKEN_SALT		32	/* bytes */
#define TOKEN_SEAL		16	/* bytes that a sealed key is longer by */
#define TOKEN_MEMORY_MAX	4194304	/* KiB */
#define TOKEN_LANES_MAX		4

enum token_state {
	TOKEN_USED,
	TOKEN_ADDING,	/* its key is being made; nothing is under it yet */
	TOKEN_ERASING,	/* its key and its data are to be destroyed */
};

/* A user's data key under his passphrase: see volume/seal.h. */
struct token_sealed {
	uint8_t salt[TOKEN_SALT];
	uint32_t passes;
	uint32_t memory;	/* KiB */
	uint32_t lanes;
	uint8_t key[TOKEN_KEY_MAX + TOKEN_SEAL];	/* of which key_size + TOKEN_SEAL */
};

/*
 * An owner's slot has a LUKS2 keyslot with the metadata key and his data key, a user's
 * has his data key alone, sealed in here.
 */
struct token_slot {
	uint32_t slot;		/* the kernel's number */
	bool owner;
	uint32_t keyslot;	/* of the LUKS2 header; an owner's */
	struct token_sealed sealed;	/* a user's */
	enum token_state state;
	char user[TOKEN_USER];
	bool changing;		/* its passphrase is: */
	uint32_t other;		/* the keyslot that is to be destroyed */
	bool rotating;		/* the metadata key is, by this owner: */
	uint32_t next;		/* the keyslot with the one that is to come */
	bool former;		/* an owner's, with a metadata key of before: a user's now */
};

struct token_device {
	uint64_t offset;	/* sectors of 512 bytes */
};

/* A rekey of all of a slot: when it is done the old slot is erased. */
struct token_job {
	bool set;
	uint32_t from, to;	/* slots */
};

struct token {
	uint32_t version;	/* that was read */
	char cipher[TOKEN_CIPHER];
	uint32_t key_size;	/* bytes of a data key */
	uint32_t sector_size;	/* bytes */
	bool large_iv;
	bool discards;
	uint32_t region;	/* sectors */
	uint64_t meta_offset;	/* sectors, on the metadata device */
	uint64_t sectors;	/* of the volume */
	bool adopted;		/* device 0 has no label */
	bool wipe;		/* its old header is still to be wiped */
	uint64_t wipe_sectors;	/* bounds what wiping may touch */
	uint32_t n_devices;
	struct token_device devices[TOKEN_DEVICES];	/* by their numbers */
	uint32_t n_slots;
	struct token_slot slots[TOKEN_SLOTS];
	struct token_job job;
};

/*
 * Takes @json (a string with an end) apart into @token. Returns 0 or -EINVAL
 * with what is wrong in @err.
 */
int token_parse(const char *json, struct token *token, struct error *err);

/* The token as JSON, to be freed; NULL where there is no memory. */
char *token_format(const struct token *token);

/* "used", "adding", "erasing" */
const char *token_state_name(enum token_state state);

/* May a user be called so? 1 to 64 bytes without space or control character. */
bool token_user_valid(const char *user);

/*
 * May a new one? Not what reads as a slot: a number, or anything with a colon.
 * What older programs allowed stays valid.
 */
bool token_user_new(const char *user);

/* May a cipher be written so in a table line? */
bool token_cipher_valid(const char *cipher);

/*
 * A slot on a command line: a user of one slot, the number of a slot, or either
 * with "user:" or "slot:" before it where it could be both. Returns the slot's
 * number, or -EINVAL.
 */
int token_find(const struct token *token, const char *text, struct error *err);

/* Does a user have a slot? */
bool token_has_user(const struct token *token, const char *user);

/* The slot of this number, or NULL. */
struct token_slot *token_slot(struct token *token, uint32_t slot);

/* A user's first slot, or NULL. */
const struct token_slot *token_user(const struct token *token, const char *user);

/* Has it the metadata key? */
bool token_is_owner(const struct token_slot *slot);

/* "owner" or "user" */
const char *token_role(const struct token_slot *slot);

/* Takes the slot of this number out. */
void token_drop(struct token *token, uint32_t slot);

#endif
