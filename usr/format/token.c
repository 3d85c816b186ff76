// SPDX-License-Identifier: GPL-2.0
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "hex.h"
#include "number.h"
#include "token.h"

#define SECTORS_PAGE	8	/* what offsets are multiples of */

static const char * const state_names[] = {
	[TOKEN_USED] = "used",
	[TOKEN_ADDING] = "adding",
	[TOKEN_ERASING] = "erasing",
};

const char *token_state_name(enum token_state state)
{
	return state_names[state];
}

bool token_user_valid(const char *user)
{
	size_t len = strlen(user), i;

	if (!len || len >= TOKEN_USER)
		return false;
	for (i = 0; i < len; i++)
		if (iscntrl((unsigned char)user[i]) || user[i] == ' ')
			return false;
	return true;
}

bool token_user_new(const char *user)
{
	return token_user_valid(user) && !strchr(user, ':') &&
	       user[strspn(user, "0123456789")];
}

bool token_cipher_valid(const char *cipher)
{
	size_t len = strlen(cipher), i;

	if (!len || len >= TOKEN_CIPHER)
		return false;
	for (i = 0; i < len; i++)
		if (cipher[i] <= ' ' || cipher[i] > '~')
			return false;
	return true;
}

struct token_slot *token_slot(struct token *token, uint32_t slot)
{
	uint32_t i;

	for (i = 0; i < token->n_slots; i++)
		if (token->slots[i].slot == slot)
			return &token->slots[i];
	return NULL;
}

void token_drop(struct token *token, uint32_t slot)
{
	struct token_slot *s = token_slot(token, slot);

	if (!s)
		return;
	token->n_slots--;
	memmove(s, s + 1, (size_t)(token->slots + token->n_slots - s) *
		sizeof(*s));
}

/* --- finding --------------------------------------------------------------- */

const struct token_slot *token_user(const struct token *token, const char *user)
{
	uint32_t i;

	for (i = 0; i < token->n_slots; i++)
		if (!strcmp(token->slots[i].user, user))
			return &token->slots[i];
	return NULL;
}

bool token_has_user(const struct token *token, const char *user)
{
	return token_user(token, user);
}

bool token_is_owner(const struct token_slot *slot)
{
	return slot->owner && !slot->former;
}

const char *token_role(const struct token_slot *slot)
{
	return token_is_owner(slot) ? "owner" : "user";
}

static int find_user(const struct token *token, const char *user,
		     struct error *err)
{
	int found = -1;
	uint32_t i;

	for (i = 0; i < token->n_slots; i++) {
		if (strcmp(token->slots[i].user, user))
			continue;
		if (found >= 0)
			return error_set(err, EINVAL,
					 "%s has several slots: say which (slot list shows them)",
					 user);
		found = (int)token->slots[i].slot;
	}
	return found >= 0 ? found :
	       error_set(err, EINVAL, "there is no user %s", user);
}

static int find_number(const struct token *token, const char *text,
		       struct error *err)
{
	uint64_t slot;

	if (number_parse(text, TOKEN_SLOT_MAX, &slot) &&
	    token_slot((struct token *)token, (uint32_t)slot))
		return (int)slot;
	return error_set(err, EINVAL, "there is no slot %s", text);
}

int token_find(const struct token *token, const char *text, struct error *err)
{
	bool number = *text && !text[strspn(text, "0123456789")];

	if (!strncmp(text, "user:", 5))
		return find_user(token, text + 5, err);
	if (!strncmp(text, "slot:", 5))
		return find_number(token, text + 5, err);
	if (!number)
		return find_user(token, text, err);
	if (token_has_user(token, text))
		return error_set(err, EINVAL,
				 "%s is a user's name: say user:%s, or slot:%s for the slot of that number",
				 text, text, text);
	return find_number(token, text, err);
}

/* --- parsing -------------------------------------------------------------- */

static int bad(struct error *err, const char *what)
{
	return error_set(err, EINVAL, "the header's token has a wrong %s", what);
}

/* A number of @object from @min to @max. */
static bool get_uint(const json_t *object, const char *key, uint64_t min,
		     uint64_t max, uint64_t *n)
{
	const json_t *value = json_object_get(object, key);
	json_int_t v = json_integer_value(value);

	if (!json_is_integer(value) || v < 0 || (uint64_t)v < min ||
	    (uint64_t)v > max)
		return false;
	*n = (uint64_t)v;
	return true;
}

