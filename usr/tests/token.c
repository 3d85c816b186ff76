// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "../format/token.h"
#include "test.h"

static struct token sample(void)
{
	struct token token = {
		.cipher = "aes-xts-plain64", .key_size = 64, .sector_size = 512,
		.region = 2048, .meta_offset = 32768, .sectors = 409600,
		.discards = true, .n_devices = 2,
		.devices = { { 34816 }, { 0 } },
		.n_slots = 4,
		.slots = { { .slot = 3, .owner = true, .user = "ann",
			     .changing = true, .other = 2 },
			   { .slot = 0, .owner = true, .keyslot = 5,
			     .state = TOKEN_ERASING, .user = "b\"ob" },
			   { .slot = 4, .owner = true, .keyslot = 6,
			     .state = TOKEN_ADDING, .user = "cy" },
			   { .slot = 5, .user = "dan",
			     .sealed = { .salt = { 1, 0xff }, .passes = 4,
					 .memory = 32, .lanes = 4,
					 .key = { 2, [79] = 0xfe } } } },
		.job = { true, 0, 3 },
	};

	return token;
}

static void token_comes_back(void)
{
	struct token a = sample(), b;
	char *json = token_format(&a), *again;
	struct error err;

	expect(json != NULL);
	expect(!token_parse(json, &b, &err));
	again = token_format(&b);
	expect_text(json, again);
	expect_has(json, "\"keyslots\":[]");
	expect(b.discards && !b.large_iv && !b.adopted && !b.wipe);
	expect_has(json, "\"version\":2");
	expect(b.n_slots == 4 && b.slots[1].state == TOKEN_ERASING &&
	       b.slots[2].state == TOKEN_ADDING);
	expect_text(b.slots[1].user, "b\"ob");
	expect(b.slots[0].changing && b.slots[0].other == 2 &&
	       !b.slots[1].changing);
	expect(b.slots[0].owner && !b.slots[3].owner);
	expect(!memcmp(&b.slots[3].sealed, &a.slots[3].sealed,
		       sizeof(a.slots[3].sealed)));
	expect_text(token_role(&b.slots[0]), "owner");
	expect_text(token_role(&b.slots[3]), "user");
	expect(b.devices[0].offset == 34816);
	expect(b.job.set && b.job.to == 3);
	free(json);
	free(again);
}

/* Without a user a program of before understands it, and with one it must not try. */
static void token_says_its_version(void)
{
	struct token token = sample(), b;
	struct error err;
	char *json, *at;

	token.n_slots = 3;
	json = token_format(&token);
	expect_has(json, "\"version\":1");
	expect(!token_parse(json, &b, &err) && b.version == 1);
	free(json);
	token.n_slots = 4;
	json = token_format(&token);
	at = strstr(json, "\"version\":2");
	expect(at != NULL);
	at[10] = '1';
	expect(token_parse(json, &b, &err) == -EINVAL);
	free(json);
}

/* The most that there can be, with the longest of names, fits into a header. */
static void token_fits_its_area(void)
{
	struct token token = sample();
	struct token_slot last = token.slots[3];
	struct token b;
	struct error err;
	char *json;

	memset(last.user, '"', TOKEN_USER - 1);
	last.user[TOKEN_USER - 1] = '\0';
	last.sealed.passes = INT32_MAX;
	last.sealed.memory = TOKEN_MEMORY_MAX;
	token.key_size = TOKEN_KEY_MAX;
	token.job.set = false;
	token.n_devices = TOKEN_DEVICES;
	for (token.n_slots = 0; token.n_slots < TOKEN_SLOTS; token.n_slots++) {
		last.slot = 100 + token.n_slots;
		token.slots[token.n_slots] = last;
	}
	json = token_format(&token);
	expect(json != NULL);
	/* of 128 KiB, less a head and what LUKS2 has of 8 keyslots */
	expect(strlen(json) < 100 << 10);
	expect(!token_parse(json, &b, &err) && b.n_slots == TOKEN_SLOTS);
	free(json);
}

/* The sample with a value of another kind, or without it. */
static int with(const char *key, json_t *value)
{
	struct token token = sample(), back;
	char *json = token_format(&token);
	json_t *root = json_loads(json, 0, NULL);
	struct error err = { 0 };
	int ret;

	free(json);
	if (value)
		json_object_set_new(root, key, value);
	else
		json_object_del(root, key);
	json = json_dumps(root, 0);
	ret = token_parse(json, &back, &err);
	expect(!ret == !*err.text);
	free(json);
	json_decref(root);
	return ret;
}

static json_t *json_of(const char *text)
{
	return json_loads(text, JSON_DECODE_ANY, NULL);
}

#define H16	"000102030405060708090a0b0c0d0e0f"
#define H32	H16 H16
#define H80	H32 H32 H16

static int with_slots(const char *slots)
{
	struct token token = sample(), back;
	struct error err;
	json_t *root;
	char *json;
	int ret;

	token.job.set = false;
	json = token_format(&token);
	root = json_loads(json, 0, NULL);
	free(json);
	json_object_set_new(root, "slots", json_of(slots));
	json = json_dumps(root, 0);
	ret = token_parse(json, &back, &err);
	free(json);
	json_decref(root);
	return ret;
}

