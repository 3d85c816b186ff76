// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "../lib/port.h"
#include "../lib/usblocal.h"
#include "judge.h"
#include "offer.h"
#include "peers.h"
#include "usbask.h"
#include "wish.h"

#define SYSFS		"/sys"
#define TRY_LEAST	(1 * NODE_SECOND)
#define TRY_MOST	(60 * NODE_SECOND)

struct wish {
	struct wish *next;
	struct node *node;
	struct wish_view view;
	struct usbask *ask;
	uint64_t plug;		/* that the port's device has, or had */
	uint32_t judged;	/* number of the port's device that was; 0: none */
	bool cast_out;		/* it was us who had the port detached */
	unsigned int tries;	/* in vain, one after the other */
	sd_event_source *timer;
};

struct wishes {
	struct wish *list;	/* the oldest first */
	unsigned int n;
	struct offers *offers;
	struct channel events;
	bool listens;
	sd_event_source *io;
};

static void attempt(struct wish *wish);

/* --- the kernel's ports ------------------------------------------------------------------- */

static const char *name_of(const struct wish *wish)
{
	const struct peers_peer *peer = peers_find(wish->node,
						   wish->view.kept.peer);

	return peer ? peer->kept.name : "no peer";
}

static void say(const struct wish *wish, const char *what, const char *why)
{
	char rule[USBRULE_TEXT];

	usbrule_text(&wish->view.kept.rule, rule);
	fprintf(stderr, SD_INFO "usb: %s of %s: %s%s%s\n", rule, name_of(wish),
		what, *why ? ": " : "", why);
}

/* The longer it was in vain, the later. */
static void try_later(struct wish *wish)
{
	uint64_t usec = wish->tries > 5 ? TRY_MOST : TRY_LEAST << wish->tries;

	wish->tries++;
	sd_event_source_set_time_relative(wish->timer, usec);
	sd_event_source_set_enabled(wish->timer, SD_EVENT_ONESHOT);
}

static void rest(struct wish *wish, const struct error *why)
{
	wish->view.state = WISH_WAITING;
	if (wish->view.why.code != why->code || !wish->tries)
		say(wish, "waits", why->text);
	wish->view.why = *why;
	try_later(wish);
}

static struct wish *wish_of_port(struct wishes *wishes, uint32_t id)
{
	struct wish *wish;

	for (wish = wishes->list; wish; wish = wish->next)
		if (wish->view.port == id)
			return wish;
	return NULL;
}

/* One that was refused is looked for again, plugged in anew; but not at its peer's pace. */
static void try_much_later(struct wish *wish)
{
	sd_event_source_set_time_relative(wish->timer, TRY_MOST);
	sd_event_source_set_enabled(wish->timer, SD_EVENT_ONESHOT);
}

static void lose_port(struct wish *wish, const struct error *why, bool by_hand)
{
	by_hand &= !wish->cast_out;
	wish->view.port = 0;
	wish->judged = 0;
	wish->cast_out = false;
	if (wish->view.state == WISH_REFUSED) {
		try_much_later(wish);
	} else if (by_hand) {
		wish->view.state = WISH_DETACHED;
		wish->view.why = *why;
		say(wish, "detached by hand", "");
	} else {
		rest(wish, why);
	}
}

static void on_gone(struct wish *wish, const struct port *port)
{
	struct error why;

	error_set(&why, ENODEV, "%s", port_reason_text(port->reason, port->error));
	lose_port(wish, &why, port->reason == HEARTH_USB_PORT_REASON_REQUEST);
}

/* --- before drivers have it --------------------------------------------------------------- */

static void cast_out(uint32_t port)
{
	struct channel channel;
	struct error err;
	int ret = channel_open(&channel, &port_family, &err);

	if (!ret) {
		ret = port_detach(&channel, port, false, 0, &err);
		channel_close(&channel);
	}
	/* no driver has it, all the same */
	if (ret)
		fprintf(stderr, SD_WARNING "usb: port %u: %s\n", port, err.text);
}

static void refuse(struct wish *wish, const struct error *why)
{
	char rule[USBRULE_TEXT];

	usbrule_text(&wish->view.kept.rule, rule);
	fprintf(stderr, SD_WARNING "usb: %s of %s is refused, and no driver had it: %s\n",
		rule, name_of(wish), why->text);
	wish->view.state = WISH_REFUSED;
	wish->view.why = *why;
	wish->cast_out = true;
	cast_out(wish->view.port);
}

