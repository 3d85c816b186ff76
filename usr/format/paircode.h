/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one-time code of an invitation: 60 bits as 12 characters of Crockford's
 * base 32, in groups of four: DVR4-VCM0-PGE2.
 */
#ifndef HEARTH_PAIRCODE_H
#define HEARTH_PAIRCODE_H

#include <stdbool.h>
#include <stdint.h>

#define PAIRCODE_RANDOM	12	/* bytes that a new one takes; 5 bits of each */
#define PAIRCODE_SIZE	13	/* bytes as it is reckoned with, with the end */
#define PAIRCODE_TEXT	15	/* bytes as it is shown, with the end */

void paircode_text(const uint8_t random[static PAIRCODE_RANDOM],
		   char text[static PAIRCODE_TEXT]);

/*
 * Reads what somebody typed: case, dashes and spaces do not matter, O is 0, I and L
 * are 1. Returns false where it is no code.
 */
bool paircode_read(const char *text, char code[static PAIRCODE_SIZE]);

#endif
