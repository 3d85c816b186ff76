// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "port.h"

#define DUMP_TRIES	10
#define EVENTS_BUFFER	(1 << 20)

/* What a request has come to. */
struct request {
	bool done;
	int code;		/* positive errno */
	char text[256];		/* of the kernel's extended acknowledgement */
	port_fn fn;
	void *arg;
	struct port *port;
	uint32_t id;
};

/* --- messages ------------------------------------------------------------ */

static const struct nla_policy port_policy[HEARTH_USB_A_PORT_MAX + 1] = {
	[HEARTH_USB_A_PORT_ID] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_DEVID] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_SPEED] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_BUSID] = { .type = NLA_STRING },
	[HEARTH_USB_A_PORT_SERVER] = { .type = NLA_STRING },
	[HEARTH_USB_A_PORT_STATE] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_REASON] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_ERROR] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_BUSNUM] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_ROOT_PORT] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_DEVNUM] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_STATS] = { .type = NLA_NESTED },
	[HEARTH_USB_A_PORT_UNLINK_TIMEOUT] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_STALL_TIMEOUT] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_PEER_TIMEOUT] = { .type = NLA_U32 },
	[HEARTH_USB_A_PORT_TLS] = { .type = NLA_FLAG },
};

static const struct nla_policy stats_policy[HEARTH_USB_A_STATS_MAX + 1] = {
	[HEARTH_USB_A_STATS_SUBMITTED] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_COMPLETED] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_ERRORS] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_UNLINKED] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_IN_FLIGHT] = { .type = NLA_U32 },
	[HEARTH_USB_A_STATS_TX_BYTES] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_RX_BYTES] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_RTT] = { .type = NLA_U32 },
};

static uint32_t get_u32(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static uint64_t get_u64(struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

static int parse_stats(struct nlattr *nest, struct port_stats *stats)
{
	struct nlattr *a[HEARTH_USB_A_STATS_MAX + 1];

	if (!nest)
		return 0;
	if (nla_parse_nested(a, HEARTH_USB_A_STATS_MAX, nest, stats_policy))
		return -EBADMSG;
	stats->submitted = get_u64(a[HEARTH_USB_A_STATS_SUBMITTED]);
	stats->completed = get_u64(a[HEARTH_USB_A_STATS_COMPLETED]);
	stats->errors = get_u64(a[HEARTH_USB_A_STATS_ERRORS]);
	stats->unlinked = get_u64(a[HEARTH_USB_A_STATS_UNLINKED]);
	stats->in_flight = get_u32(a[HEARTH_USB_A_STATS_IN_FLIGHT]);
	stats->tx_bytes = get_u64(a[HEARTH_USB_A_STATS_TX_BYTES]);
	stats->rx_bytes = get_u64(a[HEARTH_USB_A_STATS_RX_BYTES]);
	stats->rtt = get_u32(a[HEARTH_USB_A_STATS_RTT]);
	return 0;
}

int port_parse(struct nl_msg *msg, struct port *port)
{
	struct nlattr *a[HEARTH_USB_A_PORT_MAX + 1];

	memset(port, 0, sizeof(*port));
	if (genlmsg_parse(nlmsg_hdr(msg), 0, a, HEARTH_USB_A_PORT_MAX,
			  port_policy) ||
	    !a[HEARTH_USB_A_PORT_ID])
		return -EBADMSG;
	port->id = get_u32(a[HEARTH_USB_A_PORT_ID]);
	port->devid = get_u32(a[HEARTH_USB_A_PORT_DEVID]);
	port->speed = get_u32(a[HEARTH_USB_A_PORT_SPEED]);
	if (a[HEARTH_USB_A_PORT_BUSID])
		nla_strlcpy(port->busid, a[HEARTH_USB_A_PORT_BUSID],
			    sizeof(port->busid));
	if (a[HEARTH_USB_A_PORT_SERVER])
		nla_strlcpy(port->server, a[HEARTH_USB_A_PORT_SERVER],
			    sizeof(port->server));
	port->state = get_u32(a[HEARTH_USB_A_PORT_STATE]);
	port->reason = get_u32(a[HEARTH_USB_A_PORT_REASON]);
	port->error = get_u32(a[HEARTH_USB_A_PORT_ERROR]);
	port->busnum = get_u32(a[HEARTH_USB_A_PORT_BUSNUM]);
	port->root_port = get_u32(a[HEARTH_USB_A_PORT_ROOT_PORT]);
	port->devnum = get_u32(a[HEARTH_USB_A_PORT_DEVNUM]);
	port->unlink_timeout = get_u32(a[HEARTH_USB_A_PORT_UNLINK_TIMEOUT]);
	port->stall_timeout = get_u32(a[HEARTH_USB_A_PORT_STALL_TIMEOUT]);
	port->peer_timeout = get_u32(a[HEARTH_USB_A_PORT_PEER_TIMEOUT]);
	port->tls = a[HEARTH_USB_A_PORT_TLS];
	port->no_posting = a[HEARTH_USB_A_PORT_NO_POSTING];
	return parse_stats(a[HEARTH_USB_A_PORT_STATS], &port->stats);
}

/* Finds the sentence of an extended acknowledgement, if there is one. */
static void parse_extack(struct nlmsghdr *nlh, struct nlmsgerr *nlerr,
			 char *text, size_t size)
{
	struct nlattr *a[NLMSGERR_ATTR_MAX + 1];
	uint32_t skip = sizeof(*nlerr);

	*text = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(nlerr->msg.nlmsg_len) - NLMSG_HDRLEN;
	if (nlh->nlmsg_len < NLMSG_HDRLEN + skip ||
	    nla_parse(a, NLMSGERR_ATTR_MAX,
		      (struct nlattr *)((char *)nlerr + skip),
		      (int)(nlh->nlmsg_len - NLMSG_HDRLEN - skip), NULL))
		return;
	if (a[NLMSGERR_ATTR_MSG])
		nla_strlcpy(text, a[NLMSGERR_ATTR_MSG], size);
}

/* --- requests ------------------------------------------------------------ */

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *nlerr, void *arg)
{
	/* libnl hands over the inside of the message. */
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)nlerr - NLMSG_HDRLEN);
	struct request *req = arg;

	(void)who;
	req->code = -nlerr->error;
	parse_extack(nlh, nlerr, req->text, sizeof(req->text));
	req->done = true;
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct request *req = arg;

	(void)msg;
	req->done = true;
	return NL_STOP;
}

