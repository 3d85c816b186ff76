// SPDX-License-Identifier: GPL-2.0
/*
 * tlsrelay - attaches a device over kTLS, with keys of its own, from a server
 * that knows of no TLS:
 *
 *	port <=== kTLS ===> pump <=== kTLS ===> relay <--- plain ---> server
 *
 *   tlsrelay [--half tx|rx] CIPHER PORT BUSID
 *
 * CIPHER is aes-128-gcm or chacha20-poly1305. With --half the port's end has kTLS
 * in one direction only, and port-attach has to refuse it.
 *
 * Prints "port N", and at the end "wire: N records, C bytes in the clear": what
 * the pump has seen come from the port. Lines of standard input make it
 *
 *	alert-close alert-fatal handshake empty		send such a record
 *	flip						break a byte of the next one
 *	plain						send a USB/IP header as it is
 *	quit
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/tls.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/hearth_usb.h>

#ifndef TCP_ULP
#define TCP_ULP	31
#endif
#ifndef SOL_TLS
#define SOL_TLS	282
#endif

#define RECORD_ALERT		21	/* RFC 8446, 5.1 and 6 */
#define RECORD_HANDSHAKE	22
#define RECORD_DATA		23
#define RECORD_HEADER		5

static int server, relay, pump_relay, pump_port, port;
static bool flip;

static void send_all(int fd, const void *buf, size_t len)
{
	if (len && send(fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		warn("send");
}

/* --- sockets -------------------------------------------------------------- */

static int dial(uint16_t tcp_port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(tcp_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || connect(fd, (void *)&addr, sizeof(addr)))
		err(1, "connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

/* Two ends of a TCP connection. */
static int pair(int *other)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd, one = 1;
	socklen_t len = sizeof(addr);

	if (listener < 0 || bind(listener, (void *)&addr, len) ||
	    listen(listener, 1) || getsockname(listener, (void *)&addr, &len))
		err(1, "listen");
	fd = dial(ntohs(addr.sin_port));
	*other = accept(listener, NULL, NULL);
	if (*other < 0)
		err(1, "accept");
	setsockopt(*other, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(listener);
	return fd;
}

/* The keys are no secrets: each run has the same. */
static void set_keys(int fd, const char *cipher, int direction, int seed)
{
	struct tls12_crypto_info_aes_gcm_128 gcm = {
		.info = { TLS_1_3_VERSION, TLS_CIPHER_AES_GCM_128 },
	};
	struct tls12_crypto_info_chacha20_poly1305 chacha = {
		.info = { TLS_1_3_VERSION, TLS_CIPHER_CHACHA20_POLY1305 },
	};
	int ret;

	if (!strcmp(cipher, "aes-128-gcm")) {
		memset(gcm.key, seed, sizeof(gcm.key));
		memset(gcm.iv, seed + 1, sizeof(gcm.iv));
		memset(gcm.salt, seed + 2, sizeof(gcm.salt));
		ret = setsockopt(fd, SOL_TLS, direction, &gcm, sizeof(gcm));
	} else {
		memset(chacha.key, seed, sizeof(chacha.key));
		memset(chacha.iv, seed + 1, sizeof(chacha.iv));
		ret = setsockopt(fd, SOL_TLS, direction, &chacha, sizeof(chacha));
	}
	if (ret)
		err(1, "%s", cipher);
}

static void set_ulp(int fd)
{
	if (setsockopt(fd, SOL_TCP, TCP_ULP, "tls", sizeof("tls")))
		err(1, "no kTLS");
}

/* --- the device ----------------------------------------------------------- */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* OP_REQ_IMPORT; the device's id and speed. */
static void import(const char *busid, uint32_t *devid, uint32_t *speed)
{
	uint8_t req[40] = { 0x01, 0x11, 0x80, 0x03 }, rep[8 + 312];

	strncpy((char *)req + 8, busid, 31);
	send_all(server, req, sizeof(req));
	if (recv(server, rep, 8, MSG_WAITALL) != 8 || rep[7] ||
	    recv(server, rep + 8, 312, MSG_WAITALL) != 312)
		errx(1, "import of %s refused", busid);
	*devid = be32(rep + 8 + 288) << 16 | be32(rep + 8 + 292);
	*speed = be32(rep + 8 + 296);
}

static int on_reply(struct nl_msg *msg, void *arg)
{
	struct nlattr *id = nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN,
					    HEARTH_USB_A_PORT_ID);

	if (id)
		*(uint32_t *)arg = nla_get_u32(id);
	return NL_OK;
}

static uint32_t attach(uint32_t devid, uint32_t speed)
{
	struct nl_sock *sock = nl_socket_alloc();
	struct nl_msg *msg = nlmsg_alloc();
	uint32_t id = 0;
	int family, ret;

	if (!sock || !msg || genl_connect(sock))
		errx(1, "netlink");
	family = genl_ctrl_resolve(sock, HEARTH_USB_FAMILY_NAME);
	genlmsg_put(msg, 0, 0, family, 0, NLM_F_ACK,
		    HEARTH_USB_CMD_PORT_ATTACH, 1);
	nla_put_u32(msg, HEARTH_USB_A_PORT_SOCKET_FD, port);
	nla_put_u32(msg, HEARTH_USB_A_PORT_DEVID, devid);
	nla_put_u32(msg, HEARTH_USB_A_PORT_SPEED, speed);
	nla_put_flag(msg, HEARTH_USB_A_PORT_TLS);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_reply, &id);
	if (nl_send_auto(sock, msg) < 0)
		errx(1, "netlink");
	while ((ret = nl_recvmsgs_default(sock)) >= 0 && !id)
		;
	if (!id)
		errx(2, "attach refused: %s", nl_geterror(ret));
	nlmsg_free(msg);
	nl_socket_free(sock);
	return id;
}

/* --- the wire ------------------------------------------------------------- */

/* What the port sends is made of records of data, and nothing else. */
static struct {
	uint8_t header[RECORD_HEADER];
	size_t have, body;
	unsigned long records, clear;
} wire;

static void watch(const uint8_t *p, size_t len)
{
	while (len) {
		size_t n = wire.body < len ? wire.body : len;

		wire.body -= n;
		p += n;
		len -= n;
		if (!len)
			break;
		wire.header[wire.have++] = *p++;
		len--;
		if (wire.have < RECORD_HEADER)
			continue;
		wire.have = 0;
		wire.body = wire.header[3] << 8 | wire.header[4];
		wire.records++;
		if (wire.header[0] != RECORD_DATA || wire.header[1] != 3 ||
		    wire.header[2] != 3 || wire.body > 16384 + 256)
			wire.clear += RECORD_HEADER + wire.body;
	}
}

static bool pump(int from, int to, bool of_port)
{
	uint8_t buf[65536];
	ssize_t n = recv(from, buf, sizeof(buf), 0);

	if (n <= 0)
		return false;
	if (of_port) {
		watch(buf, n);
	} else if (flip) {
		buf[n - 1] ^= 1;
		flip = false;
	}
	send_all(to, buf, n);
	return true;
}

static void send_record(uint8_t type, const void *buf, size_t len)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(1)];
	} control = { .hdr = {
		.cmsg_len = CMSG_LEN(1),
		.cmsg_level = SOL_TLS,
		.cmsg_type = TLS_SET_RECORD_TYPE,
	} };
	struct iovec iov = { (void *)buf, len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	*CMSG_DATA(&control.hdr) = type;
	if (sendmsg(relay, &msg, MSG_NOSIGNAL) < 0)
		warn("record of type %u", type);
}

