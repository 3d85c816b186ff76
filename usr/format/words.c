// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "number.h"
#include "words.h"

bool words_next(struct words *words)
{
	size_t len;

	words->at += strspn(words->at, " ");
	len = strcspn(words->at, " ");
	if (!len || len >= sizeof(words->word))
		return false;
	memcpy(words->word, words->at, len);
	words->word[len] = '\0';
	words->at += len;
	return true;
}

bool words_u64(struct words *words, uint64_t *n)
{
	return words_next(words) && number_parse(words->word, UINT64_MAX, n);
}

bool words_u32(struct words *words, uint32_t max, uint32_t *n)
{
	uint64_t v;

	if (!words_next(words) || !number_parse(words->word, max, &v))
		return false;
	*n = (uint32_t)v;
	return true;
}

bool words_text(struct words *words, char *text, size_t size)
{
	if (!words_next(words) || strlen(words->word) >= size)
		return false;
	strcpy(text, words->word);
	return true;
}

int words_of(struct words *words, const char * const *names)
{
	int i;

	if (words_next(words))
		for (i = 0; names[i]; i++)
			if (!strcmp(words->word, names[i]))
				return i;
	return -1;
}
