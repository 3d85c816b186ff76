// SPDX-License-Identifier: GPL-2.0
/*
 * client BUSID [CASE...] - a client of USB/IP at 127.0.0.1:3240 that lies, a case a
 * connection, to the exporter of the device "echo" (usb/server/echo.c). Prints a line of
 * KTAP for each; without CASE for all of them. "client --count" prints how many there are.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT		3240
#define PATIENCE	60	/* seconds for an answer */
#define HEADER		48

#define SUBMIT		1
#define UNLINK		2
#define SUBMITTED	3
#define UNLINKED	4

#define OUT		0
#define IN		1

/* Endpoints of the device: 1 gives back, 2 is a source, 3 says nothing. */
#define BULK		2
#define INTERRUPT	3
#define ISO		4
#define NONE		9

static const char *busid;
static int fd = -1;
static uint32_t devid;
static jmp_buf failed;
static const char *name;
static uint8_t bytes[20 << 20];

__attribute__((noreturn, format(printf, 1, 2)))
static void fail(const char *text, ...)
{
	va_list ap;

	printf("# %s: ", name);
	va_start(ap, text);
	vprintf(text, ap);
	va_end(ap);
	printf("\n");
	longjmp(failed, 1);
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, 4);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return ntohl(v);
}

/* --- the connection --------------------------------------------------------------------- */

static void give(const void *data, size_t size)
{
	const uint8_t *p = data;
	ssize_t n;

	while (size) {
		n = send(fd, p, size, MSG_NOSIGNAL);
		if (n < 0)
			fail("cannot send: %s", strerror(errno));
		p += n;
		size -= (size_t)n;
	}
}

static void take(void *data, size_t size)
{
	uint8_t *p = data;
	ssize_t n;

	while (size) {
		n = recv(fd, p, size, 0);
		if (n <= 0)
			fail("no answer: %s", n ? strerror(errno) :
			     "it closed the connection");
		p += n;
		size -= (size_t)n;
	}
}

static void hang_up(bool reset)
{
	const struct linger now = { .l_onoff = 1 };

	if (fd < 0)
		return;
	if (reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	fd = -1;
}

static void dial(void)
{
	const struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const struct timeval limit = { .tv_sec = PATIENCE };
	const int one = 1;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (const struct sockaddr *)&sin, sizeof(sin)))
		fail("cannot connect: %s", strerror(errno));
}

/* Returns the status. */
static uint32_t import(void)
{
	uint8_t req[40] = { 1, 0x11, 0x80, 3 }, rep[8], device[312];

	strncpy((char *)req + 8, busid, 31);
	dial();
	give(req, sizeof(req));
	take(rep, sizeof(rep));
	if (rep[2] || rep[3] != 3)
		fail("that is no OP_REP_IMPORT");
	if (get32(rep + 4)) {
		hang_up(false);
		return get32(rep + 4);
	}
	take(device, sizeof(device));
	if (strcmp((char *)device + 256, busid))
		fail("it answers with another device");
	devid = get32(device + 288) << 16 | get32(device + 292);
	return 0;
}

/* The exporter of the case before has something to do till it is through. */
static void begin(void)
{
	const time_t start = time(NULL);
	uint32_t status;

	while ((status = import())) {
		if (time(NULL) - start > PATIENCE)
			fail("import is refused, status %u", status);
		usleep(20000);
	}
}

/* --- messages ---------------------------------------------------------------------------- */

struct submit {
	uint32_t seq, in, ep, flags, length, packets;
	uint8_t setup[8];
};

static void pack(uint8_t *buf, const struct submit *s)
{
	memset(buf, 0, HEADER);
	put32(buf, SUBMIT);
	put32(buf + 4, s->seq);
	put32(buf + 8, devid);
	put32(buf + 12, s->in);
	put32(buf + 16, s->ep);
	put32(buf + 20, s->flags);
	put32(buf + 24, s->length);
	put32(buf + 32, s->packets);
	memcpy(buf + 40, s->setup, 8);
}

static void submit(const struct submit *s)
{
	uint8_t header[HEADER];

	pack(header, s);
	give(header, sizeof(header));
}

static void unlink_seq(uint32_t seq, uint32_t victim)
{
	uint8_t header[HEADER] = { 0, 0, 0, UNLINK };

	put32(header + 4, seq);
	put32(header + 8, devid);
	put32(header + 20, victim);
	give(header, sizeof(header));
}

