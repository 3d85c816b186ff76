/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The node as what lies sealed in a backup (format/backup.h): its key never leaves
 * hearthd in the clear, and a passphrase never comes to it.
 */
#ifndef HEARTH_NODE_BACKUP_H
#define HEARTH_NODE_BACKUP_H

#include "../format/backup.h"
#include "node.h"

/*
 * @head: of the file, but for its size. Returns 0 and the whole file, @size bytes at
 * *@file, to be freed, or a negative errno.
 */
int backup_seal(struct node *node, const uint8_t key[static BACKUP_KEY],
		const uint8_t head[static BACKUP_HEAD], uint8_t **file,
		size_t *size, struct error *err);

/*
 * @data, @size: the whole file. Peers and name become those of the backup, and last of
 * all the key. For a node that has none. Returns 0 or a negative errno.
 */
int backup_restore(struct node *node, const uint8_t key[static BACKUP_KEY],
		   const uint8_t *data, size_t size, struct error *err);

#endif
