// SPDX-License-Identifier: GPL-2.0
/* Keys: see keys.h. */
#include <crypto/hash.h>
#include <keys/user-type.h>
#include <linux/key.h>
#include <linux/slab.h>

#include "../compat/compat.h"
#include "keys.h"

#define KEY_SIZE_MAX	1024

/* --- from the keyring ------------------------------------------------------- */

struct source {
	const char *description;
	u32 size;
	u32 env;		/* that the key is to be bound to; 0: to none */
};

/*
 * ":<bytes>:logon:<description>", or the same behind "env:<id>", to which the key is
 * bound; whatever else there may be is refused.
 */
static int source_parse(const char *text, struct source *source, char **error)
{
	int n = 0;

	*error = "Keys come from keyrings, as :<bytes>:logon:<description>";
	source->env = 0;
	if (str_has_prefix(text, "env:")) {
		if (sscanf(text, "env:%u%n", &source->env, &n) != 1 ||
		    !source->env)
			return -EINVAL;
		text += n;
		n = 0;
	}
	if (sscanf(text, ":%u%n", &source->size, &n) != 1 || !source->size ||
	    source->size > KEY_SIZE_MAX || !str_has_prefix(text + n, ":logon:"))
		return -EINVAL;
	source->description = text + n + strlen(":logon:");
	/* a logon key's description has a prefix of its own */
	return strchr(source->description, ':') ? 0 : -EINVAL;
}

/* Calls @use with the key's bytes, which stay where they are. */
static int source_use(const struct source *source, char **error,
		      int (*use)(void *to, const u8 *key, u32 size), void *to)
{
	const struct user_key_payload *payload;
	struct key *key;
	int err;

	*error = "There is no such key in the keyring";
	key = request_key(&key_type_logon, source->description, NULL);
	if (IS_ERR(key))
		return PTR_ERR(key);
	down_read(&key->sem);
	payload = user_key_payload_locked(key);
	if (!payload) {
		*error = "The key was revoked";
		err = -EKEYREVOKED;
	} else if (payload->datalen != source->size) {
		*error = "The key is not as long as was said";
		err = -EINVAL;
	} else {
		*error = "The key does not fit the cipher";
		err = use(to, payload->data, source->size);
	}
	up_read(&key->sem);
	key_put(key);
	return err;
}

static int set_mac_key(void *to, const u8 *key, u32 size)
{
	return crypto_shash_setkey(to, key, size);
}

static struct crypto_shash *source_mac(const struct source *source,
				       char **error)
{
	struct crypto_shash *mac;
	int err;

	*error = "The kernel does not have hmac(sha256)";
	mac = crypto_alloc_shash("hmac(sha256)", 0, 0);
	if (IS_ERR(mac))
		return mac;
	err = source_use(source, error, set_mac_key, mac);
	if (!err)
		return mac;
	crypto_free_shash(mac);
	return ERR_PTR(err);
}

/**
 * keys_read_mac() - HMAC-SHA256 with a key of the keyring
 * @source: ":<bytes>:logon:<description>"
 * @least: bytes that the key must have
 * @error: set to a sentence on failure
 *
 * Return: the transform, to be freed with crypto_free_shash(), or an ERR_PTR.
 */
struct crypto_shash *keys_read_mac(const char *source, u32 least,
				   char **error)
{
	struct source from;
	int err;

	err = source_parse(source, &from, error);
	if (err)
		return ERR_PTR(err);
	*error = "A key of the metadata is not bound to an environment";
	if (from.env)
		return ERR_PTR(-EINVAL);
	*error = "The key is too short";
	if (from.size < least)
		return ERR_PTR(-EINVAL);
	return source_mac(&from, error);
}

/* --- keys of data ------------------------------------------------------------- */

static void key_released(struct percpu_ref *ref)
{
	struct rekey_key *key = container_of(ref, struct rekey_key, ref);

	complete(&key->gone);
}

static int set_data_key(void *to, const u8 *bytes, u32 size)
{
	struct rekey_key *key = to;

	key->size = size;
	return crypto_skcipher_setkey(key->tfm, bytes, size);
}

/*
 * The key check value: HMAC of what the key is for, under the key. So it is of
 * no use for another slot or volume, and equal keys in two slots look different.
 */
