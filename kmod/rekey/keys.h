/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys: from a logon key of the keyring straight into a transform. The bytes are
 * copied nowhere else, and the transform wipes itself.
 */
#ifndef _HEARTH_REKEY_KEYS_H
#define _HEARTH_REKEY_KEYS_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/percpu-refcount.h>

#include "cipher.h"
#include "format.h"

struct crypto_shash;
struct work_struct;

/* A data key. Who computes with it holds a reference. */
struct rekey_key {
	struct percpu_ref ref;
	struct completion gone;		/* the last reference */
	unsigned long ended;		/* bit 0: keys_end() was called */
	u32 env;			/* that it is bound to; 0: to none */
	struct list_head bound;		/* bind.c's */
	struct work_struct *evict;	/* the same; NULL: it is not in its list */
	struct crypto_skcipher *tfm;
	char *source;			/* as keys_read() has it */
	u32 size;
	u8 kcv[REKEY_KCV];		/* tells keys apart, tells nothing else */
};

struct crypto_shash *keys_read_mac(const char *source, u32 least,
				   char **error);
struct rekey_key *keys_read(const struct rekey_cipher *cipher, const u8 *uuid,
			    u32 slot, const char *source, char **error);
bool keys_end(struct rekey_key *key);
void keys_free(struct rekey_key *key);
int keys_check(const struct rekey_key *key, const struct rekey_slot_info *info,
	       char **error);

static inline void keys_put(struct rekey_key *key)
{
	percpu_ref_put(&key->ref);
}

#endif /* _HEARTH_REKEY_KEYS_H */