/* A dump ends with its error code. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct request *req = arg;
	int code;

	if (nlmsg_datalen(nlh) >= (int)sizeof(code)) {
		memcpy(&code, nlmsg_data(nlh), sizeof(code));
		if (code < 0)
			req->code = -code;
	}
	req->done = true;
	return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct request *req = arg;
	struct port port;

	if (port_parse(msg, &port))
		return NL_SKIP;
	req->id = port.id;
	if (req->port)
		*req->port = port;
	if (req->fn)
		req->fn(&port, req->arg);
	return NL_OK;
}

static int libnl_error(struct error *err, const char *what, int ret)
{
	int code = ret == -NLE_PERM ? EPERM :
		   ret == -NLE_NOMEM ? ENOMEM : EIO;

	return error_set(err, code, "%s: %s", what, nl_geterror(ret));
}

static int request_error(const struct request *req, const char *what,
			 struct error *err)
{
	if (req->code == EPERM)
		return error_set(err, EPERM,
				 "%s: %s; it needs the capability CAP_NET_ADMIN (run it as root)",
				 what, *req->text ? req->text :
				 "not permitted");
	if (*req->text)
		return error_set(err, req->code, "%s: %s (%s)", what, req->text,
				 strerror(req->code));
	return error_set(err, req->code, "%s: %s", what, strerror(req->code));
}

/*
 * Sends @msg, which is freed, and waits for all of the answer. Returns 0,
 * -EINTR if a dump was disturbed, or another negative errno.
 */
static int request_run(struct port_channel *chan, struct nl_msg *msg,
		       struct request *req, const char *what,
		       struct error *err)
{
	struct nl_cb *cb;
	int ret;

