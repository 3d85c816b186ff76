// SPDX-License-Identifier: GPL-2.0
/*
 * Who attacks nodes, from beside the line or as a node of her own. Her key is in the
 * file mallory.key of the current folder, or the one that $MALLORY names.
 *
 *	mallory id			her id
 *	mallory hello ADDR NAME		talks as a peer called NAME; prints what comes
 *	mallory stay ADDR NAME		the same, and stays until the end comes
 *	mallory join ADDR CODE		pairs
 *	mallory stale ADDR CODE		pairs with a proof of another session
 *	mallory again ADDR CODE		pairs, and repeats it
 *	mallory guess ADDR N		N wrong proofs; prints how many ms they took
 *	mallory between PORT ADDR	a man in the middle: passes on what is said
 *	mallory pretend PORT		an inviter who does not know the code
 *	mallory old ADDR		TLS 1.2
 *	mallory none ADDR		no certificate
 *	mallory silent ADDR N[/K]	N connections without a word, from K addresses
 *					(10.0.0.100 and on); prints how many stay
 *	mallory flood ADDR N		as a peer, N PINGs as fast as they go; prints how
 *					many PONGs came, and how it ended
 *	mallory ping ADDR N		as a peer, N PINGs one after the other; prints the
 *					longest wait for a PONG
 *	mallory rubbish ADDR		frames that are none, from within the session
 *	mallory swollen ADDR		a JOIN with an address, which has none, of 3500 bytes
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../usr/format/wire.h"
#include "../../usr/lib/stretch.h"
#include "../../usr/lib/tls.h"

#define PATIENCE	20000	/* ms, for an answer */

static struct identity me;

struct session {
	struct tls tls;
	int fd;
	uint8_t in[8192];
	size_t size;
};

static void die(const char *what, const char *why)
{
	printf("%s: %s\n", what, why);
	exit(1);
}

/* --- sockets ------------------------------------------------------------------ */

static struct sockaddr_in where(const char *text)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	char host[64] = "";
	unsigned int port = 4820;

	sscanf(text, "%63[^:]:%u", host, &port);
	sin.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1)
		die(text, "no address");
	return sin;
}

static void prepare(int fd)
{
	const int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

/* @own: the last byte of the address to come from; 0: any */
static int reach_from(const char *text, int own)
{
	struct sockaddr_in sin = where(text), from = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x0a000000u + (unsigned int)own),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (own && bind(fd, (struct sockaddr *)&from, sizeof(from)))
		die("bind", strerror(errno));
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)))
		die("connect", strerror(errno));
	prepare(fd);
	return fd;
}

static int reach(const char *text)
{
	return reach_from(text, 0);
}

static int wait_for(int fd, short events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, ms);
}

/* --- sessions ----------------------------------------------------------------- */

static int anybody(const char *alpn, const uint8_t id[static PEER_ID],
		   void *arg, struct error *err)
{
	(void)alpn;
	(void)id;
	(void)arg;
	(void)err;
	return 0;
}

static int begin(struct session *s, int fd, int server, const char *alpn,
		 struct error *err)
{
	const char *const names[] = { alpn, NULL };
	int ret;

	memset(s, 0, sizeof(*s));
	s->fd = fd;
	ret = tls_begin(&s->tls, &me, server, fd, names, anybody, NULL, err);
	while (!ret && (ret = tls_handshake(&s->tls, err)) == -EAGAIN) {
		ret = 0;
		if (!wait_for(fd, tls_events(&s->tls), PATIENCE))
			return error_set(err, ETIMEDOUT, "silence");
	}
	return ret;
}

static void end(struct session *s)
{
	tls_bye(&s->tls);
	tls_free(&s->tls);
	close(s->fd);
}

static void put(struct session *s, const struct wire *wire)
{
	uint8_t frame[4096];
	size_t size = wire_format(wire, frame, sizeof(frame));
	struct error err;

	if (tls_send(&s->tls, frame, size, &err) != (ssize_t)size)
		printf("cannot send: %s\n", err.text);
}

/* The next message, or a negative errno. */
static int get(struct session *s, struct wire *wire, int ms, struct error *err)
{
	struct frame frame;
	ssize_t n;
	long size;
	int ret;

	while (!(size = frame_next(s->in, s->size, &frame, err))) {
		n = tls_recv(&s->tls, s->in + s->size,
			     sizeof(s->in) - s->size, err);
		if (n == -EAGAIN) {
			if (!wait_for(s->fd, POLLIN, ms))
				return error_set(err, ETIMEDOUT, "silence");
			continue;
		}
		if (n <= 0)
			return n ? (int)n : error_set(err, EPIPE, "the end");
		s->size += (size_t)n;
	}
	if (size < 0)
		return (int)size;
	ret = wire_parse(&frame, wire, err);
	memmove(s->in, s->in + size, s->size - (size_t)size);
	s->size -= (size_t)size;
	return ret;
}

