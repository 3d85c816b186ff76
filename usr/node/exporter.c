// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "../format/export.h"
#include "../lib/usbuse.h"
#include "exporter.h"
#include "peers.h"

struct exporter {
	struct node *node;
	struct exporter *next;
	int fd;			/* to the exporter */
	sd_event_source *io;
	char busid[USBIP_BUSID_SIZE];
	struct share_client client;
};

/* --- what systemd keeps --------------------------------------------------------------------- */

static void name_of(const struct exporter *exporter,
		    char name[static EXPORT_NAME])
{
	export_name(name, exporter->busid, exporter->client.plain ? NULL :
					   exporter->client.id);
}

static void keep(const struct exporter *exporter)
{
	char name[EXPORT_NAME], state[EXPORT_NAME + 32];

	name_of(exporter, name);
	snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%s", name);
	sd_pid_notify_with_fds(0, 0, state, &exporter->fd, 1);
}

static void keep_no_more(const struct exporter *exporter)
{
	char name[EXPORT_NAME];

	name_of(exporter, name);
	sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

static void drop(struct exporter *exporter)
{
	struct exporter **at;

	for (at = &exporter->node->exporters; *at != exporter; at = &(*at)->next)
		;
	*at = exporter->next;
	exporter->node->usb_changes++;
	sd_event_source_disable_unref(exporter->io);
	close(exporter->fd);
	free(exporter);
}

/* --- what it reports ------------------------------------------------------------------------ */

static int on_report(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	static const char *const states[] = {
		[EXPORT_TAKEN] = "has", [EXPORT_REFUSED] = "did not get",
		[EXPORT_ENDED] = "has given back",
	};
	struct exporter *exporter = arg;
	uint8_t buf[EXPORT_REPORT_MAX];
	struct export_report report;
	struct error err;
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	(void)s;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0 || export_parse_report(buf, (size_t)n, &report, &err)) {
		keep_no_more(exporter);
		drop(exporter);
		return 0;
	}
	fprintf(stderr, SD_INFO "usb: %s %s %s: %s\n", exporter->client.name,
		states[report.state], exporter->busid, report.text);
	return 0;
}

/* --- the start -------------------------------------------------------------------------------- */

static int reach(struct error *err)
{
	static const struct sockaddr_un sun = {
		.sun_family = AF_UNIX, .sun_path = EXPORTER_SOCKET,
	};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);

	if (fd >= 0 && !connect(fd, (const struct sockaddr *)&sun, sizeof(sun)))
		return fd;
	error_set(err, errno, errno == ENOENT || errno == ECONNREFUSED ?
		  "no exporters are to be had (systemctl start hearth-usbd.socket)" :
		  EXPORTER_SOCKET ": %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return -err->code;
}

static int order(int fd, const struct usblocal *local, int node, int client,
		 struct error *err)
{
	int fds[EXPORT_FDS] = { node, client };
	uint8_t data[EXPORT_ORDER];
	union {
		char space[CMSG_SPACE(sizeof(fds))];
		struct cmsghdr align;
	} u = { 0 };
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = u.space, .msg_controllen = sizeof(u.space),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	usbip_pack_reply(data, USBIP_OP_REP_IMPORT, USBIP_ST_OK);
	usbip_pack_device(data + USBIP_OP_SIZE, &local->about);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) == sizeof(data))
		return 0;
	return error_set(err, errno, "the exporter takes no order: %s",
			 strerror(errno));
}

static struct exporter *new(struct node *node, const char *busid,
			    const struct share_client *client, int fd)
{
	struct exporter *exporter = calloc(1, sizeof(*exporter));

	if (!exporter)
		return NULL;
	exporter->node = node;
	exporter->fd = fd;
	exporter->client = *client;
	strcpy(exporter->busid, busid);
	if (sd_event_add_io(node->event, &exporter->io, fd, EPOLLIN, on_report,
			    exporter) < 0) {
		free(exporter);
		return NULL;
	}
	exporter->next = node->exporters;
	node->exporters = exporter;
	node->usb_changes++;
	return exporter;
}