	if (!msg)
		return error_set(err, ENOMEM, "out of memory");
	cb = nl_cb_alloc(NL_CB_DEFAULT);
	if (!cb) {
		nlmsg_free(msg);
		return error_set(err, ENOMEM, "out of memory");
	}
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, req);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, req);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, req);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, req);

	ret = nl_send_auto(chan->sock, msg);
	nlmsg_free(msg);
	while (ret >= 0 && !req->done)
		ret = nl_recvmsgs(chan->sock, cb);
	nl_cb_put(cb);
	if (req->code)
		return request_error(req, what, err);
	if (ret == -NLE_DUMP_INTR)
		return error_set(err, EINTR,
				 "%s: the ports change too quickly", what);
	if (ret < 0)
		return libnl_error(err, what, ret);
	return 0;
}

static struct nl_msg *request_new(struct port_channel *chan, uint8_t cmd,
				  int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, chan->family, 0,
				flags, cmd, HEARTH_USB_FAMILY_VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/* Makes a message of one attribute, the port's number. */
static struct nl_msg *request_new_id(struct port_channel *chan, uint8_t cmd,
				     uint32_t id)
{
	struct nl_msg *msg = request_new(chan, cmd, NLM_F_ACK);

	if (msg && nla_put_u32(msg, HEARTH_USB_A_PORT_ID, id)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

static int socket_open(struct nl_sock **sock, int *family, struct error *err)
{
	int ret;

	*sock = nl_socket_alloc();
	if (!*sock)
		return error_set(err, ENOMEM, "out of memory");
	ret = genl_connect(*sock);
	if (ret) {
		ret = libnl_error(err, "cannot open a netlink socket", ret);
		goto err;
	}
	ret = genl_ctrl_resolve(*sock, HEARTH_USB_FAMILY_NAME);
	if (ret == -NLE_OBJ_NOTFOUND) {
		ret = error_set(err, ENOENT,
				"the kernel module hearth_vhci is not loaded, and did not load by itself (modprobe hearth_vhci tells why)");
		goto err;
	}
	if (ret < 0) {
		ret = libnl_error(err, "cannot look for the netlink family "
				  HEARTH_USB_FAMILY_NAME, ret);
		goto err;
	}
	*family = ret;
	return 0;
err:
	nl_socket_free(*sock);
	*sock = NULL;
	return ret;
}

int port_open(struct port_channel *chan, struct error *err)
{
	int one = 1, fd, ret;

	ret = socket_open(&chan->sock, &chan->family, err);
	if (ret)
		return ret;
	/* Without these errors have no sentence; no reason to give up. */
	fd = nl_socket_get_fd(chan->sock);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return 0;
}

void port_close(struct port_channel *chan)
{
	nl_socket_free(chan->sock);
	chan->sock = NULL;
}

static int put_attach(struct nl_msg *msg, const struct port_attach *attach)
{
	if (nla_put_u32(msg, HEARTH_USB_A_PORT_SOCKET_FD,
			(uint32_t)attach->fd) ||
	    nla_put_u32(msg, HEARTH_USB_A_PORT_DEVID, attach->devid) ||
	    nla_put_u32(msg, HEARTH_USB_A_PORT_SPEED, attach->speed) ||
	    nla_put_string(msg, HEARTH_USB_A_PORT_BUSID, attach->busid) ||
	    nla_put_string(msg, HEARTH_USB_A_PORT_SERVER, attach->server))
		return -1;
	if (attach->unlink_timeout &&
	    nla_put_u32(msg, HEARTH_USB_A_PORT_UNLINK_TIMEOUT,
			attach->unlink_timeout))
		return -1;
	if (attach->stall_timeout &&
	    nla_put_u32(msg, HEARTH_USB_A_PORT_STALL_TIMEOUT,
			attach->stall_timeout))
		return -1;
	if (attach->peer_timeout &&
	    nla_put_u32(msg, HEARTH_USB_A_PORT_PEER_TIMEOUT,
			attach->peer_timeout))
		return -1;
	if (attach->no_posting && nla_put_flag(msg, HEARTH_USB_A_PORT_NO_POSTING))
		return -1;
	return 0;
}

int port_attach(struct port_channel *chan, const struct port_attach *attach,
		uint32_t *id, struct error *err)
{
	struct request req = { 0 };
	struct nl_msg *msg;
	int ret;

	msg = request_new(chan, HEARTH_USB_CMD_PORT_ATTACH, NLM_F_ACK);
	if (msg && put_attach(msg, attach)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	ret = request_run(chan, msg, &req,
			  "the kernel refuses to attach the device", err);
	if (ret)
		return ret;
	if (!req.id)
		return error_set(err, EBADMSG,
				 "the kernel attached the device but did not say where");
	*id = req.id;
	return 0;
}

int port_detach(struct port_channel *chan, uint32_t id, struct error *err)
{
	struct request req = { 0 };
	char what[64];

	snprintf(what, sizeof(what), "the kernel refuses to detach port %u",
		 id);
	return request_run(chan,
			   request_new_id(chan, HEARTH_USB_CMD_PORT_DETACH, id),
			   &req, what, err);
}

int port_get(struct port_channel *chan, uint32_t id, struct port *port,
	     struct error *err)
{
	struct request req = { .port = port };
	char what[64];
	int ret;

	snprintf(what, sizeof(what), "the kernel does not show port %u", id);
	ret = request_run(chan,
			  request_new_id(chan, HEARTH_USB_CMD_PORT_GET, id),
			  &req, what, err);
	if (!ret && req.id != id)
		return error_set(err, EBADMSG, "%s", what);
	return ret;
}

struct dump {
	struct port *ports;
	size_t n;
	bool failed;
};

static void dump_add(const struct port *port, void *arg)
{
	struct dump *dump = arg;
	struct port *ports;

	ports = realloc(dump->ports, (dump->n + 1) * sizeof(*ports));
	if (!ports) {
		dump->failed = true;
		return;
	}
	dump->ports = ports;
	ports[dump->n++] = *port;
}

int port_dump(struct port_channel *chan, port_fn fn, void *arg,
	      struct error *err)
{
	struct dump dump = { 0 };
	int tries = DUMP_TRIES;
	struct nl_msg *msg;
	size_t i;
	int ret;

	do {
		struct request req = { .fn = dump_add, .arg = &dump };

		dump.n = 0;
		msg = request_new(chan, HEARTH_USB_CMD_PORT_GET, NLM_F_DUMP);
		ret = request_run(chan, msg, &req,
				  "the kernel does not show its ports", err);
	} while (ret == -EINTR && --tries);
	if (!ret && dump.failed)
		ret = error_set(err, ENOMEM, "out of memory");
	for (i = 0; !ret && i < dump.n; i++)
		fn(&dump.ports[i], arg);
	free(dump.ports);
	return ret;
}

/* --- events -------------------------------------------------------------- */

int port_events_open(struct port_events *events, struct error *err)
{
	int group, ret;

	ret = socket_open(&events->sock, &events->family, err);
	if (ret)
		return ret;
	nl_socket_set_buffer_size(events->sock, EVENTS_BUFFER, 0);
	group = genl_ctrl_resolve_grp(events->sock, HEARTH_USB_FAMILY_NAME,
				      HEARTH_USB_MCGRP_PORTS);
	ret = group < 0 ? group :
	      nl_socket_add_membership(events->sock, group);
	if (ret)
		goto err;

	/* The controller tells when the family goes away. */
	events->ctrl = GENL_ID_CTRL;
	group = genl_ctrl_resolve_grp(events->sock, "nlctrl", "notify");
	ret = group < 0 ? group :
	      nl_socket_add_membership(events->sock, group);
	if (ret)
		goto err;
	nl_socket_set_nonblocking(events->sock);
	return 0;
err:
	port_events_close(events);
	return libnl_error(err, "cannot listen to the events of ports", ret);
}

void port_events_close(struct port_events *events)
{
	nl_socket_free(events->sock);
	events->sock = NULL;
}

int port_events_fd(const struct port_events *events)
{
	return nl_socket_get_fd(events->sock);
}

struct reader {
	struct port_events *events;
	port_fn fn;
	void *arg;
	bool gone;
};

static bool is_our_end(struct nl_msg *msg)
{
	struct genlmsghdr *hdr = genlmsg_hdr(nlmsg_hdr(msg));
	struct nlattr *a[CTRL_ATTR_MAX + 1];

	return hdr->cmd == CTRL_CMD_DELFAMILY &&
	       !genlmsg_parse(nlmsg_hdr(msg), 0, a, CTRL_ATTR_MAX, NULL) &&
	       a[CTRL_ATTR_FAMILY_NAME] &&
	       !nla_strcmp(a[CTRL_ATTR_FAMILY_NAME], HEARTH_USB_FAMILY_NAME);
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct reader *reader = arg;
	struct port port;

	if (!genlmsg_valid_hdr(nlh, 0))
		return NL_SKIP;
	if (nlh->nlmsg_type == reader->events->ctrl)
		reader->gone |= is_our_end(msg);
	else if (nlh->nlmsg_type == reader->events->family &&
		 genlmsg_hdr(nlh)->cmd == HEARTH_USB_CMD_PORT_NTF &&
		 !port_parse(msg, &port))
		reader->fn(&port, reader->arg);
	return NL_OK;
}

/* Events carry no sequence number that we asked for. */
static int on_seq_check(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

int port_events_read(struct port_events *events, port_fn fn, void *arg,
		     struct error *err)
{
	struct reader reader = { .events = events, .fn = fn, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret;

	if (!cb)
		return error_set(err, ENOMEM, "out of memory");
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, &reader);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_seq_check, NULL);
	do {
		ret = nl_recvmsgs(events->sock, cb);
	} while (ret >= 0 && !reader.gone);
	nl_cb_put(cb);
	if (reader.gone)
		return error_set(err, ENODEV,
				 "the kernel module hearth_vhci has been removed");
	if (ret == -NLE_AGAIN)
		return 0;
	/* libnl has no number of its own for ENOBUFS. */
	if (ret == -NLE_NOMEM)
		return error_set(err, ENOBUFS, "events were lost");
	return libnl_error(err, "cannot read the events of ports", ret);
}

/* --- words --------------------------------------------------------------- */

const char *port_state_name(uint32_t state)
{
	switch (state) {
	case HEARTH_USB_PORT_STATE_ATTACHED: return "attached";
	case HEARTH_USB_PORT_STATE_DETACHING: return "detaching";
	case HEARTH_USB_PORT_STATE_GONE: return "gone";
	default: return "unknown";
	}
}

const char *port_reason_name(uint32_t reason)
{
	switch (reason) {
	case HEARTH_USB_PORT_REASON_REQUEST: return "request";
	case HEARTH_USB_PORT_REASON_CLOSED: return "closed";
	case HEARTH_USB_PORT_REASON_LOST: return "lost";
	case HEARTH_USB_PORT_REASON_PROTOCOL: return "protocol";
	case HEARTH_USB_PORT_REASON_UNLINK_TIMEOUT: return "unlink-timeout";
	case HEARTH_USB_PORT_REASON_STALL_TIMEOUT: return "stall-timeout";
	case HEARTH_USB_PORT_REASON_TLS: return "tls";
	case HEARTH_USB_PORT_REASON_UNLOAD: return "unload";
	default: return "unknown";
	}
}

const char *port_reason_text(uint32_t reason)
{
	switch (reason) {
	case HEARTH_USB_PORT_REASON_REQUEST:
		return "it was detached";
	case HEARTH_USB_PORT_REASON_CLOSED:
		return "the server closed the connection";
	case HEARTH_USB_PORT_REASON_LOST:
		return "the connection broke";
	case HEARTH_USB_PORT_REASON_PROTOCOL:
		return "the server broke the protocol (see the kernel log)";
	case HEARTH_USB_PORT_REASON_UNLINK_TIMEOUT:
		return "the server did not confirm a cancelled request in time";
	case HEARTH_USB_PORT_REASON_STALL_TIMEOUT:
		return "the connection stood still in the middle of a message";
	case HEARTH_USB_PORT_REASON_TLS:
		return "TLS: an alert, or a record that is broken or no data";
	case HEARTH_USB_PORT_REASON_UNLOAD:
		return "the kernel module is being removed";
	default:
		return "for a reason unknown to this program";
	}
}
