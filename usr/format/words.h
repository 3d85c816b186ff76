/* SPDX-License-Identifier: GPL-2.0 */
/* A line of words with spaces between, one word after the other. */
#ifndef HEARTH_WORDS_H
#define HEARTH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct words {
	const char *at;		/* what is left of the line */
	char word[512];		/* the last one that was read */
};

/* Each returns false where there is no such word; it is passed over. */
bool words_next(struct words *words);
bool words_u64(struct words *words, uint64_t *n);
bool words_u32(struct words *words, uint32_t max, uint32_t *n);

/* Into @text, if it fits there with its end. */
bool words_text(struct words *words, char *text, size_t size);

/* One of @names, a list that ends with NULL: its number, or -1. */
int words_of(struct words *words, const char * const *names);

#endif
