// SPDX-License-Identifier: GPL-2.0
/*
 * tlsrelay - attaches a device over kTLS, with keys of its own, from a server
 * that knows of no TLS:
 *
 *	port <=== TLS ===> relay <--- plain ---> server
 *
 *   tlsrelay [--half tx|rx] [--rcvbuf BYTES] CIPHER PORT BUSID
 *
 * CIPHER is aes-128-gcm or chacha20-poly1305. With --half the port's end has kTLS
 * in one direction only, and port-attach has to refuse it; with --rcvbuf it has a
 * receive buffer of twice so many bytes.
 *
 * Only the port's end is kTLS. The other is a record layer of our own (RFC 8446,
 * 5) over GnuTLS's ciphers: kTLS would send nothing that is wrong, nor a record
 * that is empty. What the port sends has to open with the key, or it counts as
 * sent in the clear.
 *
 * Prints "port N", and at the end "wire: N records, C bytes in the clear".
 * Lines of standard input make it
 *
 *	alert-close alert-fatal handshake	send such a record
 *	empty empty-handshake			one of data, or not, without bytes
 *	empty-alert				an empty one, and an alert behind it
 *	typeless				one of zeros: it has no type
 *	crumbs					data in records of a byte from now on
 *	flip					break a bit of the next record
 *	oversize				send a header of too long a record
 *	plain					send a USB/IP header as it is
 *	flood N					send N empty records
 *	rekey					KeyUpdate, and a new key
 *	hold					another process fills the port's end
 *						and waits in there for room
 *	quit
 */
#define _GNU_SOURCE
#include <err.h>
#include <linux/sockios.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <netlink/msg.h>

#include "family.h"
#include "import.h"
#include "tcp.h"

#ifndef TCP_ULP
#define TCP_ULP	31
#endif
#ifndef SOL_TLS
#define SOL_TLS	282
#endif

#define STALL_MS		3000

#define RECORD_ALERT		21	/* RFC 8446, 5.1 and 6 */
#define RECORD_HANDSHAKE	22
#define RECORD_DATA		23
#define RECORD_HEADER		5
#define RECORD_TAG		16
#define RECORD_IV		12
#define RECORD_BODY		(16384 + 1 + RECORD_TAG)
#define RECORD_MAX		(RECORD_HEADER + RECORD_BODY)

/* One direction. */
struct half {
	gnutls_aead_cipher_hd_t cipher;
	uint8_t iv[RECORD_IV];
	uint64_t seq;
};

static int server, relay, port;
static struct half to_port, from_port;
static const char *cipher_name;
static bool flip, crumbs, deaf;

