// SPDX-License-Identifier: GPL-2.0
#include <argon2.h>
#include <endian.h>
#include <errno.h>
#include <nettle/gcm.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <string.h>

#include "seal.h"

#define BOUND	64	/* bytes of what a key is bound to */

_Static_assert(TOKEN_SEAL == GCM_DIGEST_SIZE, "what a seal takes");

static int stretch(const struct token_sealed *sealed, const struct secret *pass,
		   struct secret *to, struct error *err)
{
	int ret = secret_alloc(to, AES256_KEY_SIZE, err);

	if (ret)
		return ret;
	ret = argon2id_hash_raw(sealed->passes, sealed->memory, sealed->lanes,
				pass->data, pass->size, sealed->salt,
				sizeof(sealed->salt), to->data, to->size);
	if (!ret)
		return 0;
	secret_free(to);
	return error_set(err, ret == ARGON2_MEMORY_ALLOCATION_ERROR ? ENOMEM :
			 EINVAL, "the passphrase cannot be made a key: %s",
			 argon2_error_message(ret));
}

/* The key of a salt is used once: so its nonce is 0. */
static void begin(struct gcm_aes256_ctx *gcm, const struct secret *by,
		  const char *uuid, uint32_t slot)
{
	static const uint8_t nonce[GCM_IV_SIZE];
	uint8_t bound[BOUND] = "hearth-sealed-key";
	uint32_t number = htole32(slot);

	memcpy(bound + 20, &number, sizeof(number));
	memcpy(bound + 24, uuid, strlen(uuid));
	gcm_aes256_set_key(gcm, (const uint8_t *)by->data);
	gcm_aes256_set_iv(gcm, sizeof(nonce), nonce);
	gcm_aes256_update(gcm, sizeof(bound), bound);
}

int seal_close(struct header *header, uint32_t slot, const struct secret *key,
	       const struct secret *pass, const struct header_cost *cost,
	       struct token_sealed *sealed, struct error *err)
{
	struct gcm_aes256_ctx gcm;
	struct secret salt, by;
	int ret;

	if (key->size > TOKEN_KEY_MAX)
		return error_set(err, EINVAL, "the key of slot %u is too long",
				 slot);
	memset(sealed, 0, sizeof(*sealed));
	ret = header_measure(header, cost, &sealed->passes, &sealed->memory,
			     &sealed->lanes, err);
	if (!ret)
		ret = secret_random(&salt, TOKEN_SALT, err);
	if (ret)
		return ret;
	memcpy(sealed->salt, salt.data, TOKEN_SALT);
	secret_free(&salt);
	ret = stretch(sealed, pass, &by, err);
	if (ret)
		return ret;
	begin(&gcm, &by, header->uuid, slot);
	gcm_aes256_encrypt(&gcm, key->size, sealed->key,
			   (const uint8_t *)key->data);
	gcm_aes256_digest(&gcm, TOKEN_SEAL, sealed->key + key->size);
	explicit_bzero(&gcm, sizeof(gcm));
	secret_free(&by);
	return 0;
}

int seal_open(const struct header *header, const struct token_slot *slot,
	      const struct secret *pass, struct secret *key,
	      struct error *err)
{
	size_t size = header->token.key_size;
	uint8_t digest[TOKEN_SEAL];
	struct gcm_aes256_ctx gcm;
	struct secret by;
	int ret = stretch(&slot->sealed, pass, &by, err);

	if (ret)
		return ret;
	ret = secret_alloc(key, size, err);
	if (ret) {
		secret_free(&by);
		return ret;
	}
	begin(&gcm, &by, header->uuid, slot->slot);
	gcm_aes256_decrypt(&gcm, size, (uint8_t *)key->data, slot->sealed.key);
	gcm_aes256_digest(&gcm, TOKEN_SEAL, digest);
	explicit_bzero(&gcm, sizeof(gcm));
	secret_free(&by);
	if (memeql_sec(digest, slot->sealed.key + size, TOKEN_SEAL))
		return 0;
	secret_free(key);
	return error_set(err, EPERM, "wrong passphrase");
}
