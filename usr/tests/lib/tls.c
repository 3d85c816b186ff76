// SPDX-License-Identifier: GPL-2.0
/* Both ends in one process, over a socket; the judge is the test. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../lib/ktls.h"
#include "../../lib/tls.h"
#include "../test.h"

static struct identity alice, bob;
static const char *const control[] = { "hearth/1", NULL };
static const char *const both[] = { "hearth/1", "hearth-pair/1", NULL };

struct end {
	struct tls tls;
	struct error err;
	int fd, ret;
};

static struct end client, server;

/* The first test makes them. */
static void people(void)
{
	char path[] = "/tmp/hearth-test-XXXXXX";
	struct error err;

	close(mkstemp(path));
	unlink(path);
	expect(!identity_make(path, &err));
	expect(!identity_load(&alice, path, &err));
	unlink(path);
	expect(!identity_make(path, &err));
	expect(!identity_load(&bob, path, &err));
	unlink(path);
}

static int anybody(const char *alpn, const uint8_t id[static PEER_ID],
		   void *arg, struct error *err)
{
	(void)alpn;
	(void)id;
	(void)arg;
	(void)err;
	return 0;
}

/* Only the node whose id @arg is. */
static int pinned(const char *alpn, const uint8_t id[static PEER_ID], void *arg,
		  struct error *err)
{
	(void)alpn;
	return identity_same(id, arg) ? 0 :
	       error_set(err, EACCES, "it is another node");
}

static void connect_both(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&sin, len) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len))
		abort();
	client.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(client.fd, (struct sockaddr *)&sin, len))
		abort();
	server.fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
	close(fd);
	fcntl(client.fd, F_SETFL, O_NONBLOCK);
}

static void shake(void)
{
	struct pollfd fds[2] = {
		{ .fd = client.fd, .events = POLLIN },
		{ .fd = server.fd, .events = POLLIN },
	};

	client.ret = server.ret = -EAGAIN;
	while (client.ret == -EAGAIN || server.ret == -EAGAIN) {
		if (client.ret == -EAGAIN)
			client.ret = tls_handshake(&client.tls, &client.err);
		if (server.ret == -EAGAIN)
			server.ret = tls_handshake(&server.tls, &server.err);
		if (client.ret == -EAGAIN && server.ret == -EAGAIN)
			poll(fds, 2, -1);
		else if (client.ret == -EAGAIN || server.ret == -EAGAIN)
			poll(&fds[client.ret != -EAGAIN], 1, -1);
	}
}

static void begin(const char *const *c_alpn, const char *const *s_alpn,
		  tls_judge c, void *c_arg, tls_judge s, void *s_arg)
{
	struct error err;

	connect_both();
	expect(!tls_begin(&client.tls, &alice, false, client.fd, c_alpn, c,
			  c_arg, &err));
	expect(!tls_begin(&server.tls, &bob, true, server.fd, s_alpn, s, s_arg,
			  &err));
	shake();
}

static void end(void)
{
	tls_free(&client.tls);
	tls_free(&server.tls);
	close(client.fd);
	close(server.fd);
}

/* One byte from one end to the other. */
static ssize_t pass(struct end *from, struct end *to)
{
	char byte;
	ssize_t n;

	expect(tls_send(&from->tls, "x", 1, &from->err) == 1);
	while ((n = tls_recv(&to->tls, &byte, 1, &to->err)) == -EAGAIN)
		;
	return n;
}

static ssize_t read_end(struct end *to)
{
	char byte;
	ssize_t n;

	while ((n = tls_recv(&to->tls, &byte, 1, &to->err)) == -EAGAIN)
		;
	return n;
}

static void tls_knows_both_ends(void)
{
	uint8_t a[32], b[32];

	begin(control, both, pinned, bob.id, pinned, alice.id);
	expect(!client.ret && !server.ret);
	expect(identity_same(client.tls.peer, bob.id));
	expect(identity_same(server.tls.peer, alice.id));
	expect_text(server.tls.alpn, "hearth/1");
	expect(gnutls_protocol_get_version(client.tls.session) ==
	       GNUTLS_TLS1_3);
	expect(gnutls_cipher_get(client.tls.session) ==
	       GNUTLS_CIPHER_CHACHA20_POLY1305);
	expect(pass(&client, &server) == 1 && pass(&server, &client) == 1);
	expect(!tls_export(&client.tls, "EXPORTER-x", a, 32, &client.err));
	expect(!tls_export(&server.tls, "EXPORTER-x", b, 32, &server.err));
	expect(!memcmp(a, b, 32));
	expect(!tls_export(&server.tls, "EXPORTER-y", b, 32, &server.err));
	expect(memcmp(a, b, 32));
	tls_bye(&client.tls);
	expect(!read_end(&server));
	end();
}

