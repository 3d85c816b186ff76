// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../format/announcement.h"
#include "test.h"

#define DIGITS	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct announcement said;
static struct error err;

static int take(const char *text)
{
	return announcement_take(&said, text, strlen(text), &err);
}

static void announcement_goes_there_and_back(void)
{
	struct announcement own = { .name = "desk", .pairing = true };
	char text[ANNOUNCEMENT_TEXT];
	unsigned int n;

	peer_id_parse(DIGITS, own.id);
	memset(&said, 0, sizeof(said));
	for (n = 0; announcement_text(&own, n, text); n++)
		expect(!take(text));
	expect(n == 4);
	expect(!announcement_check(&said, "0011223344556677", &err));
	expect(!announcement_check(&said, "0011223344556677-2", &err));
	expect(!memcmp(said.id, own.id, PEER_ID) && said.pairing);
	expect_text(said.name, "desk");
	own.pairing = false;
	expect(!announcement_text(&own, 3, text));
	/* the longest name fits */
	memset(own.name, 'n', PEER_NAME - 1);
	expect(announcement_text(&own, 2, text) && strlen(text) == 66);
}

static void announcement_is_called_by_its_id(void)
{
	static const char *const bad[] = {
		"", "0011223344556678", "001122334455667", "00112233445566777",
		"0011223344556677-", "0011223344556677-x", "0011223344556677 2",
		"0011223344556677-123456", "0011223344556677-2-3",
		"0011223344556677-2x",
	};
	size_t i;

	memset(&said, 0, sizeof(said));
	expect(announcement_check(&said, "0011223344556677", &err) == -EPROTO);
	expect(!take("v=1") && !take("n=desk"));
	expect(announcement_check(&said, "0011223344556677", &err) == -EPROTO);
	expect(!take("id=" DIGITS));
	expect(!announcement_check(&said, "0011223344556677", &err));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_expect(announcement_check(&said, bad[i], &err) == -EPROTO,
			    bad[i], __FILE__, __LINE__);
}

static void announcement_refuses_the_rest(void)
{
	memset(&said, 0, sizeof(said));
	expect(take("v=2") == -EPROTO && take("v=") == -EPROTO);
	expect(take("id=12") == -EPROTO && take("id=" DIGITS "0") == -EPROTO);
	expect(take("n=") == -EPROTO && take("n=a\033[2J") == -EPROTO);
	expect(!take("id=" DIGITS) && take("id=" DIGITS) == -EPROTO);
	expect(!take("n=desk") && take("n=lamp") == -EPROTO);
	expect_text(said.name, "desk");
	expect(!take("") && !take("color=red") && !take("pair") && !take("="));
	expect(!take("pair=2") && !said.pairing);
}

const struct test tests[] = {
	TEST(announcement_goes_there_and_back),
	TEST(announcement_is_called_by_its_id),
	TEST(announcement_refuses_the_rest),
	{ 0 },
};