static void send_all(int fd, const void *buf, size_t len)
{
	if (len && send(fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		warn("send");
}

/* The keys are no secrets: each run has the same. Returns 0, or -1 and errno. */
static int set_keys(const char *cipher, int direction, int seed)
{
	struct tls12_crypto_info_aes_gcm_128 gcm = {
		.info = { TLS_1_3_VERSION, TLS_CIPHER_AES_GCM_128 },
	};
	struct tls12_crypto_info_chacha20_poly1305 chacha = {
		.info = { TLS_1_3_VERSION, TLS_CIPHER_CHACHA20_POLY1305 },
	};

	if (!strcmp(cipher, "aes-128-gcm")) {
		memset(gcm.key, seed, sizeof(gcm.key));
		memset(gcm.iv, seed, sizeof(gcm.iv));
		memset(gcm.salt, seed, sizeof(gcm.salt));
		return setsockopt(port, SOL_TLS, direction, &gcm, sizeof(gcm));
	}
	memset(chacha.key, seed, sizeof(chacha.key));
	memset(chacha.iv, seed, sizeof(chacha.iv));
	return setsockopt(port, SOL_TLS, direction, &chacha, sizeof(chacha));
}

/* --- records: RFC 8446, 5.2 and 5.3 ---------------------------------------- */

static void half_init(struct half *half, const char *cipher, int seed)
{
	bool gcm = !strcmp(cipher, "aes-128-gcm");
	uint8_t secret[32];
	gnutls_datum_t key = { secret, gcm ? 16 : 32 };

	memset(secret, seed, sizeof(secret));
	memset(half->iv, seed, sizeof(half->iv));
	if (gnutls_aead_cipher_init(&half->cipher,
				    gcm ? GNUTLS_CIPHER_AES_128_GCM :
					  GNUTLS_CIPHER_CHACHA20_POLY1305, &key))
		errx(1, "GnuTLS has no %s", cipher);
}

static void half_nonce(struct half *half, uint8_t *nonce)
{
	int i;

	memcpy(nonce, half->iv, RECORD_IV);
	for (i = 0; i < 8; i++)
		nonce[RECORD_IV - 1 - i] ^= half->seq >> 8 * i;
	half->seq++;
}

/* Returns the length of the record in @out. A type of 0 is none. */
static size_t seal(uint8_t *out, uint8_t type, const void *data, size_t len,
		   size_t padding)
{
	uint8_t inner[RECORD_BODY], nonce[RECORD_IV];
	size_t inner_len = len + 1 + padding, room = inner_len + RECORD_TAG;

	memcpy(inner, data, len);
	memset(inner + len, 0, 1 + padding);
	inner[len] = type;
	out[0] = RECORD_DATA;
	out[1] = 3;
	out[2] = 3;
	out[3] = room >> 8;
	out[4] = room;
	half_nonce(&to_port, nonce);
	if (gnutls_aead_cipher_encrypt(to_port.cipher, nonce, RECORD_IV, out,
				       RECORD_HEADER, RECORD_TAG, inner,
				       inner_len, out + RECORD_HEADER, &room))
		errx(1, "encrypt");
	return RECORD_HEADER + room;
}

/* Returns the bytes of data in a record, or -1 if it is none of data. */
static ssize_t unseal(const uint8_t *in, size_t len, uint8_t *data)
{
	size_t room = RECORD_BODY;
	uint8_t nonce[RECORD_IV];

	half_nonce(&from_port, nonce);
	if (gnutls_aead_cipher_decrypt(from_port.cipher, nonce, RECORD_IV, in,
				       RECORD_HEADER, RECORD_TAG,
				       in + RECORD_HEADER, len - RECORD_HEADER,
				       data, &room))
		return -1;
	while (room && !data[room - 1])
		room--;
	return room && data[room - 1] == RECORD_DATA ? (ssize_t)room - 1 : -1;
}

/* --- the device ----------------------------------------------------------- */

static uint32_t attach(uint32_t devid, uint32_t speed)
{
	struct nl_msg *msg = family_attach(port, devid, speed);
	struct verdict verdict;

	nla_put_flag(msg, HEARTH_USB_A_PORT_TLS);
	nla_put_u32(msg, HEARTH_USB_A_PORT_STALL_TIMEOUT, STALL_MS);
	verdict = family_ask(msg);
	if (verdict.error)
		errx(2, "attach refused: %s", verdict.sentence);
	return verdict.id;
}

/* --- from the port --------------------------------------------------------- */

static struct {
	uint8_t buf[RECORD_MAX];
	size_t have;
	unsigned long records, clear;
} wire;

/* Bytes of the first record in the buffer. 0: more have to come. */
static size_t wire_record(void)
{
	size_t len;

	if (wire.have < RECORD_HEADER)
		return 0;
	len = RECORD_HEADER + (wire.buf[3] << 8 | wire.buf[4]);
	if (wire.buf[0] != RECORD_DATA || wire.buf[1] != 3 ||
	    wire.buf[2] != 3 || len > RECORD_MAX)
		return wire.have;
	return len <= wire.have ? len : 0;
}

/* What is not sealed is not passed on. */
static bool from_the_port(void)
{
	uint8_t data[RECORD_BODY];
	ssize_t n = recv(relay, wire.buf + wire.have,
			 sizeof(wire.buf) - wire.have, 0);
	size_t len;

	if (n <= 0)
		return false;
	wire.have += n;
	while ((len = wire_record())) {
		n = unseal(wire.buf, len, data);
		if (n < 0)
			wire.clear += len;
		else
			send_all(server, data, n);
		wire.records++;
		wire.have -= len;
		memmove(wire.buf, wire.buf + len, wire.have);
	}
	return true;
}

/* --- to the port ----------------------------------------------------------- */

static void send_record(uint8_t type, const void *data, size_t len)
{
	uint8_t record[RECORD_MAX];
	size_t n = seal(record, type, data, len, 0);

	if (flip)
		record[n - 1] ^= 1;
	flip = false;
	send_all(relay, record, n);
}

/* Data a byte a record, each padded, and an empty one behind it. */
static void send_crumbs(const uint8_t *data, size_t len)
{
	uint8_t records[2 * (RECORD_HEADER + 2 + 3 + RECORD_TAG)];
	size_t n, i;

	for (i = 0; i < len; i++) {
		n = seal(records, RECORD_DATA, data + i, 1, i % 4);
		n += seal(records + n, RECORD_DATA, "", 0, 0);
		send_all(relay, records, n);
	}
}

static void send_empty_alert(void)
{
	uint8_t records[2 * (RECORD_HEADER + 3 + RECORD_TAG)];
	size_t n;

	n = seal(records, RECORD_DATA, "", 0, 0);
	n += seal(records + n, RECORD_ALERT, "\1\0", 2, 0);
	send_all(relay, records, n);
}

static void send_flood(int count)
{
	uint8_t *records = malloc(count * (RECORD_HEADER + 1UL + RECORD_TAG));
	size_t n = 0;
	int i;

	if (!records)
		errx(1, "no memory");
	for (i = 0; i < count; i++)
		n += seal(records + n, RECORD_DATA, "", 0, 0);
	printf("flooding\n");
	fflush(stdout);
	send_all(relay, records, n);
	printf("flooded\n");
	fflush(stdout);
	free(records);
}

static const uint8_t key_update[] = { 24, 0, 0, 1, 0 };

/* Has the port's kernel still to read what was sent? */
static bool unread(void)
{
	int bytes;

	if (ioctl(port, SIOCINQ, &bytes))
		err(1, "SIOCINQ");
	return bytes;
}

/*
 * The port's kernel is to have the new key when it has read the KeyUpdate. It takes one
 * before, too, and then the KeyUpdate itself does not open.
 */
static void rekey(void)
{
	int i;

	send_record(RECORD_HANDSHAKE, key_update, sizeof(key_update));
	gnutls_aead_cipher_deinit(to_port.cipher);
	to_port.seq = 0;
	half_init(&to_port, cipher_name, 3);
	for (i = 0; i < 1000 && (unread() || set_keys(cipher_name, TLS_RX, 3)); i++)
		usleep(10000);
	printf(i < 1000 ? "rekeyed\n" : "not rekeyed\n");
	fflush(stdout);
}

/* Nothing is read any more, so this one waits in its send(). */
static void hold(void)
{
	static const char zeros[65536];

	deaf = true;
	if (fork())
		return;
	while (send(port, zeros, sizeof(zeros), MSG_NOSIGNAL) > 0)
		;
	_exit(0);
}

static bool command(void)
{
	/* RET_SUBMIT, which would be read if this were no TLS */
	static const uint8_t plain[48] = { 0, 0, 0, 3, 0, 0, 0, 1 };
	static const uint8_t oversize[] = { RECORD_DATA, 3, 3, 0xff, 0xff };
	char line[32];

	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\n")] = '\0';
	if (!strcmp(line, "alert-close"))
		send_record(RECORD_ALERT, "\1\0", 2);
	else if (!strcmp(line, "alert-fatal"))
		send_record(RECORD_ALERT, "\2\50", 2);
	else if (!strcmp(line, "handshake"))
		send_record(RECORD_HANDSHAKE, key_update, sizeof(key_update));
	else if (!strcmp(line, "empty"))
		send_record(RECORD_DATA, "", 0);
	else if (!strcmp(line, "empty-handshake"))
		send_record(RECORD_HANDSHAKE, "", 0);
	else if (!strcmp(line, "empty-alert"))
		send_empty_alert();
	else if (!strcmp(line, "typeless"))
		send_record(0, "\0\0\0", 3);
	else if (!strcmp(line, "crumbs"))
		crumbs = true;
	else if (!strcmp(line, "flip"))
		flip = true;
	else if (!strcmp(line, "oversize"))
		send_all(relay, oversize, sizeof(oversize));
	else if (!strcmp(line, "plain"))
		send_all(relay, plain, sizeof(plain));
	else if (!strncmp(line, "flood ", 6))
		send_flood(atoi(line + 6));
	else if (!strcmp(line, "rekey"))
		rekey();
	else if (!strcmp(line, "hold"))
		hold();
	else
		return false;
	return true;
}

static void narrow(int bytes)
{
	if (setsockopt(port, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)))
		err(1, "SO_RCVBUF");
}

static bool from_the_server(void)
{
	uint8_t data[16384];
	ssize_t n = recv(server, data, sizeof(data), 0);

	if (n <= 0)
		return false;
	if (crumbs)
		send_crumbs(data, n);
	else
		send_record(RECORD_DATA, data, n);
	return true;
}

static void run(void)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = server, .events = POLLIN },
		{ .fd = relay, .events = POLLIN },
	};

	while (poll(fds, deaf ? 2 : 3, -1) > 0) {
		if (fds[0].revents && !command())
			return;
		if (fds[1].revents && !from_the_server())
			return;
		if (!deaf && fds[2].revents && !from_the_port())
			return;
	}
}

