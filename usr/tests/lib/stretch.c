// SPDX-License-Identifier: GPL-2.0
#include "../../format/hex.h"
#include "../../lib/stretch.h"
#include "../test.h"

/* Made by Python's hashlib.pbkdf2_hmac(): other nodes must come to the same. */
static void stretch_codes(void)
{
	uint8_t id[PEER_ID], key[WIRE_KEY];
	char text[2 * WIRE_KEY + 1];

	memset(id, 0xab, sizeof(id));
	stretch_code("DVR4VCM0PGE2", id, key);
	hex_text(key, sizeof(key), text);
	expect_text(text, "df0f46479adabc1d566ff5a64c0a7343754b2aad10f616812638706e9e5b2a72");
}

static void stretch_passphrases(void)
{
	const struct backup backup = {
		.passes = 1, .memory = 64, .lanes = 1, .salt = { 1 },
	};
	struct backup bad = backup;
	uint8_t a[BACKUP_KEY], b[BACKUP_KEY];
	struct error err;

	expect(!stretch_passphrase("good", 4, &backup, a, &err));
	expect(!stretch_passphrase("good", 4, &backup, b, &err));
	expect(!memcmp(a, b, sizeof(a)));
	expect(!stretch_passphrase("goof", 4, &backup, b, &err));
	expect(memcmp(a, b, sizeof(a)));
	bad.salt[0] = 2;
	expect(!stretch_passphrase("good", 4, &bad, b, &err));
	expect(memcmp(a, b, sizeof(a)));
	bad.memory = 1;
	expect(stretch_passphrase("good", 4, &bad, b, &err) < 0);
}

const struct test tests[] = {
	TEST(stretch_codes),
	TEST(stretch_passphrases),
	{ 0 },
};
