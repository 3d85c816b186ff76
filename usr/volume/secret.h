/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Passphrases and keys: in memory that is locked and wiped when it is freed,
 * never in an argument, a variable of the environment, or a log.
 */
#ifndef HEARTH_SECRET_H
#define HEARTH_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "../format/error.h"

struct secret {
	char *data;
	size_t size;
};

/* From here on no core dump and no debugger of the same user sees us. */
void secret_begin(void);

/* Memory for @size bytes of a key. Returns 0 or -ENOMEM. */
int secret_alloc(struct secret *secret, size_t size, struct error *err);

/* The bytes of @from into @to, which has room for them. */
void secret_copy(struct secret *to, const struct secret *from);

/* @size random bytes, from the kernel. Returns 0 or a negative errno. */
int secret_random(struct secret *secret, size_t size, struct error *err);

/*
 * Reads a passphrase: all bytes up to the end, or where @line up to the end of
 * a line, which may be empty, but not missing; at most 8 MiB. The path "-" is standard input. Return 0 or a negative
 * errno; secret_free() is due only after 0.
 */
int secret_read(struct secret *secret, int fd, bool line, struct error *err);
int secret_read_file(struct secret *secret, const char *path,
		     struct error *err);

/* Wipes it. One that is all zero is nothing. */
void secret_free(struct secret *secret);

#endif
