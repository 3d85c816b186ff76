// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../../format/hex.h"
#include "../../lib/stretch.h"
#include "passphrase.h"

int passphrase_key(const struct ask_source *source, bool new,
		   const struct backup *backup,
		   char key[static 2 * BACKUP_KEY + 1], struct error *err)
{
	uint8_t bytes[BACKUP_KEY];
	struct secret secret;
	int ret;

	secret_begin();
	ret = ask_secret(&secret, source, "Passphrase of the backup", new, err);
	if (ret)
		return ret;
	ret = stretch_passphrase(secret.data, secret.size, backup, bytes, err);
	secret_free(&secret);
	if (!ret)
		hex_text(bytes, BACKUP_KEY, key);
	explicit_bzero(bytes, sizeof(bytes));
	return ret;
}
