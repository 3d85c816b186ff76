// SPDX-License-Identifier: GPL-2.0
/*
 * A port that is bound to a peer, and the other end of its connection.
 *
 *	port PEER [dribble]
 *
 * Attaches a device that never says what it is, prints "attached" and the peer that the
 * port shows, or "refused ERRNO: SENTENCE", and then "closed" when the kernel closes the
 * connection. With dribble the first request is answered, a byte each 200 ms, for 12 s or
 * until SIGUSR1; then "silent" is printed, and nothing comes any more.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/hearth_usb.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#define BYTE_MS		200
#define HEADER		48	/* of USB/IP */
#define DATA		18	/* of the answer */
#define STALL_MS	600000	/* nothing here ends by that */

static struct nl_sock *sock;
static int family;
static uint32_t port;
static int verdict = -1;
static char sentence[256];
static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *e, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
	size_t skip = sizeof(*e) + NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	struct nlattr *msg = NULL;

	(void)who;
	(void)arg;
	verdict = -e->error;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		msg = nla_find((void *)((char *)e + skip),
			       (int)(nlh->nlmsg_len - NLMSG_HDRLEN - skip),
			       NLMSGERR_ATTR_MSG);
	if (msg)
		nla_strlcpy(sentence, msg, sizeof(sentence));
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	verdict = 0;
	return NL_STOP;
}

static int on_reply(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct nlattr *id = nlmsg_find_attr(nlh, GENL_HDRLEN,
					    HEARTH_USB_A_PORT_ID);
	struct nlattr *peer = nlmsg_find_attr(nlh, GENL_HDRLEN,
					      HEARTH_USB_A_PORT_PEER);
	int i;

	(void)arg;
	if (id)
		port = nla_get_u32(id);
	if (peer)
		printf("attached ");
	for (i = 0; peer && i < nla_len(peer); i++)
		printf("%02x", ((uint8_t *)nla_data(peer))[i]);
	if (peer)
		putchar('\n');
	return NL_OK;
}

static void open_socket(void)
{
	int one = 1;

	sock = nl_socket_alloc();
	if (!sock || genl_connect(sock))
		errx(1, "netlink");
	family = genl_ctrl_resolve(sock, HEARTH_USB_FAMILY_NAME);
	if (family < 0)
		errx(1, "hearth_vhci is not loaded");
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &one,
		   sizeof(one));
	nl_socket_modify_cb(sock, NL_CB_ACK, NL_CB_CUSTOM, on_ack, NULL);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_reply, NULL);
	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, on_error, NULL);
}

static struct nl_msg *request(uint8_t cmd)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, 0, 0, family, 0, 0, cmd,
				 HEARTH_USB_FAMILY_VERSION))
		errx(1, "no memory");
	return msg;
}

static void ask(struct nl_msg *msg)
{
	verdict = -1;
	if (nl_send_auto(sock, msg) < 0)
		errx(1, "send");
	nlmsg_free(msg);
	while (verdict < 0)
		nl_recvmsgs_default(sock);
	if (!verdict)
		return;
	printf("refused %s: %s\n", strerrorname_np(verdict), sentence);
	exit(2);
}

static void attach(int fd, const char *peer)
{
	struct nl_msg *msg = request(HEARTH_USB_CMD_PORT_ATTACH);
	uint8_t id[HEARTH_USB_PEER_LEN];
	size_t i;

	for (i = 0; i < sizeof(id); i++)
		if (sscanf(peer + 2 * i, "%2hhx", &id[i]) != 1)
			errx(1, "no id");
	nla_put_u32(msg, HEARTH_USB_A_PORT_SOCKET_FD, (uint32_t)fd);
	nla_put_u32(msg, HEARTH_USB_A_PORT_DEVID, 0x10001);
	nla_put_u32(msg, HEARTH_USB_A_PORT_SPEED, HEARTH_USB_SPEED_HIGH);
	nla_put_u32(msg, HEARTH_USB_A_PORT_STALL_TIMEOUT, STALL_MS);
	nla_put_u32(msg, HEARTH_USB_A_PORT_UNLINK_TIMEOUT, STALL_MS);
	nla_put(msg, HEARTH_USB_A_PORT_PEER, sizeof(id), id);
	ask(msg);
	close(fd);
	msg = request(HEARTH_USB_CMD_PORT_GET);
	nla_put_u32(msg, HEARTH_USB_A_PORT_ID, port);
	ask(msg);
}

/* All of an answer to the request @seq but its last byte. */
static void dribble(int fd, uint32_t seq)
{
	uint8_t answer[HEADER + DATA] = { 0 };
	uint32_t *word = (uint32_t *)answer;
	size_t n;

	word[0] = htonl(3);
	word[1] = seq;
	word[6] = htonl(DATA);
	for (n = 0; n < sizeof(answer) - 1 && !stop; n++) {
		if (send(fd, &answer[n], 1, MSG_NOSIGNAL) != 1)
			return;
		poll(NULL, 0, BYTE_MS);
	}
	puts("silent");
}

int main(int argc, char *argv[])
{
	bool answers = argc == 3;
	uint32_t hdr[1024];
	ssize_t got;
	int end[2];

	if (argc < 2 || socketpair(AF_UNIX, SOCK_STREAM, 0, end))
		errx(1, "usage: port PEER [dribble]");
	signal(SIGUSR1, on_signal);
	setvbuf(stdout, NULL, _IOLBF, 0);
	open_socket();
	attach(end[1], argv[1]);
	while ((got = recv(end[0], hdr, sizeof(hdr), 0)) > 0) {
		if (answers && got >= HEADER && hdr[0] == htonl(1))
			dribble(end[0], hdr[1]);
		answers = false;
	}
	puts("closed");
	return 0;
}
