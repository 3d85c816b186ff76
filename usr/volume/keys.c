// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "keys.h"

void keys_free(struct keys *keys)
{
	while (keys->n)
		secret_free(&keys->slot[--keys->n].key);
}

const struct secret *keys_find(const struct keys *keys, uint32_t slot)
{
	unsigned int i;

	for (i = 0; i < keys->n; i++)
		if (keys->slot[i].slot == slot)
			return &keys->slot[i].key;
	return NULL;
}

static int add(struct keys *keys, struct header *header,
	       const struct token_slot *slot, const struct secret *pass,
	       struct error *err)
{
	int ret = header_get_key(header, slot->keyslot, pass,
				 &keys->slot[keys->n].key, err);

	if (ret)
		return ret;
	keys->slot[keys->n++].slot = slot->slot;
	return 0;
}

/* The slots of the user behind @first, which the passphrase fits. */
static int add_rest(struct keys *keys, struct header *header,
		    const struct token_slot *first, const struct secret *pass,
		    struct error *err)
{
	const struct token *token = &header->token;
	const struct token_slot *s;
	int ret;

	for (s = first + 1; s < token->slots + token->n_slots; s++) {
		if (s->state != TOKEN_USED || strcmp(s->user, keys->user) ||
		    keys->n == HEADER_KEYS)
			continue;
		ret = add(keys, header, s, pass, err);
		/* a change of the passphrase that was cut short */
		if (ret && ret != -EPERM)
			return ret;
	}
	return 0;
}

int keys_unlock(struct keys *keys, struct header *header, const char *user,
		const struct secret *pass, struct error *err)
{
	const struct token *token = &header->token;
	const struct token_slot *s;
	bool any = false;
	int ret = -ENOKEY;

	keys->n = 0;
	for (s = token->slots; s < token->slots + token->n_slots; s++) {
		if (s->state != TOKEN_USED || (user && strcmp(user, s->user)))
			continue;
		any = true;
		ret = add(keys, header, s, pass, err);
		if (ret == -EPERM)
			continue;
		if (ret)
			break;
		strcpy(keys->user, s->user);
		ret = add_rest(keys, header, s, pass, err);
		break;
	}
	if (!any && user)
		ret = error_set(err, ENOKEY, "there is no user %s", user);
	else if (!any)
		ret = error_set(err, ENOKEY, "no user is left");
	else if (ret == -EPERM)
		ret = error_set(err, EPERM, user ?
				"wrong passphrase: it is not that of the user" :
				"wrong passphrase: it is no user's");
	if (ret)
		keys_free(keys);
	return ret;
}

int keys_make(const struct keys *keys, const struct header *header,
	      struct secret *key, struct error *err)
{
	int ret = secret_random(key, HEADER_META_KEY + header->token.key_size,
				err);

	if (!ret)
		memcpy(key->data, keys->slot[0].key.data, HEADER_META_KEY);
	return ret;
}
