// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attr.h"
#include "port.h"

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
	[HEARTH_USB_A_PORT_NO_POSTING] = { .type = NLA_FLAG },
	[HEARTH_USB_A_PORT_POSTING_OFF] = { .type = NLA_STRING },
	[HEARTH_USB_A_PORT_UNAUTHORIZED] = { .type = NLA_FLAG },
	[HEARTH_USB_A_PORT_PEER] = { .minlen = HEARTH_USB_PEER_LEN,
				     .maxlen = HEARTH_USB_PEER_LEN },
};

static const struct nla_policy stats_policy[HEARTH_USB_A_STATS_MAX + 1] = {
	[HEARTH_USB_A_STATS_SUBMITTED] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_COMPLETED] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_ERRORS] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_UNLINKED] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_IN_FLIGHT] = { .type = NLA_U32 },
	[HEARTH_USB_A_STATS_WAITING] = { .type = NLA_U32 },
	[HEARTH_USB_A_STATS_TX_BYTES] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_RX_BYTES] = { .type = NLA_U64 },
	[HEARTH_USB_A_STATS_RTT] = { .type = NLA_U32 },
};

static int parse_stats(struct nlattr *nest, struct port_stats *stats)
{
	struct nlattr *a[HEARTH_USB_A_STATS_MAX + 1];

	if (!nest)
		return 0;
	if (nla_parse_nested(a, HEARTH_USB_A_STATS_MAX, nest, stats_policy))
		return -EBADMSG;
	stats->submitted = attr_u64(a[HEARTH_USB_A_STATS_SUBMITTED]);
	stats->completed = attr_u64(a[HEARTH_USB_A_STATS_COMPLETED]);
	stats->errors = attr_u64(a[HEARTH_USB_A_STATS_ERRORS]);
	stats->unlinked = attr_u64(a[HEARTH_USB_A_STATS_UNLINKED]);
	stats->in_flight = attr_u32(a[HEARTH_USB_A_STATS_IN_FLIGHT]);
	stats->waiting = attr_u32(a[HEARTH_USB_A_STATS_WAITING]);
	stats->tx_bytes = attr_u64(a[HEARTH_USB_A_STATS_TX_BYTES]);
	stats->rx_bytes = attr_u64(a[HEARTH_USB_A_STATS_RX_BYTES]);
	stats->rtt = attr_u32(a[HEARTH_USB_A_STATS_RTT]);
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
	port->id = attr_u32(a[HEARTH_USB_A_PORT_ID]);
	port->devid = attr_u32(a[HEARTH_USB_A_PORT_DEVID]);
	port->speed = attr_u32(a[HEARTH_USB_A_PORT_SPEED]);
	attr_string(a[HEARTH_USB_A_PORT_BUSID], port->busid,
		    sizeof(port->busid));
	attr_string(a[HEARTH_USB_A_PORT_SERVER], port->server,
		    sizeof(port->server));
	port->state = attr_u32(a[HEARTH_USB_A_PORT_STATE]);
	port->reason = attr_u32(a[HEARTH_USB_A_PORT_REASON]);
	port->error = attr_u32(a[HEARTH_USB_A_PORT_ERROR]);
	port->busnum = attr_u32(a[HEARTH_USB_A_PORT_BUSNUM]);
	port->root_port = attr_u32(a[HEARTH_USB_A_PORT_ROOT_PORT]);
	port->devnum = attr_u32(a[HEARTH_USB_A_PORT_DEVNUM]);
	port->unlink_timeout = attr_u32(a[HEARTH_USB_A_PORT_UNLINK_TIMEOUT]);
	port->stall_timeout = attr_u32(a[HEARTH_USB_A_PORT_STALL_TIMEOUT]);
	port->peer_timeout = attr_u32(a[HEARTH_USB_A_PORT_PEER_TIMEOUT]);
	port->tls = a[HEARTH_USB_A_PORT_TLS];
	port->no_posting = a[HEARTH_USB_A_PORT_NO_POSTING];
	port->unauthorized = a[HEARTH_USB_A_PORT_UNAUTHORIZED];
	attr_string(a[HEARTH_USB_A_PORT_POSTING_OFF], port->posting_off,
		    sizeof(port->posting_off));
	if (a[HEARTH_USB_A_PORT_PEER]) {
		port->bound = true;
		memcpy(port->peer, nla_data(a[HEARTH_USB_A_PORT_PEER]),
		       sizeof(port->peer));
	}
	return parse_stats(a[HEARTH_USB_A_PORT_STATS], &port->stats);
}