/* From now on it may be this, and nothing else. Returns 0 or a negative errno. */
static int keep_class(struct wish *wish, const struct usbclass *class,
		      struct error *err)
{
	struct store_wish kept = wish->view.kept;
	char text[USBCLASS_TEXT];

	kept.class = *class;
	if (store_keep_class(&wish->node->store, &kept, err))
		return -err->code;
	wish->view.kept = kept;
	usbclass_text(class, text);
	say(wish, "from now on it has the classes", text);
	return 0;
}

static int authorize(const struct port *port, struct error *err)
{
	struct channel channel;
	int ret = channel_open(&channel, &port_family, err);

	if (ret)
		return ret;
	ret = port_authorize(&channel, port->id, port->devnum, err);
	channel_close(&channel);
	return ret;
}

/* Once for each device that the port has had: a reset may make another one of it. */
static void look_at(struct wish *wish, const struct port *port)
{
	struct usbclass class;
	struct error err;
	int ret;

	if (!port->unauthorized || !port->devnum ||
	    port->devnum == wish->judged || wish->view.state == WISH_REFUSED)
		return;
	wish->view.state = WISH_CHECKING;
	ret = judge(&wish->view.kept, port, &class, &err);
	if (!ret && !wish->view.kept.class.n)
		ret = keep_class(wish, &class, &err);
	if (!ret)
		ret = authorize(port, &err);
	if (ret == -ENODEV)
		return;			/* more is told of the port */
	wish->judged = port->devnum;
	if (ret && ret != -EALREADY) {
		refuse(wish, &err);
		return;
	}
	wish->view.state = WISH_ATTACHED;
	wish->tries = 0;
	say(wish, "drivers may have it", "");
}

/* --- which port is whose ---------------------------------------------------------------------- */

static bool is_of(const struct port *port, const struct peers_peer *peer)
{
	return port->bound ? identity_same(port->peer, peer->kept.id) :
			     !strcmp(port->server, peer->kept.name);
}

/* Takes up a port that there is, if it may be the wish's. */
static bool take_up(struct wish *wish, const struct port *port)
{
	const struct peers_peer *peer = peers_find(wish->node,
						   wish->view.kept.peer);
	struct usblocal local;
	char here[32];

	if (wish->view.port || !peer || !is_of(port, peer))
		return false;
	/* What it is, is seen where it is plugged in. */
	snprintf(here, sizeof(here), "%u-%u", port->busnum, port->root_port);
	usblocal_read(SYSFS, here, &local);
	strcpy(local.about.busid, port->busid);
	if (!usbrule_matches(&wish->view.kept.rule, &local.about, local.serial))
		return false;
	if (wish->ask)
		usbask_forget(wish->ask);
	wish->ask = NULL;
	wish->view.port = port->id;
	wish->view.state = WISH_ATTACHED;
	wish->view.why.code = 0;
	wish->tries = 0;
	strcpy(wish->view.busid, port->busid);
	return true;
}

/* A device that hearthd attached, and died before it knew that it is another one. */
static bool is_stray(const struct wishes *wishes, const struct port *port)
{
	const struct peers_peer *peer;
	const struct wish *wish;

	if (!port->unauthorized || !port->devnum)
		return false;
	for (wish = wishes->list; wish; wish = wish->next) {
		peer = peers_find(wish->node, wish->view.kept.peer);
		if (peer && is_of(port, peer))
			return true;
	}
	return false;
}

static void on_port(const struct port *port, void *arg)
{
	struct wishes *wishes = arg;
	struct wish *wish = wish_of_port(wishes, port->id);

	if (wish && port->state == HEARTH_USB_PORT_STATE_GONE)
		on_gone(wish, port);
	if (port->state != HEARTH_USB_PORT_STATE_ATTACHED)
		return;
	if (!wish)
		for (wish = wishes->list; wish; wish = wish->next)
			if (take_up(wish, port))
				break;
	if (wish) {
		look_at(wish, port);
	} else if (is_stray(wishes, port)) {
		fprintf(stderr, SD_WARNING "usb: port %u: it is no device that is wished for, and no driver had it\n",
			port->id);
		cast_out(port->id);
	}
}

