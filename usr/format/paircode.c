// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "paircode.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void paircode_text(const uint8_t random[static PAIRCODE_RANDOM],
		   char text[static PAIRCODE_TEXT])
{
	unsigned int i;

	for (i = 0; i < PAIRCODE_RANDOM; i++) {
		if (i && i % 4 == 0)
			*text++ = '-';
		*text++ = alphabet[random[i] & 31];
	}
	*text = '\0';
}

/* What a character stands for, or 0. */
static char meant(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		return '0';
	if (c == 'I' || c == 'L')
		return '1';
	return strchr(alphabet, c) ? c : '\0';
}

bool paircode_read(const char *text, char code[static PAIRCODE_SIZE])
{
	unsigned int n = 0;

	for (; *text; text++) {
		if (*text == '-' || *text == ' ')
			continue;
		if (n == PAIRCODE_SIZE - 1)
			return false;
		code[n] = meant(*text);
		if (!code[n++])
			return false;
	}
	code[n] = '\0';
	return n == PAIRCODE_SIZE - 1;
}
