/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_CLI_NODE_PASSPHRASE_H
#define HEARTH_CLI_NODE_PASSPHRASE_H

#include "../../format/backup.h"
#include "../ask.h"

/*
 * Asks for the passphrase of a backup, and makes it the key that its head says, as
 * hexadecimal digits. Returns 0 or a negative errno.
 */
int passphrase_key(const struct ask_source *source, bool new,
		   const struct backup *backup,
		   char key[static 2 * BACKUP_KEY + 1], struct error *err);

#endif
