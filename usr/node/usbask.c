// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../format/usbip.h"
#include "../lib/ktls.h"
#include "link.h"
#include "peers.h"
#include "usbask.h"

struct usbask {
	struct node *node;
	usbask_done done;
	void *arg;
	struct link *link;
	uint8_t id[PEER_ID];
	unsigned int n, next;	/* addresses, and which is to be tried next */
	char addresses[WIRE_ADDRESSES + 1][WIRE_ADDRESS];
	char busid[USBIP_BUSID_SIZE];	/* "": the list is asked for */
	struct usbip_list list;
};

static const struct link_ops usbask_ops;

void usbask_forget(struct usbask *ask)
{
	if (ask->link)
		link_close(ask->link);
	usbip_list_clear(&ask->list);
	free(ask);
}

static void answer(struct usbask *ask, const struct usbask_answer *what)
{
	ask->done(ask->arg, what);
	usbask_forget(ask);
}

static void refuse(struct usbask *ask, const struct error *err)
{
	answer(ask, &(struct usbask_answer){ .fd = -1, .err = err });
}

/* --- what comes back --------------------------------------------------------------------- */

static void take_list(struct usbask *ask)
{
	struct link *link = ask->link;
	struct error err;
	size_t need;

	while ((need = usbip_list_need(&ask->list))) {
		if (link->in_size < need)
			return;
		if (usbip_list_feed(&ask->list, link->in, &err)) {
			refuse(ask, &err);
			return;
		}
		link_take(link, need);
	}
	answer(ask, &(struct usbask_answer){ .fd = -1, .list = &ask->list });
}

/* The whole answer has come, and nothing behind it. */
static int take_device(struct usbask *ask, struct usbip_device *dev,
		       struct error *err)
{
	struct link *link = ask->link;
	int fd;

	if (usbip_parse_device(link->in + USBIP_OP_SIZE, dev, err))
		return -err->code;
	if (strcmp(dev->busid, ask->busid))
		return error_set(err, EPROTO, "it answers with %s", dev->busid);
	if (link->in_size != USBIP_OP_SIZE + USBIP_DEVICE_SIZE)
		return error_set(err, EPROTO, "it says more than it may");
	fd = link_to_kernel(link, err);
	if (fd >= 0)
		ask->link = NULL;
	return fd;
}

static void take_import(struct usbask *ask)
{
	struct link *link = ask->link;
	struct usbip_device dev;
	struct error err;
	int fd;

	if (link->in_size < USBIP_OP_SIZE)
		return;
	if (usbip_parse_op(link->in, USBIP_OP_REP_IMPORT, &err)) {
		refuse(ask, &err);
		return;
	}
	if (link->in_size < USBIP_OP_SIZE + USBIP_DEVICE_SIZE)
		return;
	fd = take_device(ask, &dev, &err);
	if (fd < 0) {
		refuse(ask, &err);
		return;
	}
	answer(ask, &(struct usbask_answer){ .fd = fd, .device = &dev });
}

static void on_bytes(struct link *link)
{
	struct usbask *ask = link->owner;

	if (*ask->busid)
		take_import(ask);
	else
		take_list(ask);
}

/* --- the connection --------------------------------------------------------------------------- */

static int on_judge(struct link *link, const char *alpn,
		    const uint8_t id[static PEER_ID], struct error *err)
{
	const struct usbask *ask = link->owner;

	(void)alpn;
	if (!identity_same(ask->id, id))
		return error_set(err, EACCES, "another node answers at %s",
				 link->address);
	return peers_judge(link->node, id, err);
}

static void on_ready(struct link *link)
{
	const struct usbask *ask = link->owner;
	uint8_t buf[USBIP_IMPORT_SIZE];
	struct error err;

	link_know(link);
	if (!*ask->busid) {
		usbip_pack_devlist(buf);
		link_write(link, buf, USBIP_OP_SIZE);
	} else if (!usbip_pack_import(buf, ask->busid, &err)) {
		link_write(link, buf, USBIP_IMPORT_SIZE);
	}
}

/* At the next of its addresses. Where there is none, @err stays or is the last one's. */
static bool dial(struct usbask *ask, struct error *err)
{
	while (!ask->link && ask->next < ask->n)
		ask->link = link_dial(ask->node, ask->addresses[ask->next++],
				      WIRE_USB, &usbask_ops, ask, err);
	return ask->link;
}

static void on_ended(struct link *link, const struct error *why)
{
	struct usbask *ask = link->owner;
	struct error err = *why;

	ask->link = NULL;
	/* one that was spoken to is the right one */
	if (link->known || !dial(ask, &err))
		refuse(ask, &err);
}

static const struct link_ops usbask_ops = {
	.judge = on_judge,
	.ready = on_ready,
	.bytes = on_bytes,
	.ended = on_ended,
};

/* --- the question ------------------------------------------------------------------------------ */

/* Where it is now, then where it was. */
static void find_addresses(struct usbask *ask, const struct peers_peer *peer)
{
	const struct store_peer *kept = &peer->kept;
	unsigned int i;

	if (peer->link && peer->link->outgoing)
		strcpy(ask->addresses[ask->n++], peer->link->address);
	for (i = 0; i < kept->n_addresses; i++)
		if (!ask->n || strcmp(ask->addresses[0], kept->addresses[i]))
			strcpy(ask->addresses[ask->n++], kept->addresses[i]);
}

struct usbask *usbask_begin(struct node *node, const uint8_t id[static PEER_ID],
			    const char *busid, usbask_done done, void *arg,
			    struct error *err)
{
	const struct peers_peer *peer = peers_find(node, id);
	struct usbask *ask;

	if (!peer) {
		error_set(err, ENOENT, "there is no such peer");
		return NULL;
	}
	if (*busid && ktls_check(err))
		return NULL;
	ask = calloc(1, sizeof(*ask));
	if (!ask) {
		error_set(err, ENOMEM, "out of memory");
		return NULL;
	}
	ask->node = node;
	ask->done = done;
	ask->arg = arg;
	memcpy(ask->id, id, PEER_ID);
	snprintf(ask->busid, sizeof(ask->busid), "%s", busid);
	usbip_list_init(&ask->list);
	find_addresses(ask, peer);
	error_set(err, EHOSTUNREACH, "it is not known where %s is",
		  peer->kept.name);
	if (dial(ask, err))
		return ask;
	free(ask);
	return NULL;
}
