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
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"

#define DUMP_TRIES	10
#define EVENTS_BUFFER	(1 << 20)

/* What a request has come to. */
struct request {
	bool done;
	int code;		/* positive errno */
	char text[256];		/* of the kernel's extended acknowledgement */
	channel_fn fn;
	void *arg;
};

static int libnl_error(struct error *err, const char *what, int ret)
{
	int code = ret == -NLE_PERM ? EPERM :
		   ret == -NLE_NOMEM ? ENOMEM : EIO;

	return error_set(err, code, "%s: %s", what, nl_geterror(ret));
}

/* --- life ---------------------------------------------------------------- */

static int socket_open(struct channel *chan,
		       const struct channel_family *family, struct error *err)
{
	int ret;

	chan->family = family;
	chan->sock = nl_socket_alloc();
	if (!chan->sock)
		return error_set(err, ENOMEM, "out of memory");
	ret = genl_connect(chan->sock);
	if (ret) {
		ret = libnl_error(err, "cannot open a netlink socket", ret);
		goto err;
	}
	ret = genl_ctrl_resolve(chan->sock, family->name);
	if (ret == -NLE_OBJ_NOTFOUND) {
		ret = error_set(err, ENOENT,
				"the kernel module %s is not loaded, and did not load by itself (modprobe %s tells why)",
				family->module, family->module);
		goto err;
	}
	if (ret < 0) {
		ret = libnl_error(err, "cannot look for the netlink family",
				  ret);
		goto err;
	}
	chan->id = ret;
	return 0;
err:
	channel_close(chan);
	return ret;
}

int channel_open(struct channel *chan, const struct channel_family *family,
		 struct error *err)
{
	int one = 1, fd, ret;

	ret = socket_open(chan, family, err);
	if (ret)
		return ret;
	/* Without these errors have no sentence; no reason to give up. */
	fd = nl_socket_get_fd(chan->sock);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return 0;
}

void channel_close(struct channel *chan)
{
	nl_socket_free(chan->sock);
	chan->sock = NULL;
}

/* --- requests ------------------------------------------------------------ */

/* Finds the sentence of an extended acknowledgement, @skip bytes on. */
static void parse_extack(struct nlmsghdr *nlh, uint32_t skip, char *text,
			 size_t size)
{
	struct nlattr *a[NLMSGERR_ATTR_MAX + 1];

	*text = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    nlh->nlmsg_len < NLMSG_HDRLEN + skip ||
	    nla_parse(a, NLMSGERR_ATTR_MAX,
		      (struct nlattr *)((char *)nlmsg_data(nlh) + skip),
		      (int)(nlh->nlmsg_len - NLMSG_HDRLEN - skip), NULL))
		return;
	if (a[NLMSGERR_ATTR_MSG])
		nla_strlcpy(text, a[NLMSGERR_ATTR_MSG], size);
}

static int on_error(struct sockaddr_nl *who, struct nlmsgerr *nlerr, void *arg)
{
	/* libnl hands over the inside of the message. */
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)nlerr - NLMSG_HDRLEN);
	uint32_t skip = sizeof(*nlerr);
	struct request *req = arg;

	(void)who;
	req->code = -nlerr->error;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(nlerr->msg.nlmsg_len) - NLMSG_HDRLEN;
	parse_extack(nlh, skip, req->text, sizeof(req->text));
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

/* A dump ends with its error code, and a sentence perhaps. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct request *req = arg;
	int code;

	if (nlmsg_datalen(nlh) >= (int)sizeof(code)) {
		memcpy(&code, nlmsg_data(nlh), sizeof(code));
		if (code < 0) {
			req->code = -code;
			parse_extack(nlh, sizeof(code), req->text,
				     sizeof(req->text));
		}
	}
	req->done = true;
	return NL_STOP;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct request *req = arg;

	if (req->fn && genlmsg_valid_hdr(nlmsg_hdr(msg), 0))
		req->fn(msg, req->arg);
	return NL_OK;
}

static int request_error(const struct request *req, const char *what,
			 struct error *err)
{
	if (req->code == EPERM)
		return error_set(err, EPERM,
				 "%s: %s; it needs the capability CAP_NET_ADMIN %s",
				 what, *req->text ? req->text : "not permitted",
				 geteuid() ? "(run it as root)" :
				 "in the initial user namespace, which root of a container need not have");
	/* A sentence of the kernel's says it all. */
	return error_set(err, req->code, "%s: %s", what, *req->text ? req->text :
			 strerror(req->code));
}

struct nl_msg *channel_request(struct channel *chan, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, chan->id, 0,
				flags, cmd, chan->family->version)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

