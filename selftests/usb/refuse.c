// SPDX-License-Identifier: GPL-2.0
/*
 * refuse CASE - ask port-attach or port-detach for something that it must
 * refuse; print the errno's name and the extack sentence.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/hearth_usb.h>

static struct nl_sock *sock;
static int family;
static char sentence[256];
static int error, done;

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *e, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
	size_t skip = sizeof(*e);
	struct nlattr *msg;

	(void)who;
	(void)arg;
	error = -e->error;
	done = 1;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - NLMSG_HDRLEN;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS) {
		msg = nla_find((void *)((char *)e + NLMSG_ALIGN(skip)),
			       nlh->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(skip),
			       NLMSGERR_ATTR_MSG);
		if (msg)
			snprintf(sentence, sizeof(sentence), "%s",
				 (char *)nla_data(msg));
	}
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	done = 1;
	return NL_STOP;
}

/* Send, and read till the verdict: it comes behind the reply, if any. */
static void ask(struct nl_msg *msg)
{
	error = 0;
	done = 0;
	sentence[0] = '\0';
	if (nl_send_auto(sock, msg) < 0)
		errx(1, "send");
	while (!done)
		nl_recvmsgs_default(sock);
	nlmsg_free(msg);
}

/* Two ends of a TCP connection over loopback; *listener stays open. */
static int connected(int *listener, int *other)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int fd;

	*listener = socket(AF_INET, SOCK_STREAM, 0);
	if (*listener < 0 || bind(*listener, (void *)&addr, len) ||
	    listen(*listener, 1) || getsockname(*listener, (void *)&addr, &len))
		err(1, "listen");
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (void *)&addr, len))
		err(1, "connect");
	*other = accept(*listener, NULL, NULL);
	if (*other < 0)
		err(1, "accept");
	return fd;
}

static void attach(int fd, unsigned int devid, unsigned int speed, int tls)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, 0, 0, family, 0, 0,
				 HEARTH_USB_CMD_PORT_ATTACH, 1))
		errx(1, "no memory");
	if (fd >= 0)
		nla_put_u32(msg, HEARTH_USB_A_PORT_SOCKET_FD, fd);
	if (devid != ~0u)
		nla_put_u32(msg, HEARTH_USB_A_PORT_DEVID, devid);
	if (speed != ~0u)
		nla_put_u32(msg, HEARTH_USB_A_PORT_SPEED, speed);
	if (tls)
		nla_put_flag(msg, HEARTH_USB_A_PORT_TLS);
	ask(msg);
}

static void detach(unsigned int id)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, 0, 0, family, 0, 0,
				 HEARTH_USB_CMD_PORT_DETACH, 1))
		errx(1, "no memory");
	nla_put_u32(msg, HEARTH_USB_A_PORT_ID, id);
	ask(msg);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	int listener, other, fd, one = 1;
	unsigned int none = ~0u;

	sock = nl_socket_alloc();
	if (!sock || genl_connect(sock))
		errx(1, "netlink");
	family = genl_ctrl_resolve(sock, HEARTH_USB_FAMILY_NAME);
	if (family < 0)
		errx(1, "hearth_vhci is not loaded");
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &one,
		   sizeof(one));
	nl_socket_modify_cb(sock, NL_CB_ACK, NL_CB_CUSTOM, on_ack, NULL);
	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, on_error, NULL);
	fd = connected(&listener, &other);

	if (!strcmp(what, "not-open")) {
		attach(1000, 1, 3, 0);
	} else if (!strcmp(what, "not-a-socket")) {
		attach(0, 1, 3, 0);
	} else if (!strcmp(what, "udp")) {
		attach(socket(AF_INET, SOCK_DGRAM, 0), 1, 3, 0);
	} else if (!strcmp(what, "unix")) {
		attach(socket(AF_UNIX, SOCK_STREAM, 0), 1, 3, 0);
	} else if (!strcmp(what, "listening")) {
		attach(listener, 1, 3, 0);
	} else if (!strcmp(what, "unconnected")) {
		attach(socket(AF_INET, SOCK_STREAM, 0), 1, 3, 0);
	} else if (!strcmp(what, "closed")) {
		shutdown(fd, SHUT_RDWR);
		attach(fd, 1, 3, 0);
	} else if (!strcmp(what, "used")) {
		attach(fd, 1, 3, 0);
		if (error)
			errx(1, "the first attach failed: %s", sentence);
		attach(fd, 1, 3, 0);
	} else if (!strcmp(what, "no-tls")) {
		attach(fd, 1, 3, 1);
	} else if (!strcmp(what, "speed-0")) {
		attach(fd, 1, 0, 0);
	} else if (!strcmp(what, "speed-wireless")) {
		attach(fd, 1, 4, 0);
	} else if (!strcmp(what, "speed-7")) {
		attach(fd, 1, 7, 0);
	} else if (!strcmp(what, "no-socket")) {
		attach(-1, 1, 3, 0);
	} else if (!strcmp(what, "no-devid")) {
		attach(fd, none, 3, 0);
	} else if (!strcmp(what, "no-speed")) {
		attach(fd, 1, none, 0);
	} else if (!strcmp(what, "no-port")) {
		detach(4000000000u);
	} else if (!strcmp(what, "port-0")) {
		detach(0);
	} else if (!strcmp(what, "no-privilege")) {
		if (setuid(65534))
			err(1, "setuid");
		attach(fd, 1, 3, 0);
	} else {
		errx(1, "usage: refuse CASE");
	}
	printf("%s: %s\n", error ? strerrorname_np(error) : "no error", sentence);
	return 0;
}
