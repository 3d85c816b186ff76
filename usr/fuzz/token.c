// SPDX-License-Identifier: GPL-2.0
/* A header's token, as whoever can write to the disk may have written it. */
#include <stdlib.h>
#include <string.h>

#include "../format/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was understood comes back the same. */
static void check(const struct token *token)
{
	struct token back;
	struct error err;
	char *text = token_format(token), *again;

	if (!text || token_parse(text, &back, &err))
		abort();
	again = token_format(&back);
	if (!again || strcmp(text, again))
		abort();
	free(text);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct token token;
	struct error err;
	uint32_t i;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!token_parse(text, &token, &err)) {
		if (token.n_slots > TOKEN_SLOTS || !token.n_devices ||
		    token.n_devices > TOKEN_DEVICES ||
		    !token_cipher_valid(token.cipher))
			abort();
		for (i = 0; i < token.n_slots; i++)
			if (!token_user_valid(token.slots[i].user) ||
			    token.slots[i].slot > TOKEN_SLOT_MAX)
				abort();
		check(&token);
		for (i = 0; i < token.n_slots; i++)
			token_find(&token, token.slots[i].user, &err);
	}
	free(text);
	return 0;
}