bool exporter_serves(struct node *node, const char *busid,
		     const uint8_t id[static PEER_ID])
{
	const struct exporter *exporter;

	for (exporter = node->exporters; exporter; exporter = exporter->next)
		if (!strcmp(exporter->busid, busid))
			return !exporter->client.plain &&
			       identity_same(exporter->client.id, id);
	return false;
}

const char *exporter_holder(struct node *node, const struct usblocal *local)
{
	const struct exporter *exporter;

	for (exporter = node->exporters; exporter; exporter = exporter->next)
		if (!strcmp(exporter->busid, local->about.busid))
			return exporter->client.name;
	return usbuse_exported("/sys", local) ? "" : NULL;
}

int exporter_start(struct node *node, const struct usblocal *local,
		 const struct share_client *client, int fd, struct error *err)
{
	const char *holder = exporter_holder(node, local);
	struct exporter *exporter;
	int usb, control, ret;

	if (holder)
		return error_set(err, EBUSY, "%s has it", *holder ? holder :
				 "another client or program");
	usb = open(local->node, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (usb < 0)
		return error_set(err, errno, "%s: %s", local->node,
				 strerror(errno));
	control = reach(err);
	if (control < 0) {
		close(usb);
		return control;
	}
	exporter = new(node, local->about.busid, client, control);
	if (!exporter) {
		close(control);
		ret = error_set(err, ENOMEM, "out of memory");
	} else {
		ret = order(control, local, usb, fd, err);
		if (ret)
			drop(exporter);
		else
			keep(exporter);
	}
	close(usb);
	return ret;
}

/* --- those that there are ------------------------------------------------------------------------ */

static void release(const struct exporter *exporter)
{
	uint8_t word[EXPORT_RELEASE];

	export_pack_release(word);
	send(exporter->fd, word, sizeof(word), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool exporter_release(struct node *node, const char *busid)
{
	const struct exporter *exporter;

	for (exporter = node->exporters; exporter; exporter = exporter->next)
		if (!strcmp(exporter->busid, busid)) {
			release(exporter);
			return true;
		}
	return false;
}

void exporter_release_peer(struct node *node, const uint8_t id[static PEER_ID])
{
	const struct exporter *exporter;

	for (exporter = node->exporters; exporter; exporter = exporter->next)
		if (!exporter->client.plain &&
		    identity_same(exporter->client.id, id))
			release(exporter);
}

void exporter_review(struct node *node)
{
	const struct exporter *exporter;
	struct usblocal local;
	struct error err;

	for (exporter = node->exporters; exporter; exporter = exporter->next)
		if (share_find(node, &exporter->client, exporter->busid, &local,
			       &err) == -ENODEV)
			release(exporter);
}

static void resume(struct node *node, const char *name, int fd)
{
	struct share_client client = { 0 };
	char busid[USBIP_BUSID_SIZE];
	const struct peers_peer *peer;
	struct exporter *exporter;

	if (!export_parse_name(name, busid, &client.plain, client.id) ||
	    sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 0) <= 0) {
		close(fd);
		return;
	}
	peer = client.plain ? NULL : peers_find(node, client.id);
	client.role = peer ? peer->kept.role : PEER_FRIEND;
	snprintf(client.name, sizeof(client.name), "%s", peer ?
		 peer->kept.name : client.plain ? "somebody" : "no peer");
	exporter = new(node, busid, &client, fd);
	if (!exporter)
		close(fd);
	else if (!client.plain && !peer)
		release(exporter);
}

void exporter_resume(struct node *node)
{
	char **names = NULL;
	int i, n = sd_listen_fds_with_names(1, &names);

	for (i = 0; i < n; i++) {
		resume(node, names[i], SD_LISTEN_FDS_START + i);
		free(names[i]);
	}
	free(names);
}

void exporter_stop(struct node *node)
{
	while (node->exporters)
		drop(node->exporters);
}