/* --- as a peer ---------------------------------------------------------------- */

static int hello(const char *addr, const char *name, int stay)
{
	struct wire wire = { .type = WIRE_HELLO };
	struct session s;
	struct error err;
	int ret = begin(&s, reach(addr), 0, WIRE_CONTROL, &err);

	snprintf(wire.name, sizeof(wire.name), "%s", name);
	if (!ret) {
		put(&s, &wire);
		ret = get(&s, &wire, PATIENCE, &err);
	}
	if (ret) {
		printf("refused: %s\n", err.text);
		return 1;
	}
	printf("hello %s\n", wire.name);
	fflush(stdout);
	while (stay && !(ret = get(&s, &wire, 600000, &err)))
		if (wire.type == WIRE_BYE)
			printf("bye %s\n", wire_bye_name(wire.reason));
	if (stay)
		printf("ended: %s\n", err.text);
	end(&s);
	return 0;
}

/* As a peer that both have said HELLO to. */
static void greet(struct session *s, const char *addr)
{
	struct wire wire = { .type = WIRE_HELLO, .name = "mallory" };
	struct error err;

	if (begin(s, reach(addr), 0, WIRE_CONTROL, &err))
		die("refused", err.text);
	put(s, &wire);
	if (get(s, &wire, PATIENCE, &err))
		die("refused", err.text);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int flood(const char *addr, int n)
{
	struct wire wire = { .type = WIRE_PING };
	const char *how = "not at all";
	struct session s;
	struct error err;
	uint8_t frame[64];
	size_t size = wire_format(&wire, frame, sizeof(frame));
	int pongs = 0, ret = 0;
	ssize_t sent;

	greet(&s, addr);
	while (n && (sent = tls_send(&s.tls, frame, size, &err))) {
		if (sent == -EAGAIN)
			wait_for(s.fd, POLLOUT, PATIENCE);
		else if (sent < 0)
			break;
		else
			n--;
	}
	while (!(ret = get(&s, &wire, PATIENCE, &err))) {
		pongs += wire.type == WIRE_PONG;
		if (wire.type == WIRE_BYE)
			how = wire_bye_name(wire.reason);
	}
	printf("%d pongs, end: %s\n", pongs, how);
	end(&s);
	return 0;
}

static int ping(const char *addr, int n)
{
	struct wire wire, ask = { .type = WIRE_PING };
	struct session s;
	struct error err;
	long worst = 0, begun, took;

	greet(&s, addr);
	while (n--) {
		begun = now_ms();
		ask.time = (uint64_t)n;
		put(&s, &ask);
		do {
			if (get(&s, &wire, PATIENCE, &err))
				die("no answer", err.text);
		} while (wire.type != WIRE_PONG || wire.time != ask.time);
		took = now_ms() - begun;
		worst = took > worst ? took : worst;
		usleep(20000);
	}
	printf("%ld ms\n", worst);
	end(&s);
	return 0;
}

static int rubbish(const char *addr)
{
	uint8_t bytes[3000];
	struct session s;
	struct error err;
	struct wire wire;
	int ret = begin(&s, reach(addr), 0, WIRE_CONTROL, &err);

	memset(bytes, 0xff, sizeof(bytes));
	if (!ret && tls_send(&s.tls, bytes, sizeof(bytes), &err) > 0)
		while (!(ret = get(&s, &wire, PATIENCE, &err)))
			;
	printf("%s\n", err.text);
	return ret != -ETIMEDOUT;
}

/* --- pairing ------------------------------------------------------------------ */

static void prove(struct session *s, const uint8_t *key, const char *role,
		  uint8_t *proof)
{
	struct {
		char role[16];
		uint8_t exported[32], joiner[32], inviter[32];
	} text = { 0 };
	struct error err;

	tls_export(&s->tls, WIRE_EXPORTER, text.exported, 32, &err);
	strcpy(text.role, role);
	memcpy(text.joiner, me.id, 32);
	memcpy(text.inviter, s->tls.peer, 32);
	gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, 32, &text, sizeof(text),
			 proof);
}

