// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "../format/uevent.h"
#include "../format/utf8.h"
#include "exporter.h"
#include "hotplug.h"
#include "peers.h"

#define SYSFS	"/sys"
#define SOON	(NODE_SECOND / 10)	/* events come in swarms */
#define LATE	(10 * NODE_SECOND)
#define GROUP	1u			/* of the kernel's own events */

/* One that a peer was told of. */
struct told {
	char busid[USBIP_BUSID_SIZE];
	uint64_t plug;
	enum wire_hold hold;
	bool there;		/* seen by the review that is going on */
};

struct watcher {
	struct watcher *next;
	uint8_t id[PEER_ID];
	unsigned int n;
	struct told told[HOTPLUG_DEVICES];
};

struct hotplug {
	struct node *node;
	struct watcher *watchers;
	unsigned int changes;	/* that were heeded */
	int fd;			/* of the kernel's events, or -1 */
	sd_event_source *io, *timer, *post;
};

/* --- who is told what ----------------------------------------------------------------------- */

struct review {
	struct node *node;
	struct watcher *watcher;
	struct link *link;
};

static void tell(const struct review *review, const struct told *told,
		 const struct usblocal *local)
{
	struct wire wire = {
		.type = WIRE_DEVICE, .plug = told->plug, .hold = told->hold,
	};
	struct usblocal_said said;
	struct error err;
	size_t len;

	strcpy(wire.busid, told->busid);
	if (local) {
		len = strlen(local->serial);
		wire.vendor = local->about.vendor;
		wire.product = local->about.product;
		if (utf8_valid(local->serial, len) &&
		    utf8_shows(local->serial, len))
			strcpy(wire.serial, local->serial);
		if (!usblocal_said(SYSFS, told->busid, local->about.devnum,
				   &said, &err))
			wire.class = said.class;
	}
	link_send(review->link, &wire);
}

static struct told *find(struct watcher *watcher, const char *busid)
{
	unsigned int i;

	for (i = 0; i < watcher->n; i++)
		if (!strcmp(watcher->told[i].busid, busid))
			return &watcher->told[i];
	return NULL;
}

static enum wire_hold hold_of(const struct review *review,
			      const struct usblocal *local)
{
	if (!exporter_holder(review->node, local))
		return WIRE_HOLD_FREE;
	return exporter_serves(review->node, local->about.busid,
			       review->watcher->id) ? WIRE_HOLD_YOURS :
						      WIRE_HOLD_OTHER;
}

/* A device that the peer may have. */
static void look(const struct usblocal *local, void *arg)
{
	const struct review *review = arg;
	struct watcher *watcher = review->watcher;
	struct told now = {
		/* the kernel counts the devices of a bus: a number comes back after 127 */
		.plug = (uint64_t)local->about.busnum << 32 | local->about.devnum,
		.hold = hold_of(review, local), .there = true,
	};
	struct told *told = find(watcher, local->about.busid);

	if (told && told->plug == now.plug && told->hold == now.hold) {
		told->there = true;
		return;
	}
	if (!told && watcher->n == HOTPLUG_DEVICES)
		return;
	if (!told)
		told = &watcher->told[watcher->n++];
	strcpy(now.busid, local->about.busid);
	*told = now;
	tell(review, told, local);
}

/* What was not seen has gone, or is not for this peer any more. */
static void tell_gone(const struct review *review)
{
	struct watcher *watcher = review->watcher;
	unsigned int i = 0;

	while (i < watcher->n) {
		struct told *told = &watcher->told[i];

		if (told->there) {
			told->there = false;
			i++;
			continue;
		}
		told->hold = WIRE_HOLD_GONE;
		tell(review, told, NULL);
		*told = watcher->told[--watcher->n];
	}
}

static void review_one(struct node *node, struct watcher *watcher)
{
	const struct peers_peer *peer = peers_find(node, watcher->id);
	struct share_client client = { 0 };
	struct review review = { .node = node, .watcher = watcher };

	if (!peer || !peer->link)
		return;
	review.link = peer->link;
	client.role = peer->kept.role;
	memcpy(client.id, peer->kept.id, PEER_ID);
	share_devices(node, &client, look, &review);
	tell_gone(&review);
}

/* --- when ------------------------------------------------------------------------------------- */

