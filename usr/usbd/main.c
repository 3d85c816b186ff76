// SPDX-License-Identifier: GPL-2.0
/*
 * hearth-usbd: one device that is shared, for one client. It is started with a connection
 * to hearthd as its only descriptor, gets the device and the client by it (format/export.h),
 * and goes on without hearthd.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "../format/export.h"
#include "session.h"

#define ORDER_LIMIT	10	/* seconds for hearthd to say what is to be done */
#define POLLFDS		16u

struct usbd {
	int control;		/* hearthd, or -1 */
	int node, client;
	uint8_t order[EXPORT_ORDER];
	struct usbip_device about;
	uint32_t devid;
	sd_event *event;
	sd_event_source *on_control;
	struct {
		int fd;
		sd_event_source *io;
	} usb[POLLFDS];
	struct device device;
	struct session session;
};

/* --- hearthd ------------------------------------------------------------------------------- */

static void report(struct usbd *usbd, enum export_state state,
		   enum usbip_status status, const char *text)
{
	struct export_report report = { .state = state, .status = status };
	uint8_t buf[EXPORT_REPORT_MAX];
	size_t size;

	fprintf(stderr, "%s%s: %s\n", state == EXPORT_REFUSED ? SD_WARNING :
		SD_INFO, usbd->about.busid, text);
	if (usbd->control < 0)
		return;
	snprintf(report.text, sizeof(report.text), "%s", text);
	size = export_pack_report(buf, &report);
	/* whom nobody hears goes on */
	send(usbd->control, buf, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The descriptors that came with @msg; closes what is too much. */
static unsigned int take_fds(struct msghdr *msg, int fds[EXPORT_FDS])
{
	struct cmsghdr *c;
	unsigned int n = 0;
	size_t i, count;
	int fd;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < count; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (n < EXPORT_FDS)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

static int take_order(struct usbd *usbd, struct error *err)
{
	const struct timeval limit = { .tv_sec = ORDER_LIMIT };
	char space[CMSG_SPACE(EXPORT_FDS * sizeof(int))];
	uint8_t order[EXPORT_ORDER + 1];
	struct iovec iov = { order, sizeof(order) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	int fds[EXPORT_FDS];
	ssize_t n;

	setsockopt(usbd->control, SOL_SOCKET, SO_RCVTIMEO, &limit,
		   sizeof(limit));
	n = recvmsg(usbd->control, &msg, MSG_CMSG_CLOEXEC);
	if (n < 0)
		return error_set(err, errno, "hearthd gives no order: %s",
				 strerror(errno));
	if (take_fds(&msg, fds) != EXPORT_FDS)
		return error_set(err, EPROTO,
				 "hearthd's order came without a device and a client");
	usbd->node = fds[0];
	usbd->client = fds[1];
	memcpy(usbd->order, order, sizeof(usbd->order));
	return export_parse_order(order, (size_t)n, &usbd->about, &usbd->devid,
				  err);
}

static int on_hearthd(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct usbd *usbd = arg;
	uint8_t buf[EXPORT_RELEASE + 1];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n > 0 && export_is_release(buf, (size_t)n)) {
		session_end(&usbd->session, ECANCELED, "released by the node");
		return 0;
	}
	if (n > 0)
		return 0;
	/* It has ended: it may come again, and the client is not to know. */
	sd_event_source_set_enabled(s, SD_EVENT_OFF);
	return 0;
}

/* --- libusb in the loop ------------------------------------------------------------------------ */

static int on_usb(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct usbd *usbd = arg;
	struct timeval now = { 0 };

	(void)s;
	(void)fd;
	(void)events;
	libusb_handle_events_timeout_completed(usbd->device.usb, &now, NULL);
	session_go_on(&usbd->session);
	return 0;
}

static void on_pollfd(int fd, short events, void *arg)
{
	struct usbd *usbd = arg;
	unsigned int i;

	for (i = 0; i < POLLFDS && usbd->usb[i].io; i++)
		;
	/* POLLIN and POLLOUT have the numbers of EPOLLIN and EPOLLOUT */
	if (i == POLLFDS ||
	    sd_event_add_io(usbd->event, &usbd->usb[i].io, fd,
			    (uint32_t)events, on_usb, usbd) < 0) {
		session_end(&usbd->session, ENOMEM, "out of memory");
		return;
	}
	usbd->usb[i].fd = fd;
}

static void on_no_pollfd(int fd, void *arg)
{
	struct usbd *usbd = arg;
	unsigned int i;

	for (i = 0; i < POLLFDS; i++)
		if (usbd->usb[i].io && usbd->usb[i].fd == fd)
			usbd->usb[i].io = sd_event_source_disable_unref(
						  usbd->usb[i].io);
	if (fd == usbd->node)
		session_end(&usbd->session, ENODEV, "the device has left");
}

static void watch_usb(struct usbd *usbd)
{
	const struct libusb_pollfd **fds =
		libusb_get_pollfds(usbd->device.usb);
	unsigned int i;

	libusb_set_pollfd_notifiers(usbd->device.usb, on_pollfd, on_no_pollfd,
				    usbd);
	for (i = 0; fds && fds[i]; i++)
		on_pollfd(fds[i]->fd, fds[i]->events, usbd);
	libusb_free_pollfds(fds);
}

static void unwatch_usb(struct usbd *usbd)
{
	unsigned int i;

	libusb_set_pollfd_notifiers(usbd->device.usb, NULL, NULL, NULL);
	for (i = 0; i < POLLFDS; i++)
		sd_event_source_disable_unref(usbd->usb[i].io);
}

/* --- from the beginning to the end --------------------------------------------------------------- */

/* A client that is there no more is noticed, even where it says nothing. */
static void watch_client(int fd)
{
	const int on = 1, idle = 20, between = 10, times = 4;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof(between));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* The answer to the client's OP_REQ_IMPORT. */
static int answer_import(struct usbd *usbd, enum usbip_status status,
			 struct error *err)
{
	size_t size = status ? USBIP_OP_SIZE : sizeof(usbd->order);

	usbip_pack_reply(usbd->order, USBIP_OP_REP_IMPORT, status);
	/* the first that is sent, so there is room */
	if (send(usbd->client, usbd->order, size,
		 MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)size)
		return error_set(err, ECONNRESET, "the client is there no more");
	return 0;
}

static enum usbip_status status_of(const struct error *err)
{
	switch (err->code) {
	case EBUSY:
		return USBIP_ST_DEV_BUSY;
	case ENODEV:
		return USBIP_ST_NODEV;
	default:
		return USBIP_ST_DEV_ERR;
	}
}

static int start_loop(struct usbd *usbd, struct error *err)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	if (sd_event_new(&usbd->event) < 0 ||
	    sd_event_add_signal(usbd->event, NULL, SIGTERM, NULL, NULL) < 0 ||
	    sd_event_add_signal(usbd->event, NULL, SIGINT, NULL, NULL) < 0 ||
	    sd_event_add_io(usbd->event, &usbd->on_control, usbd->control,
			    EPOLLIN, on_hearthd, usbd) < 0)
		return error_set(err, ENOMEM, "out of memory");
	return 0;
}

static int serve(struct usbd *usbd, struct error *err)
{
	struct session *session = &usbd->session;
	int ret = session_start(session, usbd->event, &usbd->device,
				usbd->client, usbd->devid, err);

	if (!ret)
		ret = answer_import(usbd, USBIP_ST_OK, err);
	if (ret)
		return ret;
	watch_usb(usbd);
	report(usbd, EXPORT_TAKEN, USBIP_ST_OK, "a client has it");
	sd_event_loop(usbd->event);
	*err = session->why;
	unwatch_usb(usbd);
	return 0;
}

/* Returns the exit status. */
static int run(struct usbd *usbd)
{
	struct error err, unheard;

	if (start_loop(usbd, &err) ||
	    device_take(&usbd->device, usbd->node, &err)) {
		answer_import(usbd, status_of(&err), &unheard);
		report(usbd, EXPORT_REFUSED, status_of(&err), err.text);
		return 1;
	}
	watch_client(usbd->client);
	serve(usbd, &err);
	/* the client is to know at once; the device takes its time */
	shutdown(usbd->client, SHUT_RDWR);
	if (session_stop(&usbd->session))
		device_release(&usbd->device);
	else
		fprintf(stderr, SD_WARNING "%s: it does not give back what it was asked for, and was not reset\n",
			usbd->about.busid);
	report(usbd, EXPORT_ENDED, USBIP_ST_OK, *err.text ? err.text : "stopped");
	return 0;
}

int main(int argc, char **argv)
{
	struct usbd usbd = { .control = SD_LISTEN_FDS_START };
	struct error err;
	int ret;

	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts("hearth-usbd " HEARTH_VERSION);
		return 0;
	}
	if (argc > 1 || sd_listen_fds(1) != 1 ||
	    sd_is_socket(usbd.control, AF_UNIX, SOCK_SEQPACKET, 0) <= 0) {
		fputs("hearth-usbd is started by systemd, for hearthd; see hearth-usbd(8)\n",
		      stderr);
		return 1;
	}
	if (take_order(&usbd, &err)) {
		fprintf(stderr, SD_ERR "%s\n", err.text);
		return 1;
	}
	ret = run(&usbd);
	sd_event_source_unref(usbd.on_control);
	sd_event_unref(usbd.event);
	return ret;
}