static void packet(uint32_t offset, uint32_t length)
{
	uint8_t iso[16] = { 0 };

	put32(iso, offset);
	put32(iso + 4, length);
	give(iso, sizeof(iso));
}

/* Takes the header of an answer: it must be that. Returns its length. */
static uint32_t answer(uint32_t command, uint32_t seq, int status)
{
	uint8_t header[HEADER];

	take(header, sizeof(header));
	if (get32(header) != command || get32(header + 4) != seq)
		fail("answer %u to %u where %u to %u was due", get32(header),
		     get32(header + 4), command, seq);
	if ((int)get32(header + 20) != status)
		fail("status %d where %d was due", (int)get32(header + 20),
		     status);
	return command == SUBMITTED ? get32(header + 24) : 0;
}

static void refused(uint32_t seq, int status)
{
	if (answer(SUBMITTED, seq, status))
		fail("it is refused, and has data");
}

static void ends(void)
{
	uint8_t rest[4096];
	ssize_t n;

	do {
		n = recv(fd, rest, sizeof(rest), 0);
	} while (n > 0);
	if (n < 0 && errno != ECONNRESET)
		fail("the connection does not end: %s", strerror(errno));
}

static const uint8_t get_descriptor[8] = { 0x80, 6, 0, 1, 0, 0, 18, 0 };

static struct submit control(uint32_t seq, uint32_t in, uint32_t length,
			     const uint8_t setup[8])
{
	struct submit s = { .seq = seq, .in = in, .length = length };

	memcpy(s.setup, setup, 8);
	return s;
}

/* The session goes on. */
static void works(void)
{
	const struct submit s = control(0x7777, IN, 18, get_descriptor);
	uint8_t descriptor[18];

	submit(&s);
	if (answer(SUBMITTED, s.seq, 0) != sizeof(descriptor))
		fail("the device's descriptor is short");
	take(descriptor, sizeof(descriptor));
	if (descriptor[0] != 18 || descriptor[1] != 1)
		fail("the device's descriptor is none");
}

/* --- headers ------------------------------------------------------------------------------ */

static void honest(void)
{
	works();
}

static void second(void)
{
	const int first = fd;
	uint32_t status = import();

	fd = first;
	if (status != 2)
		fail("a second client gets status %u, not 2 (busy)", status);
	works();
}

/* All of a header's bytes are right, but 4. */
static void wrong(unsigned int at, uint32_t value)
{
	struct submit s = { .seq = 1, .in = IN, .ep = BULK, .length = 64 };
	uint8_t header[HEADER];

	pack(header, &s);
	put32(header + at, value);
	give(header, sizeof(header));
	ends();
}

static void command_0(void) { wrong(0, 0); }
static void command_own(void) { wrong(0, SUBMITTED); }
static void command_far(void) { wrong(0, 0x80000001); }
static void devid_other(void) { wrong(8, devid ^ 1); }
static void direction(void) { wrong(12, 2); }
static void ep_16(void) { wrong(16, 16); }
static void ep_negative(void) { wrong(16, UINT32_MAX); }
static void length_negative(void) { wrong(24, UINT32_MAX); }
static void packets_many(void) { wrong(32, 1025); }
static void packets_negative(void) { wrong(32, UINT32_MAX - 1); }

static void split(void)
{
	const struct submit s = control(1, IN, 18, get_descriptor);
	uint8_t header[HEADER], descriptor[18];
	unsigned int i;

	pack(header, &s);
	for (i = 0; i < sizeof(header); i++)
		give(header + i, 1);
	answer(SUBMITTED, 1, 0);
	take(descriptor, sizeof(descriptor));
	works();
}

static void seq_twice(void)
{
	const struct submit s = { .seq = 5, .in = IN, .ep = INTERRUPT, .length = 64 };

	submit(&s);
	submit(&s);
	ends();
}

static void seq_again(void)
{
	const struct submit s = control(5, IN, 18, get_descriptor);
	unsigned int i;

	/* of one that is answered it is free */
	for (i = 0; i < 3; i++) {
		submit(&s);
		answer(SUBMITTED, 5, 0);
		take(bytes, 18);
	}
	works();
}

/* --- requests that a device is not asked for ------------------------------------------------- */

static void refuses(struct submit s, int status)
{
	s.seq = 9;
	submit(&s);
	if (s.in == OUT)
		give(bytes, s.length);
	refused(9, status);
	works();
}

static void no_endpoint_in(void)
{
	refuses((struct submit){ .in = IN, .ep = NONE, .length = 512 }, -EINVAL);
}