static bool get_u32(const json_t *object, const char *key, uint32_t min,
		    uint32_t max, uint32_t *n)
{
	uint64_t v;

	if (!get_uint(object, key, min, max, &v))
		return false;
	*n = (uint32_t)v;
	return true;
}

/* A flag that is not there is false. */
static bool get_flag(const json_t *object, const char *key, bool *flag)
{
	const json_t *value = json_object_get(object, key);

	*flag = json_is_true(value);
	return !value || json_is_boolean(value);
}

static int parse_geometry(const json_t *root, struct token *token,
			  struct error *err)
{
	const char *cipher = json_string_value(json_object_get(root, "cipher"));

	if (!cipher || !token_cipher_valid(cipher))
		return bad(err, "cipher");
	strcpy(token->cipher, cipher);
	if (!get_u32(root, "key-size", 16, TOKEN_KEY_MAX, &token->key_size))
		return bad(err, "key size");
	if (!get_u32(root, "sector-size", 512, 4096, &token->sector_size) ||
	    (token->sector_size != 512 && token->sector_size != 4096))
		return bad(err, "sector size");
	if (!get_u32(root, "region", 512, 32768, &token->region) ||
	    token->region & (token->region - 1))
		return bad(err, "region size");
	if (!get_uint(root, "meta-offset", 0, TOKEN_SECTORS_MAX,
		      &token->meta_offset) ||
	    token->meta_offset % SECTORS_PAGE)
		return bad(err, "offset of the metadata");
	if (!get_uint(root, "sectors", 1, TOKEN_SECTORS_MAX, &token->sectors) ||
	    token->sectors % (token->sector_size / 512))
		return bad(err, "length");
	if (!get_flag(root, "iv-large-sectors", &token->large_iv) ||
	    !get_flag(root, "allow-discards", &token->discards) ||
	    !get_flag(root, "adopted", &token->adopted))
		return bad(err, "flag");
	token->wipe = json_object_get(root, "wipe");
	if (token->wipe &&
	    (!token->adopted ||
	     !get_uint(root, "wipe", SECTORS_PAGE, TOKEN_SECTORS_MAX,
		       &token->wipe_sectors)))
		return bad(err, "length of what is to be wiped");
	return 0;
}

static int parse_devices(const json_t *root, struct token *token,
			 struct error *err)
{
	const json_t *list = json_object_get(root, "devices");
	uint64_t number;
	size_t i;

	if (!json_is_array(list) || !json_array_size(list) ||
	    json_array_size(list) > TOKEN_DEVICES)
		return bad(err, "number of devices");
	for (i = 0; i < json_array_size(list); i++) {
		const json_t *device = json_array_get(list, i);

		if (!get_uint(device, "number", i, i, &number) ||
		    !get_uint(device, "offset", 0, TOKEN_SECTORS_MAX,
			      &token->devices[i].offset) ||
		    token->devices[i].offset % SECTORS_PAGE)
			return bad(err, "device");
	}
	token->n_devices = (uint32_t)i;
	return 0;
}

static bool parse_state(const char *text, enum token_state *state)
{
	size_t i;

	for (i = 0; i < sizeof(state_names) / sizeof(*state_names); i++) {
		if (strcmp(text, state_names[i]))
			continue;
		*state = (enum token_state)i;
		return true;
	}
	return false;
}

static bool get_hex(const json_t *object, const char *key, uint8_t *bytes,
		    size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && hex_parse(text, bytes, size);
}

static bool parse_sealed(const json_t *json, struct token_sealed *sealed,
			 uint32_t key_size)
{
	return get_hex(json, "salt", sealed->salt, TOKEN_SALT) &&
	       get_u32(json, "passes", 1, INT32_MAX, &sealed->passes) &&
	       get_u32(json, "lanes", 1, TOKEN_LANES_MAX, &sealed->lanes) &&
	       get_u32(json, "memory", 8 * sealed->lanes, TOKEN_MEMORY_MAX,
		       &sealed->memory) &&
	       get_hex(json, "key", sealed->key, key_size + TOKEN_SEAL);
}

/* A slot's key is in a keyslot, or sealed in here. */
static bool parse_key(const json_t *json, struct token *token,
		      struct token_slot *slot)
{
	const json_t *sealed = json_object_get(json, "sealed-key");

