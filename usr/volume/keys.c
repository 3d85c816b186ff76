// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "keys.h"
#include "seal.h"

void keys_free(struct keys *keys)
{
	while (keys->n)
		secret_free(&keys->slot[--keys->n].key);
	secret_free(&keys->meta);
	secret_free(&keys->old_meta);
}

void keys_go_back(struct keys *keys)
{
	secret_free(&keys->meta);
	keys->meta = keys->old_meta;
	keys->old_meta = (struct secret){ 0 };
}

const struct secret *keys_find(const struct keys *keys, uint32_t slot)
{
	unsigned int i;

	for (i = 0; i < keys->n; i++)
		if (keys->slot[i].slot == slot)
			return &keys->slot[i].key;
	return NULL;
}

bool keys_are_owners(const struct keys *keys, uint32_t slot)
{
	unsigned int i;

	for (i = 0; i < keys->n; i++)
		if (keys->slot[i].slot == slot)
			return keys->slot[i].owner;
	return false;
}

int keys_new(struct keys *keys, uint32_t key_size, struct error *err)
{
	int ret;

	memset(keys, 0, sizeof(*keys));
	ret = secret_random(&keys->meta, HEADER_META_KEY, err);
	if (!ret)
		ret = secret_random(&keys->slot[0].key, key_size, err);
	if (ret) {
		keys_free(keys);
		return ret;
	}
	keys->slot[0].owner = true;
	keys->n = 1;
	return 0;
}

/* --- by a passphrase ------------------------------------------------------------- */

/* It opens nothing, which others may. */
static bool is_none(int ret)
{
	return ret == -EPERM || ret == -ENOKEY;
}

/*
 * The metadata key that is to come, where a change of it was cut short: nobody knows
 * here whether the metadata are under it.
 */
static int add_next(struct keys *keys, struct header *header,
		    const struct token_slot *slot, const struct secret *pass,
		    struct error *err)
{
	struct secret meta, key;
	int ret;

	if (!slot->rotating || !header_has_key(header, slot->next))
		return 0;
	ret = header_get_key(header, slot->next, pass, &meta, &key, err);
	if (ret)
		return is_none(ret) ? 0 : ret;
	secret_free(&key);
	secret_free(&keys->old_meta);
	keys->old_meta = keys->meta;
	keys->meta = meta;
	return 0;
}

static int add_owner(struct keys *keys, struct header *header,
		     const struct token_slot *slot, const struct secret *pass,
		     struct secret *key, struct error *err)
{
	struct secret meta;
	int ret = header_get_key(header, slot->keyslot, pass, &meta, key, err);

	if (ret)
		return ret;
	if (slot->former || keys->meta.size) {
		secret_free(&meta);
		return 0;
	}
	keys->meta = meta;
	ret = add_next(keys, header, slot, pass, err);
	if (ret) {
		secret_free(&keys->meta);
		secret_free(key);
	}
	return ret;
}

static int add(struct keys *keys, struct header *header,
	       const struct token_slot *slot, const struct secret *pass,
	       struct error *err)
{
	struct secret *key = &keys->slot[keys->n].key;
	int ret;

	if (slot->owner)
		ret = add_owner(keys, header, slot, pass, key, err);
	else
		ret = seal_open(header, slot, pass, key, err);
	if (ret)
		return ret;
	keys->slot[keys->n].slot = slot->slot;
	keys->slot[keys->n++].owner = token_is_owner(slot);
	return 0;
}

static bool is_meant(const struct token_slot *s, const struct keys_whose *whose)
{
	return s->state == TOKEN_USED &&
	       (whose->user ? !strcmp(whose->user, s->user) :
		token_is_owner(s) || !whose->owner);
}

/* The slots of the user behind @first, which the passphrase fits. */
static int add_rest(struct keys *keys, struct header *header,
		    const struct token_slot *first, const struct secret *pass,
		    struct error *err)
{
	const struct token *token = &header->token;
	const struct token_slot *s;
	int ret;

	for (s = token->slots; s < token->slots + token->n_slots; s++) {
		if (s == first || s->state != TOKEN_USED ||
		    strcmp(s->user, keys->user) || keys->n == KEYS_SLOTS)
			continue;
		ret = add(keys, header, s, pass, err);
		/* a change of the passphrase that was cut short */
		if (ret && !is_none(ret))
			return ret;
	}
	return 0;
}

static int no_owner(const char *user, struct error *err)
{
	return error_set(err, EACCES,
			 "%s is a user of the volume, and no owner: an owner opens it, then \"slot unlock\" takes the passphrase of %s",
			 user, user);
}

int keys_check(const struct header *header, const struct keys_whose *whose,
	       struct error *err)
{
	const struct token *token = &header->token;
	const struct token_slot *s;
	bool any = false, owner = false;

	for (s = token->slots; s < token->slots + token->n_slots; s++) {
		any |= is_meant(s, whose);
		owner |= is_meant(s, whose) && token_is_owner(s);
	}
	if (!any && whose->user)
		return error_set(err, ENOKEY, "there is no user %s",
				 whose->user);
	if (!any)
		return error_set(err, ENOKEY, whose->owner ?
				 "no owner is left" : "no user is left");
	if (whose->owner && !owner)
		return no_owner(whose->user, err);
	return 0;
}

int keys_unlock(struct keys *keys, struct header *header,
		const struct keys_whose *whose, const struct secret *pass,
		struct error *err)
{
	const struct token *token = &header->token;
	const struct token_slot *s;
	int ret;

	memset(keys, 0, sizeof(*keys));
	ret = keys_check(header, whose, err);
	if (ret)
		return ret;
	ret = -EPERM;
	for (s = token->slots; is_none(ret) &&
	     s < token->slots + token->n_slots; s++) {
		if (!is_meant(s, whose))
			continue;
		ret = add(keys, header, s, pass, err);
		if (ret)
			continue;
		strcpy(keys->user, s->user);
		ret = add_rest(keys, header, s, pass, err);
	}
	if (ret == -EPERM || (ret == -ENOKEY && !whose->user))
		ret = error_set(err, EPERM, whose->user ?
				"wrong passphrase: it is not that of the user" :
				whose->owner ?
				"wrong passphrase: it is no owner's (a user's is for \"slot unlock\", once an owner has opened the volume)" :
				"wrong passphrase: it is no user's");
	/* of a user with slots of both kinds the passphrase may fit the wrong one */
	if (!ret && whose->owner && !keys->meta.size)
		ret = no_owner(keys->user, err);
	if (ret)
		keys_free(keys);
	return ret;
}
