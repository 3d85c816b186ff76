/* SPDX-License-Identifier: GPL-2.0 */
/* Sizes as people write and read them. */
#ifndef HEARTH_SIZE_H
#define HEARTH_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#define SIZE_TEXT	32	/* bytes of a size or a time as text */

/*
 * Reads "512K", "1.5G", "20MiB", "64s": a number, with a fraction of up to three
 * digits where the result is whole, and a unit of 1024 (K, M, G, T, P, in either case, with or
 * without "iB"), B for bytes, or s for sectors of 512 bytes, as cryptsetup and
 * dmsetup count. A number alone counts @unit bytes; with 0 it is refused, unless
 * it is 0. Returns false, with @bytes as it was, where @text is none of these
 * or more than 2^60.
 */
bool size_parse(const char *text, uint64_t unit, uint64_t *bytes);

/* "1.5 GiB" of bytes; "3:05" of seconds. Return @text. */
const char *size_text(uint64_t bytes, char text[static SIZE_TEXT]);
const char *size_time(uint64_t seconds, char text[static SIZE_TEXT]);

#endif