	slot->owner = !sealed;
	if (slot->owner)
		return get_u32(json, "keyslot", 0, TOKEN_KEYSLOT_MAX,
			       &slot->keyslot);
	return token->version > 1 && !json_object_get(json, "keyslot") &&
	       parse_sealed(sealed, &slot->sealed, token->key_size);
}

/* A change of the metadata key, which only an owner's keyslot can be in. */
static bool parse_rotation(const json_t *json, struct token_slot *slot)
{
	slot->rotating = json_object_get(json, "next-keyslot");
	if (slot->rotating &&
	    !get_u32(json, "next-keyslot", 0, TOKEN_KEYSLOT_MAX, &slot->next))
		return false;
	return get_flag(json, "former-owner", &slot->former) &&
	       (slot->owner || (!slot->rotating && !slot->former)) &&
	       !(slot->rotating && (slot->former || slot->changing));
}

static int parse_slot(const json_t *json, struct token *token,
		      struct error *err)
{
	struct token_slot *slot = &token->slots[token->n_slots], *other;
	const char *user = json_string_value(json_object_get(json, "user"));
	const char *state = json_string_value(json_object_get(json, "state"));

	if (!get_u32(json, "slot", 0, TOKEN_SLOT_MAX, &slot->slot))
		return bad(err, "slot");
	if (!parse_key(json, token, slot))
		return bad(err, "key of a slot");
	if (!user || !token_user_valid(user))
		return bad(err, "user");
	strcpy(slot->user, user);
	if (!state || !parse_state(state, &slot->state))
		return bad(err, "state of a slot");
	slot->changing = json_object_get(json, "other-keyslot");
	if (slot->changing &&
	    !get_u32(json, "other-keyslot", 0, TOKEN_KEYSLOT_MAX, &slot->other))
		return bad(err, "slot");
	if (!parse_rotation(json, slot))
		return bad(err, "change of the metadata key");
	for (other = token->slots; other < slot; other++)
		if (other->slot == slot->slot ||
		    (other->owner && slot->owner &&
		     other->keyslot == slot->keyslot))
			return bad(err, "slot: it is there twice");
	token->n_slots++;
	return 0;
}

/* How often a slot names a keyslot, in each of the ways that it can. */
static unsigned int names_keyslot(const struct token_slot *s, uint32_t keyslot)
{
	return (s->owner && s->keyslot == keyslot) +
	       (s->changing && s->other == keyslot) +
	       (s->rotating && s->next == keyslot);
}

/* A keyslot that is to be destroyed, or is to come, is nobody's. */
static bool others_are_free(const struct token *token)
{
	const struct token_slot *s;
	uint32_t keyslot;
	unsigned int n;

	for (keyslot = 0; keyslot <= TOKEN_KEYSLOT_MAX; keyslot++) {
		n = 0;
		for (s = token->slots; s < token->slots + token->n_slots; s++)
			n += names_keyslot(s, keyslot);
		if (n > 1)
			return false;
	}
	return true;
}

static int parse_slots(const json_t *root, struct token *token,
		       struct error *err)
{
	const json_t *list = json_object_get(root, "slots");
	size_t i;
	int ret;

	if (!json_is_array(list) || json_array_size(list) > TOKEN_SLOTS)
		return bad(err, "number of slots");
	for (i = 0; i < json_array_size(list); i++) {
		ret = parse_slot(json_array_get(list, i), token, err);
		if (ret)
			return ret;
	}
	return others_are_free(token) ? 0 :
	       bad(err, "slot: another one has its keyslot");
}

static int parse_job(const json_t *root, struct token *token, struct error *err)
{
	const json_t *job = json_object_get(root, "job");

	token->job.set = job;
	if (!job)
		return 0;
	if (!get_u32(job, "from", 0, TOKEN_SLOT_MAX, &token->job.from) ||
	    !get_u32(job, "to", 0, TOKEN_SLOT_MAX, &token->job.to) ||
	    !token_slot(token, token->job.from) ||
	    !token_slot(token, token->job.to) ||
	    token->job.from == token->job.to)
		return bad(err, "job");
	return 0;
}

static int parse_root(const json_t *root, struct token *token,
		      struct error *err)
{
	const char *type = json_string_value(json_object_get(root, "type"));
	int ret;

