/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys of slots. A slot's key is a transform that holds it, and nothing else
 * does: the bytes are read from a logon key straight into the transform.
 *
 * Each I/O and each copy of a region holds a reference on the key that it
 * uses. slot_evict() takes the key away from new ones, waits for those, and
 * frees the transform, which wipes it.
 */
#ifndef _HEARTH_REKEY_SLOT_H
#define _HEARTH_REKEY_SLOT_H

#include <linux/completion.h>
#include <linux/percpu-refcount.h>

#include "volume.h"

struct rekey_key {
	struct percpu_ref ref;
	struct completion gone;		/* the last reference */
	struct crypto_skcipher *tfm;
	char *source;			/* ":<bytes>:logon:<description>" */
	u32 size;
	u8 kcv[REKEY_KCV];		/* tells keys apart, tells nothing else */
};

struct crypto_shash *slot_read_mac(const char *source, u32 least,
				   char **error);
struct rekey_key *slot_read_key(struct rekey_volume *v, u32 slot,
				const char *source, char **error);
int slot_make_kcv(struct rekey_volume *v, struct rekey_key *key, u32 slot,
		  char **error);
void slot_free_key(struct rekey_key *key);
int slot_check_key(const struct rekey_key *key,
		   const struct rekey_slot_info *info, char **error);

int slot_load(struct rekey_volume *v, u32 slot, const char *source,
	      char **error);
bool slot_evict(struct rekey_volume *v, u32 slot);
bool slot_loaded(struct rekey_volume *v, u32 slot);
int slot_activate(struct rekey_volume *v, char **error);

struct rekey_key *slot_get_key(struct rekey_volume *v, u32 slot);

static inline void slot_put_key(struct rekey_key *key)
{
	percpu_ref_put(&key->ref);
}

#endif /* _HEARTH_REKEY_SLOT_H */
