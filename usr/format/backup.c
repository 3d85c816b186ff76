// SPDX-License-Identifier: GPL-2.0
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "backup.h"

#define VERSION	1u

/* As it lies in the file. */
struct head {
	char magic[16];
	uint32_t version, passes, memory, lanes;
	uint8_t salt[BACKUP_SALT];
	uint8_t nonce[BACKUP_NONCE];
	uint32_t size;
} __attribute__((packed));

_Static_assert(sizeof(struct head) == BACKUP_HEAD, "the head of a backup");

static const char magic[16] = "hearth backup\n";

int backup_parse(const uint8_t *data, size_t size, struct backup *backup,
		 struct error *err)
{
	struct head head;

	if (size < sizeof(head) || memcmp(data, magic, sizeof(magic)))
		return error_set(err, EINVAL, "it is no backup of a node");
	memcpy(&head, data, sizeof(head));
	if (be32toh(head.version) != VERSION)
		return error_set(err, EINVAL,
				 "it is a backup of version %u; this program knows version %u",
				 be32toh(head.version), VERSION);
	backup->passes = be32toh(head.passes);
	backup->memory = be32toh(head.memory);
	backup->lanes = be32toh(head.lanes);
	backup->size = be32toh(head.size);
	memcpy(backup->salt, head.salt, BACKUP_SALT);
	memcpy(backup->nonce, head.nonce, BACKUP_NONCE);
	if (!backup->passes || backup->passes > 64 ||
	    !backup->lanes || backup->lanes > 16 ||
	    backup->memory < 8 * backup->lanes || backup->memory > 1u << 20)
		return error_set(err, EINVAL,
				 "the backup asks for %u passes over %u KiB in %u lanes, which nobody means",
				 backup->passes, backup->memory, backup->lanes);
	if (backup->size < BACKUP_TAG || backup->size > BACKUP_MAX ||
	    backup->size != size - sizeof(head))
		return error_set(err, EINVAL,
				 "the backup is not whole: it has %zu bytes behind its head, and should have %u",
				 size - sizeof(head), backup->size);
	return 0;
}

void backup_format(const struct backup *backup,
		   uint8_t head[static BACKUP_HEAD])
{
	struct head h = {
		.version = htobe32(VERSION),
		.passes = htobe32(backup->passes),
		.memory = htobe32(backup->memory),
		.lanes = htobe32(backup->lanes),
		.size = htobe32(backup->size),
	};

	memcpy(h.magic, magic, sizeof(magic));
	memcpy(h.salt, backup->salt, BACKUP_SALT);
	memcpy(h.nonce, backup->nonce, BACKUP_NONCE);
	memcpy(head, &h, sizeof(h));
}