static void review_in(struct hotplug *hotplug, uint64_t usec)
{
	sd_event_source_set_time_relative(hotplug->timer, usec);
	sd_event_source_set_enabled(hotplug->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *arg)
{
	struct hotplug *hotplug = arg;
	struct watcher *watcher;

	(void)s;
	(void)usec;
	for (watcher = hotplug->watchers; watcher; watcher = watcher->next)
		review_one(hotplug->node, watcher);
	if (hotplug->watchers)
		review_in(hotplug, LATE);
	return 0;
}

static int on_event(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct hotplug *hotplug = arg;
	struct sockaddr_nl from;
	socklen_t len;
	char text[8192];
	ssize_t n;
	bool ours = false;

	(void)s;
	(void)events;
	do {
		len = sizeof(from);
		n = recvfrom(fd, text, sizeof(text), MSG_DONTWAIT,
			     (struct sockaddr *)&from, &len);
		/* only the kernel has the number 0 */
		ours |= n < 0 ? errno == ENOBUFS : !from.nl_pid &&
			uevent_is_of(text, (size_t)n, "usb");
	} while (n > 0);
	if (ours && hotplug->watchers)
		review_in(hotplug, SOON);
	return 0;
}

/* Has something changed in this turn of the loop? */
static int on_turn_end(sd_event_source *s, void *arg)
{
	struct hotplug *hotplug = arg;

	(void)s;
	if (hotplug->changes == hotplug->node->usb_changes)
		return 0;
	hotplug->changes = hotplug->node->usb_changes;
	if (hotplug->watchers)
		review_in(hotplug, SOON);
	return 0;
}

static int open_events(void)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = GROUP,
	};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address,
			    sizeof(address))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* --- who wants to be told ---------------------------------------------------------------------- */

void hotplug_forget(struct node *node, const uint8_t id[static PEER_ID])
{
	struct watcher **at = &node->hotplug->watchers, *watcher;

	while ((watcher = *at)) {
		if (identity_same(watcher->id, id)) {
			*at = watcher->next;
			free(watcher);
		} else {
			at = &watcher->next;
		}
	}
}

void hotplug_watch(struct node *node, const uint8_t id[static PEER_ID])
{
	struct hotplug *hotplug = node->hotplug;
	struct watcher *watcher;

	hotplug_forget(node, id);
	watcher = calloc(1, sizeof(*watcher));
	if (!watcher)
		return;
	memcpy(watcher->id, id, PEER_ID);
	watcher->next = hotplug->watchers;
	hotplug->watchers = watcher;
	review_in(hotplug, SOON);
}

int hotplug_start(struct node *node, struct error *err)
{
	struct hotplug *hotplug = calloc(1, sizeof(*hotplug));

	node->hotplug = hotplug;
	if (!hotplug)
		return error_set(err, ENOMEM, "out of memory");
	hotplug->node = node;
	hotplug->fd = open_events();
	if (hotplug->fd < 0)
		fputs(SD_WARNING "usb: the kernel does not tell of devices; it is looked for them every ten seconds\n",
		      stderr);
	if (sd_event_add_time_relative(node->event, &hotplug->timer,
				       CLOCK_MONOTONIC, 0, 0, on_timer,
				       hotplug) < 0 ||
	    sd_event_add_post(node->event, &hotplug->post, on_turn_end,
			      hotplug) < 0 ||
	    (hotplug->fd >= 0 &&
	     sd_event_add_io(node->event, &hotplug->io, hotplug->fd, EPOLLIN,
			     on_event, hotplug) < 0))
		return error_set(err, ENOMEM, "out of memory");
	sd_event_source_set_enabled(hotplug->timer, SD_EVENT_OFF);
	return 0;
}

void hotplug_stop(struct node *node)
{
	struct hotplug *hotplug = node->hotplug;
	struct watcher *watcher;

	if (!hotplug)
		return;
	while ((watcher = hotplug->watchers)) {
		hotplug->watchers = watcher->next;
		free(watcher);
	}
	sd_event_source_disable_unref(hotplug->io);
	sd_event_source_disable_unref(hotplug->timer);
	sd_event_source_disable_unref(hotplug->post);
	if (hotplug->fd >= 0)
		close(hotplug->fd);
	free(hotplug);
	node->hotplug = NULL;
}
