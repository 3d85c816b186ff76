/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_NUMBER_H
#define HEARTH_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads a decimal number of digits alone, from 0 to @max, into @n. Returns
 * false, with @n as it was, where @text is none.
 */
bool number_parse(const char *text, uint64_t max, uint64_t *n);

#endif
