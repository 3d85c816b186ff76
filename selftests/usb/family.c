// SPDX-License-Identifier: GPL-2.0
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "family.h"

static struct nl_sock *sock;
static int family;
static struct verdict verdict;
static bool done;

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *e, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
	size_t skip = sizeof(*e);
	struct nlattr *msg;

	(void)who;
	(void)arg;
	verdict.error = -e->error;
	done = true;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - NLMSG_HDRLEN;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS) {
		msg = nla_find((void *)((char *)e + NLMSG_ALIGN(skip)),
			       nlh->nlmsg_len - NLMSG_HDRLEN - NLMSG_ALIGN(skip),
			       NLMSGERR_ATTR_MSG);
		if (msg)
			snprintf(verdict.sentence, sizeof(verdict.sentence),
				 "%s", (char *)nla_data(msg));
	}
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	done = true;
	return NL_STOP;
}

static int on_reply(struct nl_msg *msg, void *arg)
{
	struct nlattr *id = nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN,
					    HEARTH_USB_A_PORT_ID);

	(void)arg;
	if (id)
		verdict.id = nla_get_u32(id);
	return NL_OK;
}

void family_open(void)
{
	int one = 1;

	nl_socket_free(sock);
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

static struct nl_msg *request(int cmd)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, 0, 0, family, 0, 0, cmd,
				 HEARTH_USB_FAMILY_VERSION))
		errx(1, "no memory");
	return msg;
}

struct nl_msg *family_attach(int64_t fd, int64_t devid, int64_t speed)
{
	struct nl_msg *msg = request(HEARTH_USB_CMD_PORT_ATTACH);

	if (fd >= 0)
		nla_put_u32(msg, HEARTH_USB_A_PORT_SOCKET_FD, fd);
	if (devid >= 0)
		nla_put_u32(msg, HEARTH_USB_A_PORT_DEVID, devid);
	if (speed >= 0)
		nla_put_u32(msg, HEARTH_USB_A_PORT_SPEED, speed);
	return msg;
}

struct verdict family_detach(uint32_t id)
{
	struct nl_msg *msg = request(HEARTH_USB_CMD_PORT_DETACH);

	nla_put_u32(msg, HEARTH_USB_A_PORT_ID, id);
	return family_ask(msg);
}

struct verdict family_authorize(uint32_t id, uint32_t devnum)
{
	struct nl_msg *msg = request(HEARTH_USB_CMD_PORT_AUTHORIZE);

	nla_put_u32(msg, HEARTH_USB_A_PORT_ID, id);
	nla_put_u32(msg, HEARTH_USB_A_PORT_DEVNUM, devnum);
	return family_ask(msg);
}

int family_send(struct nl_msg *msg)
{
	int ret = nl_send_auto(sock, msg);

	nlmsg_free(msg);
	return ret < 0 ? ret : 0;
}

struct verdict family_verdict(void)
{
	memset(&verdict, 0, sizeof(verdict));
	done = false;
	/* The verdict comes behind the reply, if there is one. */
	while (!done) {
		if (nl_recvmsgs_default(sock) >= 0 || done)
			continue;
		verdict.error = ENOBUFS;
		break;
	}
	return verdict;
}

struct verdict family_ask(struct nl_msg *msg)
{
	int ret = family_send(msg);

	if (ret)
		errx(1, "send: %s", nl_geterror(ret));
	return family_verdict();
}

/* One part of a dump. Returns false behind the last one. */
static bool dump_part(struct nl_sock *from_kernel, unsigned int *ports,
		      uint32_t *last, bool *interrupted)
{
	struct sockaddr_nl from;
	unsigned char *buf;
	struct nlmsghdr *nlh;
	struct nlattr *id;
	bool more = true;
	int len;

	len = nl_recv(from_kernel, &from, &buf, NULL);
	if (len <= 0)
		errx(1, "dump: %s", nl_geterror(len));
	for (nlh = (void *)buf; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			errx(1, "dump: refused");
		more = nlh->nlmsg_type != NLMSG_DONE;
		if (!more)
			break;
		id = nlmsg_find_attr(nlh, GENL_HDRLEN, HEARTH_USB_A_PORT_ID);
		if (!id || nla_get_u32(id) <= *last)
			errx(1, "dump: a port without a number, or told twice");
		*last = nla_get_u32(id);
		++*ports;
	}
	free(buf);
	return more;
}

unsigned int family_dump(void (*meanwhile)(void), bool *interrupted)
{
	/*
	 * The kernel makes the next part when one is read, as large as the largest
	 * read of the socket: a new one, and small reads, for some parts to be left.
	 */
	struct nl_sock *own = nl_socket_alloc();
	struct nl_msg *msg = nlmsg_alloc();
	unsigned int ports = 0;
	uint32_t last = 0;

	if (!own || genl_connect(own) || nl_socket_set_msg_buf_size(own, 4096))
		errx(1, "netlink");
	nl_socket_disable_msg_peek(own);
	if (!msg || !genlmsg_put(msg, 0, 0, family, 0, NLM_F_DUMP,
				 HEARTH_USB_CMD_PORT_GET,
				 HEARTH_USB_FAMILY_VERSION))
		errx(1, "no memory");
	if (nl_send_auto(own, msg) < 0)
		errx(1, "dump: not sent");
	nlmsg_free(msg);
	*interrupted = false;
	if (!dump_part(own, &ports, &last, interrupted))
		errx(1, "dump: all in one part");
	meanwhile();
	while (dump_part(own, &ports, &last, interrupted))
		;
	nl_socket_free(own);
	return ports;
}
