// SPDX-License-Identifier: GPL-2.0
#include <argon2.h>
#include <errno.h>
#include <nettle/pbkdf2.h>
#include <string.h>

#include "stretch.h"

void stretch_code(const char code[static PAIRCODE_SIZE],
		  const uint8_t inviter[static PEER_ID],
		  uint8_t key[static WIRE_KEY])
{
	uint8_t salt[sizeof(WIRE_SALT) + PEER_ID];

	memcpy(salt, WIRE_SALT, sizeof(WIRE_SALT));
	memcpy(salt + sizeof(WIRE_SALT), inviter, PEER_ID);
	pbkdf2_hmac_sha256(PAIRCODE_SIZE - 1, (const uint8_t *)code,
			   WIRE_ROUNDS, sizeof(salt), salt, WIRE_KEY, key);
}

int stretch_passphrase(const void *passphrase, size_t size,
		       const struct backup *backup,
		       uint8_t key[static BACKUP_KEY], struct error *err)
{
	int ret = argon2id_hash_raw(backup->passes, backup->memory,
				    backup->lanes, passphrase, size,
				    backup->salt, sizeof(backup->salt), key,
				    BACKUP_KEY);

	if (!ret)
		return 0;
	return error_set(err, ret == ARGON2_MEMORY_ALLOCATION_ERROR ? ENOMEM :
			 EINVAL, "the passphrase cannot be made a key: %s",
			 argon2_error_message(ret));
}