/* One JOIN with this proof, or with the right one. Says how it ended. */
static int join(const char *addr, const char *code, const uint8_t *proof)
{
	struct wire wire = { .type = WIRE_JOIN, .name = "mallory" };
	char text[PAIRCODE_SIZE] = "000000000000";
	uint8_t key[WIRE_KEY] = { 0 };
	struct session s;
	struct error err;
	int ret = begin(&s, reach(addr), 0, WIRE_PAIRING, &err);

	if (!ret && proof) {
		memcpy(wire.proof, proof, WIRE_PROOF);
	} else if (!ret && paircode_read(code, text)) {
		stretch_code(text, s.tls.peer, key);
		prove(&s, key, "joiner", wire.proof);
	}
	if (!ret) {
		put(&s, &wire);
		ret = get(&s, &wire, PATIENCE, &err);
	}
	if (ret)
		printf("refused: %s\n", err.text);
	else
		printf("welcome %s\n", wire.name);
	end(&s);
	return ret ? 1 : 0;
}

static int stale(const char *addr, const char *code)
{
	uint8_t key[WIRE_KEY], proof[WIRE_PROOF];
	char text[PAIRCODE_SIZE];
	struct session s;
	struct error err;

	if (!paircode_read(code, text) ||
	    begin(&s, reach(addr), 0, WIRE_PAIRING, &err))
		return 2;
	stretch_code(text, s.tls.peer, key);
	prove(&s, key, "joiner", proof);
	end(&s);
	return join(addr, code, proof);
}

static int guess(const char *addr, int n)
{
	uint8_t proof[WIRE_PROOF] = { 1 };
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	while (n--)
		join(addr, NULL, proof);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%ld ms\n", (b.tv_sec - a.tv_sec) * 1000 +
	       (b.tv_nsec - a.tv_nsec) / 1000000);
	return 0;
}

static const struct frame_policy *policy_of(unsigned int type)
{
	const struct frame_policy *policy = wire_policies;

	while (policy->type != type)
		policy++;
	return policy;
}

static int swollen(const char *addr)
{
	const struct frame_policy *join = policy_of(WIRE_JOIN);
	static const uint8_t text[3500] = "10.0.0.9:4820";
	uint8_t proof[WIRE_PROOF] = { 1 }, bytes[4096];
	struct frame_out out;
	struct session s;
	struct error err;
	struct wire wire;
	int ret = begin(&s, reach(addr), 0, WIRE_PAIRING, &err);

	frame_begin(&out, bytes, sizeof(bytes), WIRE_JOIN, 0, 0);
	frame_put(&out, frame_attr(join, WIRE_ATTR_PROOF), proof, WIRE_PROOF);
	frame_put(&out, frame_attr(join, WIRE_ATTR_NAME), "mallory", 7);
	frame_put(&out, frame_attr(policy_of(WIRE_PEER), WIRE_ATTR_ADDRESS),
		  text, sizeof(text));
	if (!ret && tls_send(&s.tls, bytes, frame_end(&out), &err) > 0)
		ret = get(&s, &wire, PATIENCE, &err);
	printf("refused: %s\n", ret ? err.text : "not");
	end(&s);
	return ret ? 1 : 0;
}

/* Passes on what @from has. Returns 0 while there may be more. */
static int pass(struct session *from, struct session *to, const char *who)
{
	struct error err;
	struct wire wire;
	int ret = get(from, &wire, PATIENCE, &err);

	if (ret) {
		printf("%s: %s\n", who, err.text);
		return ret;
	}
	printf("%s says %d\n", who, wire.type);
	put(to, &wire);
	return 0;
}

static void between_two(int client, const char *addr)
{
	struct session victim, inviter;
	struct pollfd fds[2];
	struct error err;
	int ret = 0;

	prepare(client);
	if (begin(&victim, client, 1, WIRE_PAIRING, &err) ||
	    begin(&inviter, reach(addr), 0, WIRE_PAIRING, &err))
		die("handshake", err.text);
	while (!ret) {
		fds[0] = (struct pollfd){ .fd = victim.fd, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = inviter.fd, .events = POLLIN };
		poll(fds, 2, PATIENCE);
		if (fds[0].revents)
			ret = pass(&victim, &inviter, "joiner");
		else
			ret = pass(&inviter, &victim, "inviter");
	}
	/* What the inviter said is passed on, too. */
	if (ret == -EACCES)
		tls_refuse(&victim.tls);
	end(&victim);
	end(&inviter);
	fflush(stdout);
}

/* Calls @each with who connects, for ever. */
static int serve(const char *port, void (*each)(int client, const char *arg),
		 const char *arg)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
	};
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0), client;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 4))
		die("listen", strerror(errno));
	printf("listening\n");
	fflush(stdout);
	while ((client = accept(fd, NULL, NULL)) >= 0)
		each(client, arg);
	return 1;
}

