// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../format/request.h"
#include "test.h"

#define ID	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct request request;
static struct error err;

static int parse(const char *text)
{
	return request_parse(text, strlen(text), &request, &err);
}

static void request_takes_what_a_verb_takes(void)
{
	expect(!parse("{\"verb\":\"peer-list\"}"));
	expect(request.verb == REQUEST_PEER_LIST);
	expect(!parse("{\"verb\":\"peer-add\",\"id\":\"" ID "\",\"name\":\"desk\","
		      "\"role\":\"self\",\"addresses\":[\"10.0.0.2:4820\"]}"));
	expect(request.has_id && request.id[1] == 0x11);
	expect_text(request.name, "desk");
	expect(request.role == PEER_SELF && request.n_addresses == 1);
	expect(!parse("{\"verb\":\"peer-invite\",\"key\":\"" ID "\",\"ttl\":600}"));
	expect(request.key[31] == 0xff && request.ttl == 600 && !request.has_role);
	request_clear(&request);
	expect(!request.key[31]);
	expect(!parse("{\"verb\":\"node-backup\",\"key\":\"" ID "\",\"data\":\"00ff\"}"));
	expect_text(request.data, "00ff");
	request_clear(&request);
}

static void request_refuses_the_rest(void)
{
	static const char *const bad[] = {
		"", "[]", "{}", "1", "{\"verb\":1}", "{\"verb\":\"eat\"}",
		"{\"verb\":\"peer-list\",\"id\":\"" ID "\"}",
		"{\"verb\":\"peer-list\",\"more\":1}",
		"{\"verb\":\"peer-list\",\"verb\":\"peer-list\"}",
		"{\"verb\":\"peer-list\"} {}",
		"{\"verb\":\"peer-remove\"}",
		"{\"verb\":\"peer-remove\",\"id\":\"12\"}",
		"{\"verb\":\"node-init\",\"name\":\"a\\u001b\"}",
		"{\"verb\":\"node-init\",\"name\":7}",
		"{\"verb\":\"node-init\",\"name\":\"a\\u0000b\"}",
		"{\"verb\":\"peer-add\",\"id\":\"" ID "\",\"name\":\"a\",\"role\":\"owner\"}",
		"{\"verb\":\"peer-look\",\"addresses\":[]}",
		"{\"verb\":\"peer-look\",\"addresses\":[1]}",
		"{\"verb\":\"peer-look\",\"addresses\":[\"\"]}",
		"{\"verb\":\"peer-look\",\"addresses\":\"a\"}",
		"{\"verb\":\"peer-look\",\"addresses\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}",
		"{\"verb\":\"peer-invite\",\"key\":\"" ID "\",\"ttl\":0}",
		"{\"verb\":\"peer-invite\",\"key\":\"" ID "\",\"ttl\":86401}",
		"{\"verb\":\"peer-invite\",\"key\":\"" ID "0\",\"ttl\":1}",
		"{\"verb\":\"peer-watch\",\"seen\":-1}",
		"{\"verb\":\"node-backup\",\"key\":\"" ID "\",\"data\":\"0\"}",
		"{\"verb\":\"node-backup\",\"key\":\"" ID "\",\"data\":\"zz\"}",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_expect(parse(bad[i]) == -EINVAL, bad[i], __FILE__, __LINE__);
}

static void request_takes_what_is_shared(void)
{
	static const char * const bad[] = {
		"{\"verb\":\"usb-share\"}",
		"{\"verb\":\"usb-share\",\"rule\":\"any\"}",
		"{\"verb\":\"usb-share\",\"rule\":8}",
		"{\"verb\":\"usb-share\",\"rule\":\"3-1\",\"force\":1}",
		"{\"verb\":\"usb-share\",\"rule\":\"3-1\",\"plain\":\"yes\"}",
		"{\"verb\":\"usb-share\",\"rule\":\"3-1\",\"peers\":[]}",
		"{\"verb\":\"usb-share\",\"rule\":\"3-1\",\"peers\":[\"ab\"]}",
		"{\"verb\":\"usb-share\",\"rule\":\"3-1\",\"peers\":{}}",
		"{\"verb\":\"usb-unshare\",\"rule\":\"3-1\",\"force\":true}",
		"{\"verb\":\"usb-release\",\"busid\":\"\"}",
		"{\"verb\":\"usb-release\",\"busid\":\"3/1\"}",
		"{\"verb\":\"usb-release\",\"busid\":\"11111111111111111111111111111111\"}",
	};
	size_t i;

	expect(!parse("{\"verb\":\"usb-share\",\"rule\":\"46F4:0001\",\"force\":false,"
		      "\"plain\":true,\"peers\":["
		      "\"0000000000000000000000000000000000000000000000000000000000000001\","
		      "\"0000000000000000000000000000000000000000000000000000000000000002\"]}"));
	expect(request.rule.kind == USBRULE_ID && request.rule.vendor == 0x46f4);
	expect(!request.force && request.plain && request.n_peers == 2);
	expect(request.peers[1][PEER_ID - 1] == 2);
	expect(!parse("{\"verb\":\"usb-release\",\"busid\":\"3-1\"}"));
	expect_text(request.busid, "3-1");
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		test_expect(parse(bad[i]) == -EINVAL, bad[i], __FILE__, __LINE__);
}

/* Who may what: the whole table, so that a change of it is meant. */
static void request_rights(void)
{
	static const struct {
		const char *name;
		enum request_caller least;
	} want[] = {
		{ "node-init", REQUEST_ADMIN },
		{ "node-show", REQUEST_USER },
		{ "node-backup", REQUEST_ADMIN },
		{ "node-restore", REQUEST_ADMIN },
		{ "peer-invite", REQUEST_ADMIN },
		{ "peer-watch", REQUEST_ADMIN },
		{ "peer-look", REQUEST_ADMIN },
		{ "peer-join", REQUEST_ADMIN },
		{ "peer-add", REQUEST_ADMIN },
		{ "peer-list", REQUEST_USER },
		{ "peer-nearby", REQUEST_USER },
		{ "peer-remove", REQUEST_ADMIN },
		{ "usb-share", REQUEST_ADMIN },
		{ "usb-unshare", REQUEST_ADMIN },
		{ "usb-shared", REQUEST_USER },
		{ "usb-release", REQUEST_ADMIN },
		{ "usb-list", REQUEST_USER },
		{ "usb-attach", REQUEST_ADMIN },
		{ "usb-bind", REQUEST_ADMIN },
		{ "usb-unbind", REQUEST_ADMIN },
		{ "usb-bound", REQUEST_USER },
	};
	unsigned int i;

	expect(sizeof(want) / sizeof(*want) == REQUEST_VERBS);
	for (i = 0; i < REQUEST_VERBS; i++) {
		expect_text(request_verb_name((enum request_verb)i),
			    want[i].name);
		test_expect(request_least((enum request_verb)i) ==
			    want[i].least, want[i].name, __FILE__, __LINE__);
	}
}

const struct test tests[] = {
	TEST(request_takes_what_a_verb_takes),
	TEST(request_refuses_the_rest),
	TEST(request_takes_what_is_shared),
	TEST(request_rights),
	{ 0 },
};
