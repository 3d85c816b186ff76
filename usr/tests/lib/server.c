// SPDX-License-Identifier: GPL-2.0
/* A server that says what the test wants it to, in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/server.h"
#include "../golden.h"
#include "../test.h"

/* Long for a machine that is busy, short for what has to run out. */
#define LIMIT_MS	30000
#define SHORT_MS	300

static struct error err;

struct script {
	size_t question;	/* bytes that are read first */
	const void *answer;
	size_t len;
	size_t step;		/* bytes a write, with a pause; 0: all */
	bool stay;		/* keeps the connection open */
};

static void play(int listener, const struct script *script)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	size_t i, n, step = script->step ? script->step : script->len;
	int fd = accept(listener, NULL, NULL);
	char buf[64];

	n = 0;
	while (n < script->question) {
		ssize_t r = read(fd, buf, script->question - n);

		if (r <= 0)
			_exit(1);
		n += (size_t)r;
	}
	for (i = 0; i < script->len; i += step) {
		n = script->len - i < step ? script->len - i : step;
		if (send(fd, (const char *)script->answer + i, n,
			 MSG_NOSIGNAL) < 0)
			break;
		if (script->step)
			nanosleep(&pause, NULL);
	}
	while (script->stay && read(fd, buf, sizeof(buf)) > 0)
		;
	_exit(0);
}

static pid_t start(int domain, const struct script *script,
		   struct address *addr)
{
	struct sockaddr_storage ss = { .ss_family = (sa_family_t)domain };
	socklen_t len = sizeof(ss);
	int fd = socket(domain, SOCK_STREAM, 0);
	char text[64];
	in_port_t port;
	pid_t pid;

	if (domain == AF_INET)
		((struct sockaddr_in *)&ss)->sin_addr.s_addr =
			htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&ss)->sin6_addr = in6addr_loopback;
	if (bind(fd, (struct sockaddr *)&ss, len) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&ss, &len)) {
		close(fd);
		return -1;
	}
	/* The port is at the same place in both. */
	port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	snprintf(text, sizeof(text), domain == AF_INET ? "127.0.0.1:%u" :
		 "[::1]:%u", port);
	expect(!address_parse(text, USBIP_DEFAULT_PORT, addr, &err));
	if (!script) {
		/* Bound and closed: nobody listens. */
		close(fd);
		return 0;
	}
	pid = fork();
	if (!pid)
		play(fd, script);
	close(fd);
	return pid;
}

static void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static int list_within(const struct script *script, struct usbip_list *list,
		       int limit)
{
	struct address addr;
	struct server server;
	pid_t pid = start(AF_INET, script, &addr);
	int ret;

	usbip_list_init(list);
	ret = server_connect(&server, &addr, limit, &err);
	if (!ret) {
		ret = server_list(&server, list, &err);
		server_close(&server);
	}
	finish(pid);
	return ret;
}

static int list_of(const struct script *script, struct usbip_list *list)
{
	return list_within(script, list, LIMIT_MS);
}

static int import_of(const struct script *script, const char *busid,
		     struct usbip_device *dev)
{
	struct address addr;
	struct server server;
	pid_t pid = start(AF_INET, script, &addr);
	int ret;

	ret = server_connect(&server, &addr, LIMIT_MS, &err);
	if (!ret) {
		ret = server_import(&server, busid, dev, &err);
		/* The kernel gets a socket that blocks. */
		if (!ret)
			expect(!(fcntl(server.fd, F_GETFL) & O_NONBLOCK));
		server_close(&server);
	}
	finish(pid);
	return ret;
}

static void server_lists(void)
{
	struct script script = {
		.question = 8,
		.answer = &golden_list,
		.len = sizeof(golden_list),
	};
	struct usbip_list list;

	expect(!list_of(&script, &list));
	expect(list.n == 1);
	usbip_list_clear(&list);

	/* Byte by byte. */
	script.step = 1;
	expect(!list_of(&script, &list));
	expect(list.n == 1);
	usbip_list_clear(&list);
}

static void server_lists_over_ipv6(void)
{
	const struct script script = {
		.question = 8,
		.answer = &golden_list,
		.len = sizeof(golden_list),
	};
	struct usbip_list list;
	struct address addr;
	struct server server;
	pid_t pid = start(AF_INET6, &script, &addr);

	if (pid < 0) {
		printf("# no IPv6 here\n");
		return;
	}
	expect(!server_connect(&server, &addr, LIMIT_MS, &err));
	expect(!server_list(&server, &list, &err));
	server_close(&server);
	usbip_list_clear(&list);
	finish(pid);
}