/* Has the kernel lost count of what it told, or has its module gone? */
static void look_again(struct node *node)
{
	struct wishes *wishes = node->wishes;
	struct channel channel;
	struct port port;
	struct wish *wish;
	struct error err;
	bool open = !channel_open(&channel, &port_family, &err);

	for (wish = wishes->list; wish; wish = wish->next) {
		if (!wish->view.port ||
		    (open && !port_get(&channel, wish->view.port, &port, &err) &&
		     port.state != HEARTH_USB_PORT_STATE_GONE))
			continue;
		error_set(&err, ENODEV, "its port has gone");
		lose_port(wish, &err, false);
	}
	if (open) {
		port_dump(&channel, on_port, wishes, &err);
		channel_close(&channel);
	}
}

static int on_events(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct node *node = arg;
	struct wishes *wishes = node->wishes;
	struct error err;
	int ret = port_events(&wishes->events, on_port, wishes, &err);

	(void)s;
	(void)fd;
	(void)events;
	if (!ret)
		return 0;
	if (ret != -ENOBUFS) {
		wishes->io = sd_event_source_disable_unref(wishes->io);
		channel_close(&wishes->events);
		wishes->listens = false;
	}
	look_again(node);
	return 0;
}

/* Once the module is there. Returns 0 or a negative errno. */
static int listen_to_ports(struct node *node, struct error *err)
{
	struct wishes *wishes = node->wishes;
	int ret;

	if (wishes->listens)
		return 0;
	ret = channel_listen(&wishes->events, &port_family, err);
	if (ret)
		return ret;
	if (sd_event_add_io(node->event, &wishes->io,
			    channel_fd(&wishes->events), EPOLLIN, on_events,
			    node) < 0) {
		channel_close(&wishes->events);
		return error_set(err, ENOMEM, "out of memory");
	}
	wishes->listens = true;
	return 0;
}

/* --- plugging in ------------------------------------------------------------------------------ */

/* Returns the number of a port, or a negative errno. */
static int plug_in(struct wish *wish, const struct usbip_device *device, int fd,
		   uint32_t *port, struct error *err)
{
	struct port_attach attach = {
		.fd = fd, .speed = device->speed, .busid = device->busid,
		.server = name_of(wish), .peer = wish->view.kept.peer,
		.unauthorized = true,
	};
	struct channel channel;
	int ret = usbip_devid(device, &attach.devid, err);

	/* it is the kernel's to wait for it */
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	if (!ret)
		ret = channel_open(&channel, &port_family, err);
	if (ret)
		return ret;
	ret = port_attach(&channel, &attach, port, err);
	channel_close(&channel);
	return ret;
}

static void on_answer(void *arg, const struct usbask_answer *answer)
{
	struct wish *wish = arg;
	struct error err;
	int ret;

	wish->ask = NULL;
	if (answer->err) {
		rest(wish, answer->err);
		return;
	}
	/* who is not told when it is known could not judge it */
	ret = listen_to_ports(wish->node, &err);
	if (!ret)
		ret = plug_in(wish, answer->device, answer->fd,
			      &wish->view.port, &err);
	close(answer->fd);
	if (ret) {
		wish->view.port = 0;
		rest(wish, &err);
		return;
	}
	wish->view.state = WISH_CHECKING;
	wish->view.why.code = 0;
	say(wish, "plugged in", wish->view.busid);
}

/* Does another wish have it? */
static bool is_had(const struct wish *wish, const char *busid)
{
	const struct wish *other;

	for (other = wish->node->wishes->list; other; other = other->next)
		if (other != wish && (other->view.port || other->ask) &&
		    identity_same(other->view.kept.peer, wish->view.kept.peer) &&
		    !strcmp(other->view.busid, busid))
			return true;
	return false;
}

/* The first that it means and that is to be had. */
static const struct offer *choose(const struct wish *wish)
{
	const struct offers *offers = offers_of(wish->node->wishes->offers,
						wish->view.kept.peer);
	const struct offer *offer;
	unsigned int i;

	for (i = 0; offers && i < offers->n; i++) {
		offer = &offers->list[i];
		if (offer->hold == WIRE_HOLD_FREE &&
		    usbrule_matches(&wish->view.kept.rule, &offer->about,
				    offer->serial) &&
		    ((wish->view.state != WISH_DETACHED &&
		      wish->view.state != WISH_REFUSED) ||
		     offer->plug != wish->plug ||
		     strcmp(offer->about.busid, wish->view.busid)) &&
		    !is_had(wish, offer->about.busid))
			return offer;
	}
	return NULL;
}