/* --- requests ------------------------------------------------------------ */

const struct channel_family port_family = {
	.name = HEARTH_USB_FAMILY_NAME,
	.version = HEARTH_USB_FAMILY_VERSION,
	.group = HEARTH_USB_MCGRP_PORTS,
	.event = HEARTH_USB_CMD_PORT_NTF,
	.module = "hearth_vhci",
	.things = "the ports",
};

/* The last port of an answer. */
static void take_port(struct nl_msg *msg, void *arg)
{
	struct port *port = arg, parsed;

	if (!port_parse(msg, &parsed))
		*port = parsed;
}

/* Makes a message of one attribute, the port's number. */
static struct nl_msg *request_id(struct channel *chan, uint8_t cmd,
				 uint32_t id)
{
	struct nl_msg *msg = channel_request(chan, cmd, NLM_F_ACK);

	if (msg && nla_put_u32(msg, HEARTH_USB_A_PORT_ID, id)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
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
	if (attach->unauthorized &&
	    nla_put_flag(msg, HEARTH_USB_A_PORT_UNAUTHORIZED))
		return -1;
	if (attach->peer && nla_put(msg, HEARTH_USB_A_PORT_PEER,
				    HEARTH_USB_PEER_LEN, attach->peer))
		return -1;
	return 0;
}

static int try_attach(struct channel *chan, const struct port_attach *attach,
		      uint32_t *id, struct error *err)
{
	struct port port = { 0 };
	struct nl_msg *msg;
	int ret;

	msg = channel_request(chan, HEARTH_USB_CMD_PORT_ATTACH, NLM_F_ACK);
	if (msg && put_attach(msg, attach)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	ret = channel_run(chan, msg, take_port, &port,
			  "the kernel refuses to attach the device", err);
	if (ret)
		return ret;
	if (!port.id)
		return error_set(err, EBADMSG,
				 "the kernel attached the device but did not say where");
	*id = port.id;
	return 0;
}

int port_attach(struct channel *chan, const struct port_attach *attach,
		uint32_t *id, struct error *err)
{
	struct port_attach alone = *attach;
	int ret = try_attach(chan, attach, id, err);

	if (!attach->peer || (ret != -ENOENT && ret != -EOPNOTSUPP))
		return ret;
	alone.peer = NULL;
	return try_attach(chan, &alone, id, err);
}

int port_detach(struct channel *chan, uint32_t id, bool now, uint32_t limit_ms,
		struct error *err)
{
	struct nl_msg *msg = request_id(chan, HEARTH_USB_CMD_PORT_DETACH, id);
	char what[64];

	if (msg && ((now && nla_put_flag(msg, HEARTH_USB_A_PORT_NOW)) ||
		    (limit_ms && nla_put_u32(msg, HEARTH_USB_A_PORT_DETACH_TIMEOUT,
					     limit_ms)))) {
		nlmsg_free(msg);
		msg = NULL;
	}
	snprintf(what, sizeof(what), "the kernel refuses to detach port %u",
		 id);
	return channel_run(chan, msg, NULL, NULL, what, err);
}

int port_authorize(struct channel *chan, uint32_t id, uint32_t devnum,
		   struct error *err)
{
	struct nl_msg *msg = request_id(chan, HEARTH_USB_CMD_PORT_AUTHORIZE, id);
	char what[64];

	if (msg && nla_put_u32(msg, HEARTH_USB_A_PORT_DEVNUM, devnum)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	snprintf(what, sizeof(what),
		 "the kernel refuses to authorize the device of port %u", id);
	return channel_run(chan, msg, NULL, NULL, what, err);
}

int port_get(struct channel *chan, uint32_t id, struct port *port,
	     struct error *err)
{
	char what[64];
	int ret;

	memset(port, 0, sizeof(*port));
	snprintf(what, sizeof(what), "the kernel does not show port %u", id);
	ret = channel_run(chan, request_id(chan, HEARTH_USB_CMD_PORT_GET, id),
			  take_port, port, what, err);
	if (!ret && port->id != id)
		return error_set(err, EBADMSG, "%s", what);
	return ret;
}

struct dump {
	struct port *ports;
	size_t n;
	bool failed;
};

struct nl_msg *port_dump_request(struct channel *chan, void *arg)
{
	(void)arg;
	return channel_request(chan, HEARTH_USB_CMD_PORT_GET, NLM_F_DUMP);
}

static void dump_begin(void *arg)
{
	struct dump *dump = arg;

	dump->n = 0;
}

static void dump_add(struct nl_msg *msg, void *arg)
{
	struct dump *dump = arg;
	struct port *ports;

	ports = realloc(dump->ports, (dump->n + 1) * sizeof(*ports));
	if (!ports) {
		dump->failed = true;
		return;
	}
	dump->ports = ports;
	if (!port_parse(msg, &ports[dump->n]))
		dump->n++;
}

int port_dump(struct channel *chan, port_fn fn, void *arg, struct error *err)
{
	struct dump dump = { 0 };
	const struct channel_dump how = {
		.request = port_dump_request,
		.begin = dump_begin,
		.fn = dump_add,
		.arg = &dump,
		.what = "the kernel does not show its ports",
	};
	size_t i;
	int ret;

	ret = channel_dump(chan, &how, err);
	if (!ret && dump.failed)
		ret = error_set(err, ENOMEM, "out of memory");
	for (i = 0; !ret && i < dump.n; i++)
		fn(&dump.ports[i], arg);
	free(dump.ports);
	return ret;
}

/* --- events -------------------------------------------------------------- */

struct reader {
	port_fn fn;
	void *arg;
};

static void read_port(struct nl_msg *msg, void *arg)
{
	struct reader *reader = arg;
	struct port port;

	if (!port_parse(msg, &port))
		reader->fn(&port, reader->arg);
}

int port_events(struct channel *chan, port_fn fn, void *arg, struct error *err)
{
	struct reader reader = { .fn = fn, .arg = arg };

	return channel_read(chan, read_port, &reader, err);
}

/* --- words --------------------------------------------------------------- */

const char *port_state_name(uint32_t state)
{
	switch (state) {
	case HEARTH_USB_PORT_STATE_ATTACHED: return "attached";
	case HEARTH_USB_PORT_STATE_DETACHING: return "detaching";
	case HEARTH_USB_PORT_STATE_GONE: return "gone";
	case HEARTH_USB_PORT_STATE_LEAVING: return "leaving";
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
	case HEARTH_USB_PORT_REASON_ENUMERATION: return "enumeration";
	case HEARTH_USB_PORT_REASON_SLEEP: return "sleep";
	case HEARTH_USB_PORT_REASON_NAMESPACE: return "namespace";
	case HEARTH_USB_PORT_REASON_PEER: return "peer";
	default: return "unknown";
	}
}

const char *port_reason_text(uint32_t reason, uint32_t error)
{
	switch (reason) {
	case HEARTH_USB_PORT_REASON_REQUEST:
		return error ? "it was detached, and its drivers did not let go in time" :
			       "it was detached";
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
	case HEARTH_USB_PORT_REASON_ENUMERATION:
		return error == ETIMEDOUT ?
		       "the device does not answer when it is asked what it is" :
		       "the device does not answer as a USB device does";
	case HEARTH_USB_PORT_REASON_SLEEP:
		return "the server did not answer while the machine went to sleep or woke up";
	case HEARTH_USB_PORT_REASON_NAMESPACE:
		return "its network namespace has ended";
	case HEARTH_USB_PORT_REASON_PEER:
		return "its peer was removed, or has said goodbye";
	default:
		return "for a reason unknown to this program";
	}
}