int main(int argc, char **argv)
{
	const char *half = "";
	uint32_t devid, speed;
	int rcvbuf = 0;

	while (argc >= 6) {
		if (!strcmp(argv[1], "--half"))
			half = argv[2];
		else if (!strcmp(argv[1], "--rcvbuf"))
			rcvbuf = atoi(argv[2]);
		else
			break;
		argv += 2;
		argc -= 2;
	}
	if (argc != 4)
		errx(1, "usage: tlsrelay [--half tx|rx] [--rcvbuf BYTES] CIPHER PORT BUSID");
	setvbuf(stdin, NULL, _IONBF, 0);
	server = tcp_dial(atoi(argv[2]));
	import(server, argv[3], &devid, &speed);
	port = tcp_pair(&relay);
	if (rcvbuf)
		narrow(rcvbuf);
	half_init(&from_port, argv[1], 1);
	half_init(&to_port, argv[1], 2);
	if (setsockopt(port, SOL_TCP, TCP_ULP, "tls", sizeof("tls")))
		err(1, "no kTLS");
	if ((strcmp(half, "rx") && set_keys(argv[1], TLS_TX, 1)) ||
	    (strcmp(half, "tx") && set_keys(argv[1], TLS_RX, 2)))
		err(1, "%s", argv[1]);
	family_open();
	printf("port %u\n", attach(devid, speed));
	fflush(stdout);
	cipher_name = argv[1];
	run();
	printf("wire: %lu records, %lu bytes in the clear\n",
	       wire.records, wire.clear);
	return 0;
}