static bool command(void)
{
	static const uint8_t key_update[] = { 24, 0, 0, 1, 0 };
	/* RET_SUBMIT, which would be read if this were no TLS */
	uint8_t plain[48] = { 0, 0, 0, 3, 0, 0, 0, 1 };
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
	else if (!strcmp(line, "flip"))
		flip = true;
	else if (!strcmp(line, "plain"))
		send_all(pump_port, plain, sizeof(plain));
	else
		return false;
	return true;
}

static void run(void)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = server, .events = POLLIN },
		{ .fd = relay, .events = POLLIN },
		{ .fd = pump_relay, .events = POLLIN },
		{ .fd = pump_port, .events = POLLIN },
	};
	uint8_t buf[16384];
	ssize_t n;

	while (poll(fds, 5, -1) > 0) {
		if (fds[0].revents && !command())
			return;
		if (fds[1].revents) {
			n = recv(server, buf, sizeof(buf), 0);
			if (n <= 0)
				return;
			send_all(relay, buf, n);
		}
		if (fds[2].revents) {
			/* The rest of a record has to come through the pump. */
			n = recv(relay, buf, sizeof(buf), MSG_DONTWAIT);
			if (!n || (n < 0 && errno != EAGAIN))
				return;
			send_all(server, buf, n > 0 ? n : 0);
		}
		if (fds[3].revents && !pump(pump_relay, pump_port, false))
			return;
		if (fds[4].revents && !pump(pump_port, pump_relay, true))
			return;
	}
}

int main(int argc, char **argv)
{
	const char *half = "";
	uint32_t devid, speed;

	if (argc == 6 && !strcmp(argv[1], "--half")) {
		half = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc != 4)
		errx(1, "usage: tlsrelay [--half tx|rx] CIPHER PORT BUSID");
	setvbuf(stdin, NULL, _IONBF, 0);
	server = dial(atoi(argv[2]));
	import(argv[3], &devid, &speed);
	port = pair(&pump_port);
	relay = pair(&pump_relay);
	set_ulp(port);
	set_ulp(relay);
	if (strcmp(half, "rx"))
		set_keys(port, argv[1], TLS_TX, 1);
	if (strcmp(half, "tx"))
		set_keys(port, argv[1], TLS_RX, 2);
	set_keys(relay, argv[1], TLS_RX, 1);
	set_keys(relay, argv[1], TLS_TX, 2);
	printf("port %u\n", attach(devid, speed));
	fflush(stdout);
	close(port);
	run();
	printf("wire: %lu records, %lu bytes in the clear\n", wire.records,
	       wire.clear);
	return 0;
}