/* The same over a socket in the file system. */
static void server_lists_over_unix(void)
{
	const struct script script = {
		.question = 8,
		.answer = &golden_list,
		.len = sizeof(golden_list),
	};
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/hearth-test-XXXXXX", text[128];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct usbip_list list;
	struct server server;
	struct address addr;
	pid_t pid;

	if (!mkdtemp(dir))
		abort();
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/socket", dir);
	snprintf(text, sizeof(text), "unix:%s", sun.sun_path);
	expect(!address_parse(text, USBIP_DEFAULT_PORT, &addr, &err));
	expect(server_connect(&server, &addr, LIMIT_MS, &err) == -ENOENT);
	expect_has(err.text, "no such socket");
	expect(!bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	expect(server_connect(&server, &addr, LIMIT_MS, &err) == -ECONNREFUSED);
	expect(!listen(fd, 1));
	pid = fork();
	if (!pid)
		play(fd, &script);
	expect(!server_connect(&server, &addr, LIMIT_MS, &err));
	expect(!server_list(&server, &list, &err));
	expect(list.n == 1);
	server_close(&server);
	usbip_list_clear(&list);
	finish(pid);
	close(fd);
	unlink(sun.sun_path);
	rmdir(dir);
}

static void server_imports(void)
{
	const struct script script = {
		.question = 40,
		.answer = &golden_import,
		.len = sizeof(golden_import),
		.stay = true,
	};
	struct usbip_device dev;

	expect(!import_of(&script, "3-1", &dev));
	expect_text(dev.busid, "3-1");
	expect(dev.vendor == 0x46f4);
}

/* The first URB's answer must be left for the kernel. */
static void server_reads_no_more_than_the_answer(void)
{
	struct {
		struct golden_import import;
		char more[48];
	} answer = { golden_import, "more" };
	struct script script = {
		.question = 40,
		.answer = &answer,
		.len = sizeof(answer),
		.stay = true,
	};
	struct usbip_device dev;
	struct address addr;
	struct server server;
	pid_t pid = start(AF_INET, &script, &addr);
	char buf[5] = "";

	expect(!server_connect(&server, &addr, LIMIT_MS, &err));
	expect(!server_import(&server, "3-1", &dev, &err));
	expect(read(server.fd, buf, 4) == 4);
	expect_text(buf, "more");
	server_close(&server);
	finish(pid);
}

static void server_refuses_other_device(void)
{
	const struct script script = {
		.question = 40,
		.answer = &golden_import,
		.len = sizeof(golden_import),
	};
	struct usbip_device dev;

	expect(import_of(&script, "1-1", &dev) == -EPROTO);
	expect_has(err.text, "asked for 1-1");
	expect_has(err.text, "3-1");
}

static void server_passes_refusals_on(void)
{
	static const uint8_t busy[] = { GOLDEN_OP(3, USBIP_ST_DEV_BUSY) };
	const struct script script = {
		.question = 40,
		.answer = busy,
		.len = sizeof(busy),
	};
	struct usbip_device dev;

	expect(import_of(&script, "3-1", &dev) == -EBUSY);
	expect_has(err.text, "in use");
}

static void server_sees_truncation(void)
{
	struct script script = {
		.question = 8,
		.answer = &golden_list,
	};
	static const size_t lens[] = { 0, 1, 8, 11, 12, 13, 323, 324, 327 };
	struct usbip_list list;
	size_t i;

	for (i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		script.len = lens[i];
		expect(list_of(&script, &list) == -ECONNRESET);
		expect_has(err.text, "closed the connection");
	}
}

static void server_waits_no_longer_than_told(void)
{
	struct script script = {
		.question = 8,
		.answer = &golden_list,
		.len = 100,
		.stay = true,
	};
	struct timespec a, b;
	struct usbip_list list;
	static const uint8_t garbage[100000];

	clock_gettime(CLOCK_MONOTONIC, &a);
	expect(list_within(&script, &list, SHORT_MS) == -ETIMEDOUT);
	expect_has(err.text, "did not answer within 300 ms");
	clock_gettime(CLOCK_MONOTONIC, &b);
	expect((b.tv_sec - a.tv_sec) * 1000 +
	       (b.tv_nsec - a.tv_nsec) / 1000000 < LIMIT_MS);

	/* Nor is a server believed that just sends on. */
	script.answer = garbage;
	script.len = sizeof(garbage);
	expect(list_of(&script, &list) == -EPROTO);
}

static void server_tells_where_nobody_listens(void)
{
	struct address addr;
	struct server server;

	start(AF_INET, NULL, &addr);
	expect(server_connect(&server, &addr, LIMIT_MS, &err) == -ECONNREFUSED);
	expect_has(err.text, "connection refused");
	expect(server.fd == -1);
}

static void server_tells_unknown_names(void)
{
	struct address addr;
	struct server server;

	/* RFC 6761: invalid never exists; without a network it takes longer. */
	expect(!address_parse("hearth.invalid", "3240", &addr, &err));
	expect(server_connect(&server, &addr, LIMIT_MS, &err) < 0);
	expect_has(err.text, "hearth.invalid");
}

const struct test tests[] = {
	TEST(server_lists),
	TEST(server_lists_over_ipv6),
	TEST(server_lists_over_unix),
	TEST(server_imports),
	TEST(server_reads_no_more_than_the_answer),
	TEST(server_refuses_other_device),
	TEST(server_passes_refusals_on),
	TEST(server_sees_truncation),
	TEST(server_waits_no_longer_than_told),
	TEST(server_tells_where_nobody_listens),
	TEST(server_tells_unknown_names),
	{ 0 },
};
