// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "../format/peer.h"
#include "test.h"

static bool valid(const char *name)
{
	return peer_name_valid(name, strlen(name));
}

static void peer_names(void)
{
	static const char longest[] =
		"a-name-of-sixty-four-bytes-is-the-longest-that-there-can-be-----";

	expect(valid("desk"));
	expect(valid("my laptop"));
	expect(valid("k\xc3\xbc" "che"));
	expect(valid("beef"));
	expect(valid("deadbeeg"));
	expect(strlen(longest) == 64 && valid(longest));
	expect(!peer_name_valid("a-name-of-sixty-five-bytes-is-one-longer-than-the-longest-can-be-", 65));
	expect(!valid(""));
	expect(!valid(" desk"));
	expect(!valid("desk "));
	expect(!valid("--as"));
	expect(!valid("deadbeef"));	/* reads as an id */
	expect(!valid("de\033[2Jsk"));
	expect(!peer_name_valid("de\0sk", 5));
	expect(!valid("\xff"));
}

/* As on the wire: what lies behind it is not the name's, nor anybody's. */
static void peer_names_need_no_end(void)
{
	char *name = malloc(8);

	memcpy(name, "deadbeef", 8);
	expect(!peer_name_valid(name, 8));
	memcpy(name, "deadbees", 8);
	expect(peer_name_valid(name, 8));
	free(name);
}

static void peer_ids(void)
{
	static const char text[] =
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	uint8_t id[PEER_ID];
	char back[PEER_ID_TEXT];

	expect(peer_id_parse(text, id));
	expect(id[1] == 0x11 && id[31] == 0xff);
	peer_id_text(id, back);
	expect_text(back, text);
	expect(!peer_id_parse(text + 1, id));
	expect(!peer_id_parse("desk", id));
}

static void peer_roles(void)
{
	enum peer_role role;

	expect(peer_role_parse("self", &role) && role == PEER_SELF);
	expect(peer_role_parse("friend", &role) && role == PEER_FRIEND);
	expect(!peer_role_parse("owner", &role));
	expect_text(peer_role_name(PEER_SELF), "self");
}

/* The whole table: a role, how the grant names peers, and whether it may. */
static void peer_grants(void)
{
	static const uint8_t me[PEER_ID] = { 1, [31] = 1 };
	static const uint8_t others[][PEER_ID] = {
		{ 2 }, { 1, [31] = 2 }, { 0, [31] = 1 },
	};
	static const uint8_t with_me[][PEER_ID] = { { 2 }, { 1, [31] = 1 } };
	static const struct {
		const char *what;
		enum peer_role role;
		struct peer_grant grant;
		bool may;
	} table[] = {
		{ "self, to nobody by name", PEER_SELF, { 0, NULL }, true },
		{ "friend, to nobody by name", PEER_FRIEND, { 0, NULL }, false },
		{ "self, to him", PEER_SELF, { 2, with_me }, true },
		{ "friend, to him", PEER_FRIEND, { 2, with_me }, true },
		{ "self, to others", PEER_SELF, { 3, others }, false },
		{ "friend, to others", PEER_FRIEND, { 3, others }, false },
		{ "no role, to nobody by name", PEER_SELF + 1, { 0, NULL }, false },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++)
		test_expect(peer_may(table[i].role, me, &table[i].grant) ==
			    table[i].may, table[i].what, __FILE__, __LINE__);
}

const struct test tests[] = {
	TEST(peer_names),
	TEST(peer_names_need_no_end),
	TEST(peer_ids),
	TEST(peer_roles),
	TEST(peer_grants),
	{ 0 },
};
