// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel has a check of names of its own. A name that a node takes and its kernel
 * does not, or the other way round, would be a peer that half the system knows.
 */
#include "../../kmod/hearth/name.c"
#include "../format/peer.h"
#include "test.h"

static size_t encode(uint32_t c, char *p)
{
	if (c < 0x80) {
		p[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		p[0] = (char)(0xc0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		p[0] = (char)(0xe0 | c >> 12);
		p[1] = (char)(0x80 | (c >> 6 & 0x3f));
		p[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | c >> 18);
	p[1] = (char)(0x80 | (c >> 12 & 0x3f));
	p[2] = (char)(0x80 | (c >> 6 & 0x3f));
	p[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static bool same(const char *text, size_t size)
{
	return name_valid(text, size) == peer_name_valid(text, size);
}

/* Alone, in front, in the middle, behind; and far beyond what Unicode has. */
static void kernel_agrees_on_each_character(void)
{
	uint32_t c, bad = 0;
	char text[12];
	size_t n;

	for (c = 0; c < 0x1fffff; c++) {
		n = encode(c, text + 1);
		text[0] = 'a';
		text[n + 1] = 'z';
		bad += !same(text + 1, n) || !same(text + 1, n + 1) ||
		       !same(text, n + 1) || !same(text, n + 2);
	}
	expect(!bad);
}

/* Any three bytes, which is also what is cut, or longer than it needs to be. */
static void kernel_agrees_on_each_byte(void)
{
	uint32_t c, bad = 0;
	char text[4];

	for (c = 0; c < 1 << 24; c++) {
		text[0] = (char)(c >> 16);
		text[1] = (char)(c >> 8);
		text[2] = (char)c;
		bad += !same(text, 3);
	}
	expect(!bad);
}

static void kernel_agrees_on_lengths(void)
{
	char text[HEARTH_NAME_MAX_LEN + 2];
	size_t n;

	expect(HEARTH_NAME_MAX_LEN + 1 == PEER_NAME);
	expect(HEARTH_ID_LEN == PEER_ID);
	memset(text, 'x', sizeof(text));
	for (n = 0; n <= sizeof(text); n++)
		expect(same(text, n));
	memset(text, 'b', sizeof(text));
	for (n = 0; n <= sizeof(text); n++)
		expect(same(text, n));
	expect(name_valid("desk", 4) && !name_valid("deadbeef", 8));
}

const struct test tests[] = {
	TEST(kernel_agrees_on_each_character),
	TEST(kernel_agrees_on_each_byte),
	TEST(kernel_agrees_on_lengths),
	{ 0 },
};