static void token_refuses_wrong_fields(void)
{
	static const struct {
		const char *key, *value;
	} bad[] = {
		{ "type", "\"luks2-keyring\"" }, { "version", "3" }, { "version", "0" },
		{ "version", "\"1\"" }, { "cipher", "\"\"" },
		{ "cipher", "\"aes xts\"" }, { "cipher", "7" },
		{ "key-size", "0" }, { "key-size", "129" },
		{ "sector-size", "1024" }, { "region", "600" },
		{ "region", "65536" }, { "meta-offset", "-8" },
		{ "meta-offset", "7" }, { "sectors", "0" },
		{ "sectors", "1e9" }, { "sectors", "140737488355329" },
		{ "devices", "[]" }, { "devices", "{}" },
		{ "devices", "[{\"number\":1,\"offset\":0}]" },
		{ "devices", "[{\"number\":0,\"offset\":4}]" },
		{ "slots", "[{}]" }, { "slots", "7" },
		{ "slots", "[{\"slot\":248,\"keyslot\":0,\"user\":\"a\",\"state\":\"used\"}]" },
		{ "slots", "[{\"slot\":0,\"keyslot\":32,\"user\":\"a\",\"state\":\"used\"}]" },
		{ "slots", "[{\"slot\":0,\"keyslot\":0,\"user\":\"\",\"state\":\"used\"}]" },
		{ "slots", "[{\"slot\":0,\"keyslot\":0,\"user\":\"a\\u001b\",\"state\":\"used\"}]" },
		{ "slots", "[{\"slot\":0,\"keyslot\":0,\"user\":\"a\",\"state\":\"new\"}]" },
		{ "slots", "[{\"slot\":0,\"keyslot\":0,\"user\":\"a\",\"state\":\"used\"},{\"slot\":0,\"keyslot\":1,\"user\":\"a\",\"state\":\"used\"}]" },
		{ "slots", "[{\"slot\":0,\"keyslot\":1,\"user\":\"a\",\"state\":\"used\"},{\"slot\":3,\"keyslot\":1,\"user\":\"a\",\"state\":\"used\"}]" },
		{ "slots", "[{\"slot\":0,\"keyslot\":1,\"user\":\"a\",\"state\":\"used\",\"other-keyslot\":1}]" },
		{ "slots", "[{\"slot\":0,\"keyslot\":1,\"user\":\"a\",\"state\":\"used\",\"other-keyslot\":2},{\"slot\":3,\"keyslot\":2,\"user\":\"a\",\"state\":\"used\"}]" },
		{ "slots", "[{\"slot\":0,\"keyslot\":1,\"user\":\"a\",\"state\":\"used\",\"other-keyslot\":32}]" },
#define SEALED(salt, rest) "[{\"slot\":0,\"user\":\"a\",\"state\":\"used\",\"sealed-key\":{\"salt\":\"" salt "\"," rest "}}]"
		{ "slots", "[{\"slot\":0,\"user\":\"a\",\"state\":\"used\"}]" },
		{ "slots", "[{\"slot\":0,\"user\":\"a\",\"state\":\"used\",\"sealed-key\":7}]" },
		{ "slots", SEALED(H32, "\"memory\":32,\"lanes\":4,\"passes\":0,\"key\":\"" H80 "\"") },
		{ "slots", SEALED(H32, "\"memory\":31,\"lanes\":4,\"passes\":4,\"key\":\"" H80 "\"") },
		{ "slots", SEALED(H32, "\"memory\":4194305,\"lanes\":4,\"passes\":4,\"key\":\"" H80 "\"") },
		{ "slots", SEALED(H32, "\"memory\":64,\"lanes\":5,\"passes\":4,\"key\":\"" H80 "\"") },
		{ "slots", SEALED(H32, "\"memory\":64,\"lanes\":4,\"passes\":4,\"key\":\"" H80 "0\"") },
		{ "slots", SEALED(H32, "\"memory\":64,\"lanes\":4,\"passes\":4,\"key\":\"" H32 "\"") },
		{ "slots", SEALED(H80, "\"memory\":64,\"lanes\":4,\"passes\":4,\"key\":\"" H80 "\"") },
		{ "job", "{\"from\":0,\"to\":0}" }, { "job", "{\"from\":0,\"to\":9}" },
		{ "adopted", "1" }, { "wipe", "32768" }, { "wipe", "null" },
	};
	static const char * const needed[] = {
		"type", "version", "cipher", "key-size", "sector-size",
		"region", "meta-offset", "sectors", "devices", "slots",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_expect((strcmp(bad[i].key, "slots") ?
			     with(bad[i].key, json_of(bad[i].value)) :
			     with_slots(bad[i].value)) == -EINVAL,
			    bad[i].value, __FILE__, __LINE__);
	for (i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		test_expect(with(needed[i], NULL) == -EINVAL, needed[i],
			    __FILE__, __LINE__);
	/* and what may be missing, or new */
	expect(!with("job", NULL));
	expect(!with("iv-large-sectors", NULL));
	expect(!with("of-tomorrow", json_of("{}")));
	/* of what the wrong ones above are a byte away */
	expect(!with_slots(SEALED(H32, "\"memory\":32,\"lanes\":4,\"passes\":4,\"key\":\"" H80 "\"")));
}

static void token_refuses_other_texts(void)
{
	static const char * const bad[] = {
		"", "{", "[]", "7", "null", "{\"type\":\"hearth-volume\",\"type\":\"hearth-volume\"}",
	};
	struct token token;
	struct error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_expect(token_parse(bad[i], &token, &err) == -EINVAL,
			    bad[i], __FILE__, __LINE__);
}

/* A change of the metadata key that is under way, and one that was. */
static void token_tells_of_a_rotation(void)
{
	struct token token = sample(), b;
	struct error err;
	char *json;

	token.n_slots = 2;
	token.job.set = false;
	token.slots[0].changing = false;
	token.slots[0].rotating = true;
	token.slots[0].next = 7;
	token.slots[1].former = true;
	json = token_format(&token);
	expect_has(json, "\"version\":2");
	expect(!token_parse(json, &b, &err));
	expect(b.slots[0].rotating && b.slots[0].next == 7 &&
	       !b.slots[1].rotating);
	expect(token_is_owner(&b.slots[0]) && !token_is_owner(&b.slots[1]));
	expect_text(token_role(&b.slots[1]), "user");
	free(json);
	/* the keyslot that is to come is somebody's */
	token.slots[0].next = 5;
	json = token_format(&token);
	expect(token_parse(json, &b, &err) == -EINVAL);
	free(json);
	/* or his own */
	token.slots[0].next = 0;
	json = token_format(&token);
	expect(token_parse(json, &b, &err) == -EINVAL);
	free(json);
	/* one of an owner of before, or of one whose passphrase is being changed */
	token.slots[0].next = 7;
	token.slots[0].former = true;
	json = token_format(&token);
	expect(token_parse(json, &b, &err) == -EINVAL);
	free(json);
	token.slots[0].former = false;
	token.slots[0].changing = true;
	token.slots[0].other = 8;
	json = token_format(&token);
	expect(token_parse(json, &b, &err) == -EINVAL);
	free(json);
}

static void token_drops_slots(void)
{
	struct token token = sample();

	token_drop(&token, 5);
	token_drop(&token, 3);
	expect(token.n_slots == 2 && token.slots[0].slot == 0);
	expect(!token_slot(&token, 3));
	token_drop(&token, 3);
	expect(token.n_slots == 2);
	token_drop(&token, 0);
	token_drop(&token, 4);
	expect(!token.n_slots);
}

static void token_knows_names(void)
{
	char longest[66];

	expect(token_user_valid("ann"));
	expect(token_user_valid("\xc3\xa4nne"));
	expect(!token_user_valid(""));
	expect(!token_user_valid("a b"));
	expect(!token_user_valid("a\n"));
	memset(longest, 'a', 65);
	longest[65] = '\0';
	expect(!token_user_valid(longest));
	longest[64] = '\0';
	expect(token_user_valid(longest));
	expect(token_cipher_valid("capi:xts(aes)-plain64"));
	expect(!token_cipher_valid("aes xts"));
}

static void token_knows_new_names(void)
{
	expect(token_user_new("ann") && token_user_new("7th"));
	expect(!token_user_new("7") && !token_user_new("007"));
	expect(!token_user_new("slot:7") && !token_user_new("a:b"));
	expect(!token_user_new("") && !token_user_new("a b"));
}

/* A user whose name is digits has slot 3, and the slot of that number is Bob's. */
static void token_finds_slots(void)
{
	struct token token = {
		.n_slots = 4,
		.slots = { { .slot = 3, .user = "7" }, { .slot = 7, .user = "bob" },
			   { .slot = 8, .user = "cy" }, { .slot = 9, .user = "cy" } },
	};
	struct error err;

	expect(token_find(&token, "bob", &err) == 7);
	expect(token_find(&token, "3", &err) == 3);
	expect(token_find(&token, "7", &err) == -EINVAL);
	expect_has(err.text, "slot:7");
	expect(token_find(&token, "user:7", &err) == 3);
	expect(token_find(&token, "slot:7", &err) == 7);
	expect(token_find(&token, "cy", &err) == -EINVAL);
	expect_has(err.text, "several slots");
	expect(token_find(&token, "5", &err) == -EINVAL);
	expect(token_find(&token, "slot:bob", &err) == -EINVAL);
	expect(token_find(&token, "dan", &err) == -EINVAL);
	expect(token_find(&token, "", &err) == -EINVAL);
}

const struct test tests[] = {
	TEST(token_comes_back),
	TEST(token_says_its_version),
	TEST(token_fits_its_area),
	TEST(token_refuses_wrong_fields),
	TEST(token_refuses_other_texts),
	TEST(token_tells_of_a_rotation),
	TEST(token_drops_slots),
	TEST(token_knows_names),
	TEST(token_knows_new_names),
	TEST(token_finds_slots),
	{ 0 },
};