static void no_endpoint_out(void)
{
	refuses((struct submit){ .in = OUT, .ep = NONE, .length = 70000 },
		-EINVAL);
}

static void length_huge_in(void)
{
	refuses((struct submit){ .in = IN, .ep = BULK, .length = INT32_MAX },
		-EINVAL);
}

static void length_long_out(void)
{
	refuses((struct submit){ .in = OUT, .ep = BULK, .length = 17 << 20 },
		-EINVAL);
}

static void packets_on_bulk(void)
{
	const struct submit s = { .seq = 9, .in = IN, .ep = BULK, .length = 512, .packets = 2 };

	submit(&s);
	packet(0, 256);
	packet(256, 256);
	refused(9, -EINVAL);
	take(bytes, 32);
	works();
}

static void iso_without_packets(void)
{
	refuses((struct submit){ .in = IN, .ep = ISO, .length = 512 }, -EINVAL);
}

static void setup_long(void)
{
	refuses(control(9, IN, 8, get_descriptor), -EINVAL);
}

static void setup_direction(void)
{
	refuses(control(9, OUT, 18, get_descriptor), -EINVAL);
}

/* --- packets --------------------------------------------------------------------------------- */

static void iso(uint32_t length, uint32_t offset, uint32_t size)
{
	const struct submit s = { .seq = 3, .in = IN, .ep = ISO, .length = length, .packets = 2 };

	submit(&s);
	packet(0, 100);
	packet(offset, size);
	ends();
}

static void iso_beyond(void) { iso(200, 150, 100); }
static void iso_wraps(void) { iso(200, UINT32_MAX - 15, 100); }
static void iso_long(void) { iso(200, 100, UINT32_MAX); }
static void iso_sum(void) { iso(150, 50, 100); }

/* The device's second packet is a byte shorter, and begins with 1 (echo.c). */
static void iso_gaps(void)
{
	const struct submit s = { .seq = 3, .in = IN, .ep = ISO, .length = 300, .packets = 2 };
	uint32_t n;

	submit(&s);
	packet(0, 100);
	packet(200, 100);
	n = answer(SUBMITTED, 3, 0);
	if (n != 199)
		fail("%u bytes of packets where 199 were due", n);
	take(bytes, n + 32);
	if (bytes[0] || bytes[99] != 99 || bytes[100] != 1 ||
	    bytes[198] != 99)
		fail("the packets are not one behind the other");
	if (get32(bytes + n + 16) != 200 || get32(bytes + n + 24) != 99)
		fail("the packets' places are others");
	works();
}

static void iso_out_gaps(void)
{
	const struct submit s = { .seq = 3, .in = OUT, .ep = ISO, .length = 300, .packets = 2 };

	submit(&s);
	give(bytes, 300);
	packet(200, 100);
	packet(0, 100);
	if (answer(SUBMITTED, 3, 0) != 200)
		fail("not all has been sent");
	take(bytes, 32);
	if (get32(bytes) != 200 || get32(bytes + 16))
		fail("the packets' places are others");
	works();
}

/* --- unlinks ------------------------------------------------------------------------------------ */

static const struct submit never = { .seq = 5, .in = IN, .ep = INTERRUPT, .length = 64 };

static void unlink_pending(void)
{
	submit(&never);
	unlink_seq(6, 5);
	answer(UNLINKED, 6, -ECONNRESET);
	works();
}

static void unlink_unknown(void)
{
	unlink_seq(6, 5);
	answer(UNLINKED, 6, 0);
	works();
}

static void unlink_answered(void)
{
	works();
	unlink_seq(6, 0x7777);
	answer(UNLINKED, 6, 0);
	works();
}

static void unlink_twice(void)
{
	uint8_t header[HEADER];
	unsigned int i;

	submit(&never);
	unlink_seq(6, 5);
	unlink_seq(7, 5);
	for (i = 0; i < 2; i++) {
		/* the second one may be answered first: it has nothing to wait for */
		take(header, sizeof(header));
		if (get32(header) != UNLINKED ||
		    (int)get32(header + 20) !=
		    (get32(header + 4) == 6 ? -ECONNRESET : 0))
			fail("unlink %u gets status %d", get32(header + 4),
			     (int)get32(header + 20));
	}
	works();
}

static void unlink_itself(void)
{
	unlink_seq(6, 6);
	answer(UNLINKED, 6, 0);
	works();
}

