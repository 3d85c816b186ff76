/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys: from a logon key of the keyring straight into a transform. The bytes are
 * copied nowhere else, and the transform wipes itself.
 */
#ifndef _HEARTH_REKEY_KEYS_H
#define _HEARTH_REKEY_KEYS_H

#include <linux/completion.h>
#include <linux/percpu-refcount.h>

#include "cipher.h"
#include "format.h"

struct crypto_shash;

/* A data key. Who computes with it holds a reference. */
struct rekey_key {
	struct percpu_ref ref;
	struct completion gone;		/* the last reference */
	struct crypto_skcipher *tfm;
	char *source;			/* ":<bytes>:logon:<description>" */
	u32 size;
	u8 kcv[REKEY_KCV];		/* tells keys apart, tells nothing else */
};

struct crypto_shash *keys_read_mac(const char *source, u32 least,
				   char **error);
struct rekey_key *keys_read(const struct rekey_cipher *cipher, const u8 *uuid,
			    u32 slot, const char *source, char **error);
void keys_free(struct rekey_key *key);
int keys_check(const struct rekey_key *key, const struct rekey_slot_info *info,
	       char **error);

static inline void keys_put(struct rekey_key *key)
{
	percpu_ref_put(&key->ref);
}

#endif /* _HEARTH_REKEY_KEYS_H */
