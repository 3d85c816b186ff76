// SPDX-License-Identifier: GPL-2.0
/* Cipher strings, initialization vectors, one sector at a time. */
#include <linux/string.h>

#include "../compat/compat.h"
#include "cipher.h"

static const char * const cipher_iv_name[] = {
	[CIPHER_IV_PLAIN] = "plain",
	[CIPHER_IV_PLAIN64] = "plain64",
	[CIPHER_IV_PLAIN64BE] = "plain64be",
};

static int cipher_parse_iv(struct rekey_cipher *cipher, const char *iv,
			   const char **hash)
{
	int i;

	*hash = NULL;
	if (str_has_prefix(iv, "essiv:")) {
		*hash = iv + strlen("essiv:");
		cipher->iv_mode = CIPHER_IV_ESSIV;
		return **hash ? 0 : -EINVAL;
	}
	i = match_string(cipher_iv_name, ARRAY_SIZE(cipher_iv_name), iv);
	if (i < 0)
		return -EINVAL;
	cipher->iv_mode = i;
	return 0;
}

/* "aes-xts-plain64" or "capi:xts(aes)-plain64" */
static int cipher_parse(struct rekey_cipher *cipher)
{
	char copy[REKEY_CIPHER], base[CRYPTO_MAX_ALG_NAME];
	const char *hash;
	char *mode, *iv;
	int n;

	strscpy(copy, cipher->name, sizeof(copy));
	iv = strrchr(copy, '-');
	if (!iv)
		return -EINVAL;
	*iv++ = '\0';
	if (cipher_parse_iv(cipher, iv, &hash))
		return -EINVAL;
	if (str_has_prefix(copy, "capi:")) {
		n = snprintf(base, sizeof(base), "%s", copy + strlen("capi:"));
	} else {
		mode = strchr(copy, '-');
		if (!mode)
			return -EINVAL;
		*mode++ = '\0';
		n = snprintf(base, sizeof(base), "%s(%s)", mode, copy);
	}
	if (n >= sizeof(base))
		return -EINVAL;
	if (hash)
		n = snprintf(cipher->api, sizeof(cipher->api), "essiv(%s,%s)",
			     base, hash);
	else
		n = strscpy(cipher->api, base, sizeof(cipher->api));
	return n >= 0 && n < sizeof(cipher->api) ? 0 : -EINVAL;
}

/**
 * cipher_init() - read a cipher string, and see that the kernel has it
 * @cipher: filled in, but for the sector size
 * @name: as in the table
 * @error: set to a sentence on failure
 *
 * A cipher that leaves the data as they are is refused: there is no way to
 * ask for plaintext.
 *
 * Return: 0 or a negative errno.
 */
int cipher_init(struct rekey_cipher *cipher, const char *name, char **error)
{
	struct crypto_skcipher *tfm;

	*error = "Bad cipher string";
	if (strscpy(cipher->name, name, sizeof(cipher->name)) < 0 ||
	    cipher_parse(cipher))
		return -EINVAL;
	if (strstr(cipher->api, "null")) {
		*error = "A cipher that does not encrypt is refused";
		return -EINVAL;
	}
	*error = "The kernel does not have this cipher";
	tfm = crypto_alloc_skcipher(cipher->api, 0,
				    CRYPTO_ALG_ALLOCATES_MEMORY);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	cipher->iv_size = crypto_skcipher_ivsize(tfm);
	cipher->req_size = sizeof(struct skcipher_request) +
			   crypto_skcipher_reqsize(tfm);
	strscpy(cipher->driver, crypto_skcipher_driver_name(tfm),
		sizeof(cipher->driver));
	crypto_free_skcipher(tfm);
	if (cipher->iv_size < sizeof(u64) || cipher->iv_size > CIPHER_IV_MAX) {
		*error = "This cipher's IV cannot hold a sector number";
		return -EINVAL;
	}
	return 0;
}

static void cipher_iv(const struct rekey_cipher *cipher, u8 *iv, u64 sector)
{
	if (cipher->large_iv)
		sector >>= cipher->sector_shift;
	memset(iv, 0, CIPHER_IV_MAX);
	switch (cipher->iv_mode) {
	case CIPHER_IV_PLAIN:
		put_unaligned_le32(sector & U32_MAX, iv);
		break;
	case CIPHER_IV_PLAIN64BE:
		put_unaligned_be64(sector, iv + cipher->iv_size - sizeof(u64));
		break;
	default:
		put_unaligned_le64(sector, iv);
	}
}

/**
 * cipher_job_init() - once, before the first sector
 * @job: the caller's
 */
void cipher_job_init(struct cipher_job *job)
{
	sg_init_table(&job->in, 1);
	sg_init_table(&job->out, 1);
}

/**
 * cipher_sector() - set up the request for one sector
 * @cipher: of the volume
 * @job: holds the request
 * @sector: of the volume, of 512 bytes
 * @in: the sector's bytes
 * @out: where they go, which may be the same
 *
 * The caller has set the request's transform and callback.
 */
void cipher_sector(const struct rekey_cipher *cipher, struct cipher_job *job,
		   u64 sector, const struct bio_vec *in,
		   const struct bio_vec *out)
{
	struct scatterlist *dst = &job->in;

	sg_set_page(&job->in, in->bv_page, cipher->sector_size, in->bv_offset);
	if (in->bv_page != out->bv_page || in->bv_offset != out->bv_offset) {
		dst = &job->out;
		sg_set_page(dst, out->bv_page, cipher->sector_size,
			    out->bv_offset);
	}
	cipher_iv(cipher, job->iv, sector);
	skcipher_request_set_crypt(&job->req, &job->in, dst,
				   cipher->sector_size, job->iv);
}
