/* SPDX-License-Identifier: GPL-2.0 */
/* What people can type becomes a key. All of it takes long: not for a daemon's loop. */
#ifndef HEARTH_STRETCH_H
#define HEARTH_STRETCH_H

#include "../format/backup.h"
#include "../format/paircode.h"
#include "../format/peer.h"
#include "../format/wire.h"

/* The key of a pairing with the node @inviter: half a second and more. */
void stretch_code(const char code[static PAIRCODE_SIZE],
		  const uint8_t inviter[static PEER_ID],
		  uint8_t key[static WIRE_KEY]);

/* The key of a backup, as its head says. Returns 0 or a negative errno. */
int stretch_passphrase(const void *passphrase, size_t size,
		       const struct backup *backup,
		       uint8_t key[static BACKUP_KEY], struct error *err);

#endif
