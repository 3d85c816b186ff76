/* SPDX-License-Identifier: GPL-2.0 */
/* UTF-8 (RFC 3629), and what of it may be shown on a terminal. */
#ifndef HEARTH_UTF8_H
#define HEARTH_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Takes a character off the @size bytes at @text. Returns how many bytes it has, 0
 * where there is none: an end, a byte that begins none, a longer form than needed,
 * a surrogate.
 */
size_t utf8_next(const char *text, size_t size, uint32_t *c);

/* Are @size bytes UTF-8 without a zero? */
bool utf8_valid(const char *text, size_t size);

/*
 * Can they be shown as they are? Not with control characters, with what changes the
 * direction of a line or is not seen at all, and not with characters that are none.
 */
bool utf8_shows(const char *text, size_t size);

#endif