static void unlink_one_of_many(void)
{
	struct submit s = never;

	for (s.seq = 10; s.seq < 20; s.seq++)
		submit(&s);
	unlink_seq(50, 15);
	answer(UNLINKED, 50, -ECONNRESET);
	unlink_seq(51, 10);
	answer(UNLINKED, 51, -ECONNRESET);
	unlink_seq(52, 19);
	answer(UNLINKED, 52, -ECONNRESET);
	works();
}

/* --- what the node keeps to itself --------------------------------------------------------------- */

static void plain(const uint8_t setup[8], int status)
{
	const struct submit s = control(8, OUT, 0, setup);

	submit(&s);
	refused(8, status);
}

static void set_address(void)
{
	plain((const uint8_t[8]){ 0, 5, 99 }, -EPIPE);
	works();
}

static void set_configuration(void)
{
	plain((const uint8_t[8]){ 0, 9, 99 }, -EPIPE);
	works();
	plain((const uint8_t[8]){ 0, 9, 1 }, 0);
	works();
}

static void set_interface(void)
{
	plain((const uint8_t[8]){ 1, 11, 7, 0, 0, 0 }, -EPIPE);
	plain((const uint8_t[8]){ 1, 11, 0, 0, 99, 0 }, -EPIPE);
	plain((const uint8_t[8]){ 1, 11, 0, 1, 0, 0 }, -EPIPE);
	plain((const uint8_t[8]){ 1, 11, 0, 0, 0, 0 }, 0);
	works();
}

static void clear_halt(void)
{
	plain((const uint8_t[8]){ 2, 1, 0, 0, 0x80 | NONE, 0 }, -EPIPE);
	plain((const uint8_t[8]){ 2, 1, 0, 0, 0x80 | BULK, 0 }, 0);
	works();
}

/* A reset ends what is in flight, and the device is as before. */
static void reset(void)
{
	const uint8_t setup[8] = { 0x23, 3, 4 };
	const struct submit s = control(8, OUT, 0, setup);

	submit(&never);
	submit(&s);
	refused(5, -ESHUTDOWN);
	refused(8, 0);
	works();
	submit(&(struct submit){ .seq = 9, .in = IN, .ep = BULK, .length = 64 });
	if (answer(SUBMITTED, 9, 0) != 64)
		fail("no data behind a reset");
	take(bytes, 64);
}

/* --- the end, in the middle of something ------------------------------------------------------------ */

static void half_header(void)
{
	give(bytes, 20);
}

static void half_data(void)
{
	submit(&(struct submit){ .seq = 1, .in = OUT, .ep = BULK, .length = 4096 });
	give(bytes, 1000);
}

static void reset_pending(void)
{
	submit(&never);
	works();
	hang_up(true);
}

static void fin_pending(void)
{
	submit(&never);
	works();
	hang_up(false);
}

static void fin_half(void)
{
	submit(&never);
	works();
	shutdown(fd, SHUT_WR);
	ends();
}

static void reset_data(void)
{
	half_data();
	hang_up(true);
}

/* --- too much ------------------------------------------------------------------------------------------ */

/* What the exporter has of memory, in KiB. */
static long rss(void)
{
	char line[256];
	long kib = -1;
	FILE *f = popen("for p in /proc/[0-9]*; do case $(cat $p/comm 2>/dev/null) in hearth-usbd*) "
			"sed -n 's/^VmHWM:[^0-9]*//p' $p/status;; esac; done", "r");

	while (f && fgets(line, sizeof(line), f))
		kib = atol(line) > kib ? atol(line) : kib;
	if (f)
		pclose(f);
	return kib;
}

/*
 * So much is asked for that it cannot all be held: 96 MiB. Nothing is read meanwhile, till
 * nothing more can be sent; then all of it is there, in its order.
 */
