/* SPDX-License-Identifier: GPL-2.0 */
/* The table line: read here, and written. It is in Documentation/internals/rekey.rst. */
#ifndef _HEARTH_REKEY_TABLE_H
#define _HEARTH_REKEY_TABLE_H

#include "volume.h"

/* Keys are read when the volume's uuid is known; till then these point there. */
struct table_keys {
	unsigned int count;
	const char *arg[REKEY_SLOTS];
};

int table_read(struct rekey_volume *v, unsigned int argc, char **argv,
	       struct table_keys *keys, char **error);
int table_read_keys(struct rekey_volume *v, const struct table_keys *keys,
		    char **error);
void table_write(struct rekey_volume *v, char *result, unsigned int maxlen);

#endif /* _HEARTH_REKEY_TABLE_H */