static void attempt(struct wish *wish)
{
	const struct offer *offer;
	struct error err;

	if (wish->view.port || wish->ask)
		return;
	offer = choose(wish);
	if (!offer)
		return;
	strcpy(wish->view.busid, offer->about.busid);
	wish->plug = offer->plug;
	wish->ask = usbask_begin(wish->node, wish->view.kept.peer,
				 offer->about.busid, on_answer, wish, &err);
	if (wish->ask)
		wish->view.state = WISH_ASKING;
	else
		rest(wish, &err);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *arg)
{
	struct wish *wish = arg;

	(void)s;
	(void)usec;
	attempt(wish);
	if (wish->view.state == WISH_REFUSED && !wish->view.port)
		try_much_later(wish);
	return 0;
}

/* --- news of peers ----------------------------------------------------------------------------- */

static bool is_wished_of(const struct wishes *wishes, const uint8_t *id)
{
	const struct wish *wish;

	for (wish = wishes->list; wish; wish = wish->next)
		if (identity_same(wish->view.kept.peer, id))
			return true;
	return false;
}

void wish_linked(struct node *node, const uint8_t id[static PEER_ID])
{
	const struct peers_peer *peer = peers_find(node, id);
	const struct wire watch = { .type = WIRE_WATCH };

	offers_forget(&node->wishes->offers, id);
	if (peer && peer->link && is_wished_of(node->wishes, id))
		link_send(peer->link, &watch);
}

void wish_away(struct node *node, const uint8_t id[static PEER_ID])
{
	offers_forget(&node->wishes->offers, id);
}

/* The first time that its peer tells what the device can do is when that is kept. */
static void learn(struct wish *wish, const struct offer *offer)
{
	struct error err;

	if (wish->view.kept.class.n || !offer->class.n ||
	    !usbrule_matches(&wish->view.kept.rule, &offer->about, offer->serial))
		return;
	if (keep_class(wish, &offer->class, &err))
		say(wish, "its classes are not kept", err.text);
}

static void hear_of(struct wish *wish, const struct offer *offer)
{
	learn(wish, offer);
	/* One that is tried in vain again and again is not tried sooner by what it says. */
	if (wish->view.state != WISH_REFUSED &&
	    (wish->tries < 3 || wish->plug != offer->plug))
		attempt(wish);
}

void wish_offered(struct node *node, const uint8_t id[static PEER_ID],
		  const struct wire *device)
{
	struct wishes *wishes = node->wishes;
	const struct offer *offer;
	struct wish *wish;

	/* what nobody asked for is not kept */
	if (!is_wished_of(wishes, id))
		return;
	offer = offers_hear(&wishes->offers, id, device);
	if (!offer)
		return;
	for (wish = wishes->list; wish; wish = wish->next)
		if (identity_same(wish->view.kept.peer, id))
			hear_of(wish, offer);
}

/* --- the wishes ---------------------------------------------------------------------------------- */

static void destroy(struct wish *wish)
{
	if (wish->ask)
		usbask_forget(wish->ask);
	sd_event_source_disable_unref(wish->timer);
	free(wish);
}

static struct wish **place_of(struct wishes *wishes, const struct store_wish *kept)
{
	char a[USBRULE_TEXT], b[USBRULE_TEXT];
	struct wish **at;

	usbrule_text(&kept->rule, a);
	for (at = &wishes->list; *at; at = &(*at)->next) {
		usbrule_text(&(*at)->view.kept.rule, b);
		if (identity_same((*at)->view.kept.peer, kept->peer) &&
		    !strcmp(a, b))
			break;
	}
	return at;
}

static struct wish *new(struct node *node, const struct store_wish *kept,
			struct error *err)
{
	struct wish *wish = calloc(1, sizeof(*wish));