static void pretend(int client, const char *arg)
{
	struct wire wire;
	struct session s;
	struct error err;

	(void)arg;
	prepare(client);
	if (!begin(&s, client, 1, WIRE_PAIRING, &err) &&
	    !get(&s, &wire, PATIENCE, &err) && wire.type == WIRE_JOIN) {
		/* the joiner's own proof, for want of a better one */
		wire.type = WIRE_WELCOME;
		put(&s, &wire);
		printf("welcomed %s\n", wire.name);
		fflush(stdout);
	}
	end(&s);
}

/* --- without our rules --------------------------------------------------------- */

static int bare(const char *addr, const char *priority, int certificate)
{
	static const gnutls_datum_t alpn = { (void *)WIRE_CONTROL, 8 };
	gnutls_certificate_credentials_t none;
	gnutls_session_t session;
	int fd = reach(addr), ret;
	char byte;

	gnutls_certificate_allocate_credentials(&none);
	gnutls_init(&session, GNUTLS_CLIENT);
	gnutls_priority_set_direct(session, priority, NULL);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE,
			       certificate ? me.credentials : none);
	gnutls_alpn_set_protocols(session, &alpn, 1, 0);
	fcntl(fd, F_SETFL, 0);
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, PATIENCE);
	do {
		ret = gnutls_handshake(session);
	} while (ret < 0 && !gnutls_error_is_fatal(ret));
	if (!ret)
		ret = (int)gnutls_record_recv(session, &byte, 1);
	if (ret == GNUTLS_E_FATAL_ALERT_RECEIVED)
		printf("refused: %s\n",
		       gnutls_alert_get_name(gnutls_alert_get(session)));
	else
		printf("%d: %s\n", ret, ret < 0 ? gnutls_strerror(ret) : "data");
	return ret >= 0;
}

static int silent(const char *addr, const char *many)
{
	int n = atoi(many), *fds = calloc((size_t)n, sizeof(*fds));
	int i, open = 0, sources = 0;

	sscanf(many, "%*d/%d", &sources);
	for (i = 0; i < n; i++)
		fds[i] = reach_from(addr, sources ? 100 + i % sources : 0);
	/* Those who have no room are closed at once. */
	usleep(500000);
	for (i = 0; i < n; i++)
		open += !wait_for(fds[i], POLLIN, 0);
	printf("%d of %d\n", open, n);
	fflush(stdout);
	for (i = 0; i < n; i++)
		wait_for(fds[i], POLLIN, 60000);
	printf("all ended\n");
	return 0;
}

static int run(const char *what, const char *addr, const char *more)
{
	char id[PEER_ID_TEXT];

	if (!strcmp(what, "id")) {
		peer_id_text(me.id, id);
		puts(id);
		return 0;
	}
	if (!strcmp(what, "hello") || !strcmp(what, "stay"))
		return hello(addr, more, *what == 's');
	if (!strcmp(what, "join"))
		return join(addr, more, NULL);
	if (!strcmp(what, "stale"))
		return stale(addr, more);
	if (!strcmp(what, "again"))
		return join(addr, more, NULL) || join(addr, more, NULL);
	if (!strcmp(what, "guess"))
		return guess(addr, atoi(more));
	if (!strcmp(what, "between"))
		return serve(addr, between_two, more);
	if (!strcmp(what, "pretend"))
		return serve(addr, pretend, NULL);
	if (!strcmp(what, "old"))
		return bare(addr, "NORMAL:-VERS-ALL:+VERS-TLS1.2", 1);
	if (!strcmp(what, "none"))
		return bare(addr, "NORMAL:-VERS-ALL:+VERS-TLS1.3", 0);
	if (!strcmp(what, "silent"))
		return silent(addr, more);
	if (!strcmp(what, "flood"))
		return flood(addr, atoi(more));
	if (!strcmp(what, "ping"))
		return ping(addr, atoi(more));
	if (!strcmp(what, "rubbish"))
		return rubbish(addr);
	if (!strcmp(what, "swollen"))
		return swollen(addr);
	return 2;
}

int main(int argc, char **argv)
{
	const char *path = getenv("MALLORY");
	struct error err;

	path = path ? path : "mallory.key";
	if (argc < 2)
		return 2;
	if (identity_load(&me, path, &err) &&
	    (identity_make(path, &err) || identity_load(&me, path, &err)))
		die(path, err.text);
	return run(argv[1], argc > 2 ? argv[2] : "", argc > 3 ? argv[3] : "");
}
