/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_HEX_H
#define HEARTH_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Are these @size bytes, which need no end, hexadecimal digits of either case? */
bool hex_digits(const char *text, size_t size);

/* Exactly 2 * @size hexadecimal digits, of either case; false for others. */
bool hex_parse(const char *text, uint8_t *bytes, size_t size);

/* 2 * @size lower case digits and an end. */
void hex_text(const uint8_t *bytes, size_t size, char *text);

#endif
