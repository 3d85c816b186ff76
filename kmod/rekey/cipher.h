/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ciphers in the dialect of dm-crypt, sector by sector: what is written here
 * dm-crypt reads, and the other way round.
 */
#ifndef _HEARTH_REKEY_CIPHER_H
#define _HEARTH_REKEY_CIPHER_H

#include <crypto/skcipher.h>
#include <linux/bvec.h>
#include <linux/scatterlist.h>

#include "format.h"

#define CIPHER_IV_MAX	16

enum cipher_iv_mode {
	CIPHER_IV_PLAIN,	/* 32 bits of the sector, little-endian */
	CIPHER_IV_PLAIN64,
	CIPHER_IV_PLAIN64BE,
	CIPHER_IV_ESSIV,	/* plain64 into the kernel's essiv template */
};

struct rekey_cipher {
	char name[REKEY_CIPHER];	/* as in the table */
	char api[CRYPTO_MAX_ALG_NAME];	/* as the crypto API has it */
	char driver[CRYPTO_MAX_ALG_NAME];	/* who serves it */
	enum cipher_iv_mode iv_mode;
	u32 iv_size;
	u32 req_size;		/* of a request, with its context */
	u32 sector_size;
	u32 sector_shift;	/* from sectors of 512 bytes */
	bool large_iv;
};

/* One sector through the cipher. The memory is the caller's till it is done. */
struct cipher_job {
	struct scatterlist in;
	struct scatterlist out;
	u8 iv[CIPHER_IV_MAX];
	struct skcipher_request req;	/* its context follows */
};

int cipher_init(struct rekey_cipher *cipher, const char *name, char **error);
void cipher_job_init(struct cipher_job *job);
void cipher_sector(const struct rekey_cipher *cipher, struct cipher_job *job,
		   u64 sector, const struct bio_vec *in,
		   const struct bio_vec *out);

/* Bytes of a struct cipher_job. */
static inline size_t cipher_job_size(const struct rekey_cipher *cipher)
{
	return offsetof(struct cipher_job, req) + cipher->req_size;
}

#endif /* _HEARTH_REKEY_CIPHER_H */
