// SPDX-License-Identifier: GPL-2.0
#include "../format/paircode.h"
#include "test.h"

static void paircode_shows_sixty_bits(void)
{
	static const uint8_t random[PAIRCODE_RANDOM] = {
		13, 27, 24, 4, 0xe0 | 27, 12, 18, 0, 22, 16, 14, 2,
	};
	char text[PAIRCODE_TEXT];

	paircode_text(random, text);
	expect_text(text, "DVR4-VCJ0-PGE2");
}

static void paircode_forgives(void)
{
	static const char *const same[] = {
		"DVR4-VC10-PGE2", "dvr4vc10pge2", "dvr4 vci0 pge2",
		"DVR4-VCLO-PGE2", " D-VR4VCLoPGE2",
	};
	char code[PAIRCODE_SIZE];
	size_t i;

	for (i = 0; i < sizeof(same) / sizeof(*same); i++) {
		expect(paircode_read(same[i], code));
		expect_text(code, "DVR4VC10PGE2");
	}
}

static void paircode_refuses_the_rest(void)
{
	char code[PAIRCODE_SIZE];

	expect(!paircode_read("", code));
	expect(!paircode_read("DVR4-VCM0-PGE", code));
	expect(!paircode_read("DVR4-VCM0-PGE22", code));
	expect(!paircode_read("DVR4-VCM0-PGEU", code));	/* no U in it */
	expect(!paircode_read("DVR4_VCM0_PGE2", code));
}

const struct test tests[] = {
	TEST(paircode_shows_sixty_bits),
	TEST(paircode_forgives),
	TEST(paircode_refuses_the_rest),
	{ 0 },
};
