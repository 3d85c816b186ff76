/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file of "hearth node backup": a head, and frames (wire.h: NODE, then a PEER
 * each) sealed by ChaCha20-Poly1305 under what Argon2id makes of a passphrase. The
 * head is authenticated with them. Numbers are big-endian:
 *
 *	char magic[16] | u32 version | u32 passes | u32 memory | u32 lanes |
 *	u8 salt[32] | u8 nonce[12] | u32 size | sealed, of which 16 bytes are the tag
 */
#ifndef HEARTH_BACKUP_H
#define HEARTH_BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define BACKUP_HEAD	80u		/* bytes */
#define BACKUP_SALT	32u
#define BACKUP_NONCE	12u
#define BACKUP_TAG	16u
#define BACKUP_MAX	(4u << 20)	/* bytes of what is sealed */
#define BACKUP_KEY	32u

struct backup {
	uint32_t passes;	/* Argon2id's: 1 to 64 */
	uint32_t memory;	/* KiB: 8 to 1 GiB */
	uint32_t lanes;		/* 1 to 16 */
	uint8_t salt[BACKUP_SALT];
	uint8_t nonce[BACKUP_NONCE];
	uint32_t size;		/* bytes behind the head */
};

/* The head of the file at @data. Returns 0 or -EINVAL. */
int backup_parse(const uint8_t *data, size_t size, struct backup *backup,
		 struct error *err);
void backup_format(const struct backup *backup,
		   uint8_t head[static BACKUP_HEAD]);

#endif
