/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table line of the target "rekey", as Documentation/internals/rekey.rst has
 * it: read as the kernel shows it, and written as the kernel takes it.
 */
#ifndef HEARTH_TABLE_H
#define HEARTH_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

#define TABLE_DEVICES	64
#define TABLE_KEYS	248
#define TABLE_NAME	32	/* bytes of "major:minor", with the end */
#define TABLE_CIPHER	64
#define TABLE_SOURCE	160	/* of ":64:logon:hearth:UUID:SLOT" */

struct table_device {
	char name[TABLE_NAME];	/* major:minor, or - */
	uint64_t offset;	/* sectors of 512 bytes */
};

struct table_key {
	uint32_t slot;
	char source[TABLE_SOURCE];	/* where in the keyring */
};

struct table {
	char meta[TABLE_NAME];	/* major:minor */
	char cipher[TABLE_CIPHER];
	uint32_t n_devices;
	struct table_device devices[TABLE_DEVICES];
	uint64_t meta_offset;	/* sectors */
	uint32_t region;	/* sectors; 0: the kernel's default */
	uint32_t sector_size;	/* bytes; 0: the kernel's default */
	uint32_t rate;		/* KiB/s; 0: no limit */
	uint64_t adopt_place;	/* with @adopt */
	bool create, adopt, upgrade, large_iv, discards;
	char meta_key[TABLE_SOURCE];	/* "": none */
	char old_meta_key[TABLE_SOURCE];	/* the one before; "": none */
	uint32_t n_keys;
	struct table_key keys[TABLE_KEYS];
};

/*
 * Reads @line, without start, length and target. An option that is not known is
 * passed over. Returns 0 or -EINVAL.
 */
int table_parse(const char *line, struct table *table, struct error *err);

/* The same as a line, to be freed; NULL where there is no memory. */
char *table_format(const struct table *table);

#endif