int channel_run(struct channel *chan, struct nl_msg *msg, channel_fn fn,
		void *arg, const char *what, struct error *err)
{
	struct request req = { .fn = fn, .arg = arg };
	struct nl_cb *cb;
	int ret;

	if (!msg)
		return error_set(err, ENOMEM, "out of memory");
	cb = nl_cb_alloc(NL_CB_DEFAULT);
	if (!cb) {
		nlmsg_free(msg);
		return error_set(err, ENOMEM, "out of memory");
	}
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &req);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, &req);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &req);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &req);

	ret = nl_send_auto(chan->sock, msg);
	nlmsg_free(msg);
	while (ret >= 0 && !req.done)
		ret = nl_recvmsgs(chan->sock, cb);
	nl_cb_put(cb);
	if (req.code)
		return request_error(&req, what, err);
	if (ret == -NLE_DUMP_INTR)
		return error_set(err, EINTR, "%s: %s change too quickly", what,
				 chan->family->things);
	if (ret < 0)
		return libnl_error(err, what, ret);
	return 0;
}

int channel_dump(struct channel *chan, const struct channel_dump *dump,
		 struct error *err)
{
	int tries = DUMP_TRIES, ret;

	do {
		dump->begin(dump->arg);
		ret = channel_run(chan, dump->request(chan, dump->arg),
				  dump->fn, dump->arg, dump->what, err);
	} while (ret == -EINTR && --tries);
	return ret;
}

/* --- events -------------------------------------------------------------- */

/*
 * Both groups are looked up before either is joined: what arrives on a joined
 * socket while the controller is asked would be taken for its answer.
 */
static int join(struct channel *chan, const struct channel_family *family)
{
	int events = genl_ctrl_resolve_grp(chan->sock, family->name,
					   family->group);
	/* The controller tells when the family goes away. */
	int families = genl_ctrl_resolve_grp(chan->sock, "nlctrl", "notify");

	if (events < 0)
		return events;
	if (families < 0)
		return families;
	return nl_socket_add_memberships(chan->sock, events, families, 0);
}

int channel_listen(struct channel *chan, const struct channel_family *family,
		   struct error *err)
{
	int ret;

	ret = socket_open(chan, family, err);
	if (ret)
		return ret;
	nl_socket_set_buffer_size(chan->sock, EVENTS_BUFFER, 0);
	ret = join(chan, family);
	if (ret) {
		channel_close(chan);
		if (ret == -NLE_PERM)
			return error_set(err, EPERM,
					 "cannot listen to events: it needs the capability CAP_NET_ADMIN");
		return libnl_error(err, "cannot listen to events", ret);
	}
	nl_socket_set_nonblocking(chan->sock);
	return 0;
}

int channel_fd(const struct channel *chan)
{
	return nl_socket_get_fd(chan->sock);
}

struct reader {
	struct channel *chan;
	channel_fn fn;
	void *arg;
	bool gone;
};

static bool is_end_of(const char *family, struct nl_msg *msg)
{
	struct genlmsghdr *hdr = genlmsg_hdr(nlmsg_hdr(msg));
	struct nlattr *a[CTRL_ATTR_MAX + 1];

	return hdr->cmd == CTRL_CMD_DELFAMILY &&
	       !genlmsg_parse(nlmsg_hdr(msg), 0, a, CTRL_ATTR_MAX, NULL) &&
	       a[CTRL_ATTR_FAMILY_NAME] &&
	       !nla_strcmp(a[CTRL_ATTR_FAMILY_NAME], family);
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct reader *reader = arg;
	const struct channel *chan = reader->chan;

	if (!genlmsg_valid_hdr(nlh, 0))
		return NL_SKIP;
	if (nlh->nlmsg_type == GENL_ID_CTRL)
		reader->gone |= is_end_of(chan->family->name, msg);
	else if (nlh->nlmsg_type == chan->id &&
		 genlmsg_hdr(nlh)->cmd == chan->family->event)
		reader->fn(msg, reader->arg);
	return NL_OK;
}

/* Events carry no sequence number that we asked for. */
static int on_seq_check(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

int channel_read(struct channel *chan, channel_fn fn, void *arg,
		 struct error *err)
{
	struct reader reader = { .chan = chan, .fn = fn, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int ret;

	if (!cb)
		return error_set(err, ENOMEM, "out of memory");
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_event, &reader);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_seq_check, NULL);
	do {
		ret = nl_recvmsgs(chan->sock, cb);
	} while (ret >= 0 && !reader.gone);
	nl_cb_put(cb);
	if (reader.gone)
		return error_set(err, ENODEV,
				 "the kernel module %s has been removed",
				 chan->family->module);
	if (ret == -NLE_AGAIN)
		return 0;
	/* libnl has no number of its own for ENOBUFS. */
	if (ret == -NLE_NOMEM)
		return error_set(err, ENOBUFS, "events were lost");
	return libnl_error(err, "cannot read events", ret);
}