	if (!type || strcmp(type, TOKEN_TYPE))
		return bad(err, "type");
	if (!get_u32(root, "version", 1, UINT32_MAX, &token->version))
		return bad(err, "version");
	if (token->version > TOKEN_VERSION)
		return error_set(err, EINVAL,
				 "the volume's header is of version %u, and this program knows version %u",
				 token->version, TOKEN_VERSION);
	ret = parse_geometry(root, token, err);
	if (!ret)
		ret = parse_devices(root, token, err);
	if (!ret)
		ret = parse_slots(root, token, err);
	if (!ret)
		ret = parse_job(root, token, err);
	return ret;
}

int token_parse(const char *json, struct token *token, struct error *err)
{
	json_error_t where;
	json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, &where);
	int ret;

	memset(token, 0, sizeof(*token));
	if (!root)
		return error_set(err, EINVAL, "the header's token is no JSON: %s",
				 where.text);
	ret = parse_root(root, token, err);
	json_decref(root);
	return ret;
}

/* --- formatting ------------------------------------------------------------- */

static json_t *format_devices(const struct token *token)
{
	json_t *list = json_array();
	uint32_t i;

	for (i = 0; i < token->n_devices; i++)
		json_array_append_new(list,
			json_pack("{s:i, s:I}", "number", (int)i, "offset",
				  (json_int_t)token->devices[i].offset));
	return list;
}

static json_t *format_sealed(const struct token *token,
			     const struct token_sealed *sealed)
{
	char salt[2 * TOKEN_SALT + 1], key[2 * sizeof(sealed->key) + 1];

	hex_text(sealed->salt, TOKEN_SALT, salt);
	hex_text(sealed->key, token->key_size + TOKEN_SEAL, key);
	return json_pack("{s:s, s:I, s:I, s:I, s:s}", "salt", salt,
			 "passes", (json_int_t)sealed->passes,
			 "memory", (json_int_t)sealed->memory,
			 "lanes", (json_int_t)sealed->lanes, "key", key);
}

/* A program that knows no sealed keys is to leave a header with such alone. */
static int needed_version(const struct token *token)
{
	uint32_t i;

	for (i = 0; i < token->n_slots; i++)
		if (!token->slots[i].owner || token->slots[i].rotating ||
		    token->slots[i].former)
			return 2;
	return 1;
}

static json_t *format_slots(const struct token *token)
{
	json_t *list = json_array(), *slot;
	const struct token_slot *s;

	for (s = token->slots; s < token->slots + token->n_slots; s++) {
		slot = json_pack("{s:i, s:s, s:s}", "slot", (int)s->slot,
				 "user", s->user,
				 "state", token_state_name(s->state));
		if (s->owner)
			json_object_set_new(slot, "keyslot",
					    json_integer(s->keyslot));
		else
			json_object_set_new(slot, "sealed-key",
					    format_sealed(token, &s->sealed));
		if (s->changing)
			json_object_set_new(slot, "other-keyslot",
					    json_integer(s->other));
		if (s->rotating)
			json_object_set_new(slot, "next-keyslot",
					    json_integer(s->next));
		if (s->former)
			json_object_set_new(slot, "former-owner", json_true());
		json_array_append_new(list, slot);
	}
	return list;
}

char *token_format(const struct token *token)
{
	json_t *root;
	char *text;

	root = json_pack("{s:s, s:o, s:i, s:s, s:i, s:i, s:b, s:b, s:b, s:i, s:I, s:I, s:o, s:o}",
			 "type", TOKEN_TYPE,
			 /* LUKS2 wants it; ours are unbound, and below */
			 "keyslots", json_array(),
			 "version", needed_version(token),
			 "cipher", token->cipher,
			 "key-size", (int)token->key_size,
			 "sector-size", (int)token->sector_size,
			 "iv-large-sectors", token->large_iv,
			 "allow-discards", token->discards,
			 "adopted", token->adopted,
			 "region", (int)token->region,
			 "meta-offset", (json_int_t)token->meta_offset,
			 "sectors", (json_int_t)token->sectors,
			 "devices", format_devices(token),
			 "slots", format_slots(token));
	if (!root)
		return NULL;
	if (token->wipe)
		json_object_set_new(root, "wipe",
			json_integer((json_int_t)token->wipe_sectors));
	if (token->job.set)
		json_object_set_new(root, "job",
			json_pack("{s:i, s:i}", "from", (int)token->job.from,
				  "to", (int)token->job.to));
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}