	if (!wish || sd_event_add_time_relative(node->event, &wish->timer,
						CLOCK_MONOTONIC, 0, 0,
						on_timer, wish) < 0) {
		free(wish);
		error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	sd_event_source_set_enabled(wish->timer, SD_EVENT_OFF);
	wish->node = node;
	wish->view.kept = *kept;
	if (kept->rule.kind == USBRULE_BUSID)
		strcpy(wish->view.busid, kept->rule.busid);
	return wish;
}

static void add(struct wishes *wishes, struct wish *wish)
{
	*place_of(wishes, &wish->view.kept) = wish;
	wishes->n++;
}

static int load(const struct store_wish *kept, void *arg, struct error *err)
{
	struct node *node = arg;
	struct wish *wish;

	if (*place_of(node->wishes, kept))
		return 0;
	wish = new(node, kept, err);
	if (!wish)
		return -err->code;
	add(node->wishes, wish);
	return 0;
}

/* Ports of a hearthd before, or of who attached it by hand. */
static void take_up_all(struct node *node)
{
	struct channel channel;
	struct error err;

	listen_to_ports(node, &err);
	if (channel_open(&channel, &port_family, &err))
		return;
	port_dump(&channel, on_port, node->wishes, &err);
	channel_close(&channel);
}

int wish_start(struct node *node, struct error *err)
{
	node->wishes = calloc(1, sizeof(*node->wishes));
	if (!node->wishes)
		return error_set(err, ENOMEM, "out of memory");
	if (store_wishes(&node->store, load, node, err))
		return -err->code;
	if (node->wishes->list)
		take_up_all(node);
	return 0;
}

int wish_refresh(struct node *node, struct error *err)
{
	struct wish **at = &node->wishes->list, *wish;

	while ((wish = *at)) {
		if (peers_find(node, wish->view.kept.peer)) {
			at = &wish->next;
			continue;
		}
		*at = wish->next;
		node->wishes->n--;
		destroy(wish);
	}
	return store_wishes(&node->store, load, node, err);
}

void wish_stop(struct node *node)
{
	struct wishes *wishes = node->wishes;
	struct wish *wish;

	if (!wishes)
		return;
	while ((wish = wishes->list)) {
		wishes->list = wish->next;
		destroy(wish);
	}
	offers_clear(&wishes->offers);
	sd_event_source_disable_unref(wishes->io);
	if (wishes->listens)
		channel_close(&wishes->events);
	free(wishes);
	node->wishes = NULL;
}

int wish_put(struct node *node, const struct store_wish *kept,
	     struct error *err)
{
	struct wishes *wishes = node->wishes;
	struct wish *wish = *place_of(wishes, kept);

	if (kept->rule.kind == USBRULE_CLASS)
		return error_set(err, EINVAL,
				 "what is bound is one device: BUSID, VID:PID or VID:PID:SERIAL");
	if (!peers_find(node, kept->peer))
		return error_set(err, ENOENT, "there is no such peer");
	if (wish && (wish->view.state == WISH_DETACHED ||
		     wish->view.state == WISH_REFUSED))
		wish->view.state = WISH_WAITING;
	if (!wish) {
		if (wishes->n == WISHES_MAX)
			return error_set(err, ENOSPC, "there are %u wishes already",
					 WISHES_MAX);
		wish = new(node, kept, err);
		if (!wish)
			return -err->code;
		if (store_put_wish(&node->store, kept, err)) {
			destroy(wish);
			return -err->code;
		}
		add(wishes, wish);
		take_up_all(node);
	}
	/* all of its devices are told of anew */
	wish->tries = 0;
	wish_linked(node, kept->peer);
	return 0;
}

static void unplug(const struct wish *wish)
{
	struct channel channel;
	struct error err;

	if (channel_open(&channel, &port_family, &err))
		return;
	if (port_detach(&channel, wish->view.port, false, 0, &err))
		say(wish, "is not detached", err.text);
	channel_close(&channel);
}

int wish_drop(struct node *node, const struct store_wish *kept,
	      struct error *err)
{
	struct wish **at = place_of(node->wishes, kept), *wish = *at;
	char text[USBRULE_TEXT];

	usbrule_text(&kept->rule, text);
	if (!wish)
		return error_set(err, ENOENT, "%s is not bound", text);
	if (store_drop_wish(&node->store, kept, err))
		return -err->code;
	*at = wish->next;
	node->wishes->n--;
	if (wish->view.port)
		unplug(wish);
	destroy(wish);
	return 0;
}

void wish_each(struct node *node,
	       void (*each)(const struct wish_view *view, void *arg), void *arg)
{
	const struct wish *wish;

	for (wish = node->wishes->list; wish; wish = wish->next)
		each(&wish->view, arg);
}