static int compute_kcv(struct crypto_shash *mac, const u8 *uuid, u32 slot,
		       const char *cipher, u8 *kcv)
{
	static const u8 purpose[16] = "hearth-rekey-kcv";
	SHASH_DESC_ON_STACK(desc, mac);
	__le32 number = cpu_to_le32(slot);
	int err;

	desc->tfm = mac;
	err = crypto_shash_init(desc);
	if (!err)
		err = crypto_shash_update(desc, purpose, sizeof(purpose));
	if (!err)
		err = crypto_shash_update(desc, uuid, REKEY_UUID);
	if (!err)
		err = crypto_shash_update(desc, (u8 *)&number, sizeof(number));
	if (!err)
		err = crypto_shash_update(desc, (const u8 *)cipher,
					  strlen(cipher));
	if (!err)
		err = crypto_shash_final(desc, kcv);
	shash_desc_zero(desc);
	return err;
}

static int make_kcv(struct rekey_key *key, const struct source *source,
		    const struct rekey_cipher *cipher, const u8 *uuid,
		    u32 slot, char **error)
{
	struct crypto_shash *mac = source_mac(source, error);
	int err;

	if (IS_ERR(mac))
		return PTR_ERR(mac);
	err = compute_kcv(mac, uuid, slot, cipher->name, key->kcv);
	crypto_free_shash(mac);
	return err;
}

/**
 * keys_read() - make a transform from a key of the keyring
 * @cipher: of the volume
 * @uuid: of the volume
 * @slot: that it is for
 * @source: ":<bytes>:logon:<description>", or "env:<id>:<bytes>:logon:<description>":
 *	then the caller has to bind it to that environment (bind.h)
 * @error: set to a sentence on failure
 *
 * Return: a key that no slot has yet, or an ERR_PTR.
 */
struct rekey_key *keys_read(const struct rekey_cipher *cipher, const u8 *uuid,
			    u32 slot, const char *source, char **error)
{
	struct rekey_key *key;
	struct source from;
	int err;

	err = source_parse(source, &from, error);
	if (err)
		return ERR_PTR(err);
	*error = "Out of memory";
	err = -ENOMEM;
	key = kzalloc(sizeof(*key), GFP_KERNEL);
	if (!key)
		return ERR_PTR(-ENOMEM);
	key->env = from.env;
	init_completion(&key->gone);
	if (percpu_ref_init(&key->ref, key_released, 0, GFP_KERNEL))
		goto err_key;
	key->source = kstrdup(source, GFP_KERNEL);
	if (!key->source)
		goto err_ref;
	*error = "The kernel does not have this cipher";
	key->tfm = crypto_alloc_skcipher(cipher->api, 0,
					 CRYPTO_ALG_ALLOCATES_MEMORY);
	if (IS_ERR(key->tfm)) {
		err = PTR_ERR(key->tfm);
		goto err_source;
	}
	/* another driver may have come since the table was loaded */
	*error = "The cipher's driver has changed: load the table again";
	err = -EXDEV;
	if (sizeof(struct skcipher_request) +
	    crypto_skcipher_reqsize(key->tfm) > cipher->req_size)
		goto err_tfm;
	err = source_use(&from, error, set_data_key, key);
	if (!err)
		err = make_kcv(key, &from, cipher, uuid, slot, error);
	if (!err)
		return key;
err_tfm:
	crypto_free_skcipher(key->tfm);
err_source:
	kfree(key->source);
err_ref:
	percpu_ref_exit(&key->ref);
err_key:
	kfree(key);
	return ERR_PTR(err);
}

/**
 * keys_end() - nobody new computes with it
 * @key: that has not ended, or has
 *
 * Any context.
 *
 * Return: whether this is the end; false where another caller was first.
 */
bool keys_end(struct rekey_key *key)
{
	if (test_and_set_bit(0, &key->ended))
		return false;
	percpu_ref_kill(&key->ref);
	return true;
}

/**
 * keys_free() - wipe a key that no slot has
 * @key: which nobody uses, or which has ended: then those who use it are waited for
 */
void keys_free(struct rekey_key *key)
{
	if (test_bit(0, &key->ended))
		wait_for_completion(&key->gone);
	crypto_free_skcipher(key->tfm);	/* wipes its memory */
	kfree(key->source);
	percpu_ref_exit(&key->ref);
	kfree_sensitive(key);
}

/**
 * keys_check() - is this the slot's key?
 * @key: as read
 * @info: what the slot table has; a free slot takes any key
 * @error: set to a sentence on failure
 *
 * Return: 0 or a negative errno.
 */
int keys_check(const struct rekey_key *key, const struct rekey_slot_info *info,
	       char **error)
{
	switch (info->state) {
	case REKEY_SLOT_FREE:
		return 0;
	case REKEY_SLOT_USED:
		if (key->size == info->key_size &&
		    !crypto_memneq(key->kcv, info->kcv, REKEY_KCV))
			return 0;
		*error = "Wrong key: it is not the one of this slot";
		return -EKEYREJECTED;
	default:
		*error = "The slot is being erased";
		return -EBUSY;
	}
}