static void never_reads(void)
{
	struct submit s = { .in = IN, .ep = BULK, .length = 128 << 10 };
	const struct timeval soon = { .tv_sec = 3 }, limit = { .tv_sec = PATIENCE };
	const uint32_t all = 768;
	uint32_t i, sent = 0;
	uint8_t header[HEADER];
	size_t at = 0;
	ssize_t n = 0;
	long held = -1, before = 0;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
	for (s.seq = 1; s.seq <= all && n >= 0; s.seq++) {
		pack(header, &s);
		for (at = 0; at < HEADER; at += (size_t)n) {
			n = send(fd, header + at, HEADER - at, MSG_NOSIGNAL);
			if (n < 0)
				break;
		}
		sent += n >= 0;
	}
	/* till it holds what it may, and no more comes */
	for (i = 0; i < 2 * PATIENCE && (held != before || held < 28 << 10);
	     i++) {
		before = held;
		usleep(500000);
		held = rss();
	}
	printf("# the exporter holds %ld KiB of %u requests\n", held, sent);
	if (held < 28 << 10 || held > 72 << 10)
		fail("that is not what it may hold");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	for (i = 1; i <= sent; i++) {
		if (answer(SUBMITTED, i, 0) != s.length)
			fail("short");
		take(bytes, s.length);
		if (get32(bytes) != htonl(i - 1))
			fail("request %u got the data of %u", i,
			     ntohl(get32(bytes)) + 1);
	}
	if (n < 0) {
		/* the rest of the one that it stopped in */
		give(header + at, HEADER - at);
		answer(SUBMITTED, sent + 1, 0);
		take(bytes, s.length);
	}
	works();
}

/* All of them at once, and each is taken back. */
static void many_pending(void)
{
	struct submit s = never;
	uint32_t i;
	const uint32_t all = 600;

	for (s.seq = 1; s.seq <= all; s.seq++)
		submit(&s);
	for (i = 1; i <= all; i++) {
		unlink_seq(all + i, i);
		answer(UNLINKED, all + i, -ECONNRESET);
	}
	works();
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "honest", honest },
	{ "second", second },
	{ "command-0", command_0 },
	{ "command-own", command_own },
	{ "command-far", command_far },
	{ "devid-other", devid_other },
	{ "direction", direction },
	{ "ep-16", ep_16 },
	{ "ep-negative", ep_negative },
	{ "length-negative", length_negative },
	{ "packets-many", packets_many },
	{ "packets-negative", packets_negative },
	{ "split", split },
	{ "seq-twice", seq_twice },
	{ "seq-again", seq_again },
	{ "no-endpoint-in", no_endpoint_in },
	{ "no-endpoint-out", no_endpoint_out },
	{ "length-huge-in", length_huge_in },
	{ "length-long-out", length_long_out },
	{ "packets-on-bulk", packets_on_bulk },
	{ "iso-without-packets", iso_without_packets },
	{ "setup-long", setup_long },
	{ "setup-direction", setup_direction },
	{ "iso-beyond", iso_beyond },
	{ "iso-wraps", iso_wraps },
	{ "iso-long", iso_long },
	{ "iso-sum", iso_sum },
	{ "iso-gaps", iso_gaps },
	{ "iso-out-gaps", iso_out_gaps },
	{ "unlink-pending", unlink_pending },
	{ "unlink-unknown", unlink_unknown },
	{ "unlink-answered", unlink_answered },
	{ "unlink-twice", unlink_twice },
	{ "unlink-itself", unlink_itself },
	{ "unlink-one-of-many", unlink_one_of_many },
	{ "set-address", set_address },
	{ "set-configuration", set_configuration },
	{ "set-interface", set_interface },
	{ "clear-halt", clear_halt },
	{ "reset", reset },
	{ "half-header", half_header },
	{ "half-data", half_data },
	{ "reset-pending", reset_pending },
	{ "fin-pending", fin_pending },
	{ "fin-half", fin_half },
	{ "reset-data", reset_data },
	{ "never-reads", never_reads },
	{ "many-pending", many_pending },
	{ "honest-after-all", honest },
};

#define CASES	(sizeof(cases) / sizeof(*cases))

/* In a session of its own. */
static bool good(size_t i)
{
	name = cases[i].name;
	if (setjmp(failed)) {
		hang_up(true);
		return false;
	}
	begin();
	cases[i].run();
	hang_up(false);
	return true;
}

static bool wanted(size_t i, int argc, char **argv)
{
	int k;

	for (k = 2; k < argc; k++)
		if (!strcmp(argv[k], cases[i].name))
			return true;
	return argc == 2;
}

int main(int argc, char **argv)
{
	bool all = true;
	size_t i;

	if (argc < 2)
		errx(2, "usage: client BUSID [CASE...]");
	if (!strcmp(argv[1], "--count")) {
		printf("%zu\n", CASES);
		return 0;
	}
	busid = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < CASES; i++) {
		bool ok;

		if (!wanted(i, argc, argv))
			continue;
		ok = good(i);
		all &= ok;
		printf("%s %s\n", ok ? "ok" : "not ok", cases[i].name);
	}
	return !all;
}