static void tls_client_refuses_another(void)
{
	begin(control, both, pinned, alice.id, anybody, NULL);
	expect(client.ret == -EACCES);
	expect_text(client.err.text, "it is another node");
	/* and says so */
	expect(server.ret == -EACCES);
	end();
}

static void tls_server_refuses_another(void)
{
	begin(control, both, anybody, NULL, pinned, bob.id);
	expect(server.ret == -EACCES);
	/* a client of TLS 1.3 learns it behind its handshake */
	expect(!client.ret && read_end(&client) == -EACCES);
	expect_has(client.err.text, "refused");
	end();
}

static void tls_needs_one_protocol(void)
{
	static const char *const other[] = { "h2", NULL };

	begin(other, both, anybody, NULL, anybody, NULL);
	expect(server.ret == -EPROTO);
	expect_has(server.err.text, "do not speak the same protocol");
	expect(client.ret < 0);
	end();
}

/* A client that GnuTLS makes without our rules. */
static void stranger(const char *priority, bool certificate, bool alpn)
{
	static const gnutls_datum_t name = { (void *)"hearth/1", 8 };
	gnutls_certificate_credentials_t none;
	struct error err;

	connect_both();
	gnutls_certificate_allocate_credentials(&none);
	expect(!gnutls_init(&client.tls.session, GNUTLS_CLIENT | GNUTLS_NONBLOCK));
	gnutls_priority_set_direct(client.tls.session, priority, NULL);
	gnutls_credentials_set(client.tls.session, GNUTLS_CRD_CERTIFICATE,
			       certificate ? alice.credentials : none);
	if (alpn)
		gnutls_alpn_set_protocols(client.tls.session, &name, 1, 0);
	gnutls_transport_set_int(client.tls.session, client.fd);
	expect(!tls_begin(&server.tls, &bob, true, server.fd, both, anybody,
			  NULL, &err));
	shake();
	gnutls_certificate_free_credentials(none);
}

static void tls_refuses_older_versions(void)
{
	stranger("NORMAL:-VERS-ALL:+VERS-TLS1.2", true, true);
	expect(server.ret == -EPROTO && client.ret < 0);
	end();
	stranger("NORMAL:-VERS-ALL:+VERS-TLS1.3", true, true);
	expect(!server.ret);
	end();
}

static void tls_refuses_who_shows_nothing(void)
{
	stranger("NORMAL:-VERS-ALL:+VERS-TLS1.3", false, true);
	expect(server.ret == -EPROTO);
	end();
	stranger("NORMAL:-VERS-ALL:+VERS-TLS1.3", true, false);
	expect(server.ret == -EPROTO);
	end();
}

static void tls_sees_a_cut(void)
{
	begin(control, both, anybody, NULL, anybody, NULL);
	expect(!client.ret && !server.ret);
	shutdown(client.fd, SHUT_WR);
	expect(read_end(&server) == -ECONNRESET);
	end();
}

/* Both ways to go on: taken over by the kernel, or told what is missing. */
static void tls_goes_to_the_kernel(void)
{
	char byte = 0;
	int ret;

	begin(control, both, anybody, NULL, anybody, NULL);
	expect(!client.ret && !server.ret);
	expect(pass(&client, &server) == 1 && pass(&server, &client) == 1);
	ret = ktls_take(&client.tls, &client.err);
	if (ret) {
		printf("# %s\n", client.err.text);
		expect(ret == -EOPNOTSUPP);
		expect_has(client.err.text, "modprobe tls");
		/* the session still works */
		expect(pass(&client, &server) == 1);
		expect(pass(&server, &client) == 1);
	} else {
		expect(send(client.fd, "y", 1, 0) == 1);
		expect(read_end(&server) == 1);
		expect(tls_send(&server.tls, "z", 1, &server.err) == 1);
		while (recv(client.fd, &byte, 1, 0) < 0 && errno == EAGAIN)
			;
		expect(byte == 'z');
	}
	end();
}

static void people_go(void)
{
	identity_free(&alice);
	identity_free(&bob);
}

const struct test tests[] = {
	TEST(people),
	TEST(tls_knows_both_ends),
	TEST(tls_client_refuses_another),
	TEST(tls_server_refuses_another),
	TEST(tls_needs_one_protocol),
	TEST(tls_refuses_older_versions),
	TEST(tls_refuses_who_shows_nothing),
	TEST(tls_sees_a_cut),
	TEST(tls_goes_to_the_kernel),
	TEST(people_go),
	{ 0 },
};
