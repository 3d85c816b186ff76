// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
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
	struct asked *asked;
	struct link *link;
	uint8_t id[PEER_ID];
	unsigned int n, next;	/* addresses, and which is to be tried next */
	char addresses[WIRE_ADDRESSES + 1][WIRE_ADDRESS];
	char busid[USBIP_BUSID_SIZE];	/* "": the list is asked for */
	struct usbip_list list;
};

static const struct link_ops usbask_ops;

static void destroy(struct usbask *ask)
{
	if (ask->link)
		link_close(ask->link);
	usbip_list_clear(&ask->list);
	free(ask);
}

static void refuse(struct usbask *ask, const struct error *err)
{
	control_refuse(ask->asked, err);
	destroy(ask);
}

/* --- what comes back --------------------------------------------------------------------- */

static json_t *show_interfaces(const struct usbip_device *dev)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < dev->n_interfaces; i++)
		json_array_append_new(list, json_pack(
				"{s:i,s:i,s:i}",
				"class", dev->interfaces[i].class,
				"subclass", dev->interfaces[i].subclass,
				"protocol", dev->interfaces[i].protocol));
	return list;
}

static json_t *show(const struct usbip_device *dev)
{
	return json_pack("{s:s,s:s,s:I,s:I,s:I,s:i,s:i,s:i,s:i,s:i,s:i,s:o}",
			 "busid", dev->busid, "path", dev->path,
			 "busnum", (json_int_t)dev->busnum,
			 "devnum", (json_int_t)dev->devnum,
			 "speed", (json_int_t)dev->speed,
			 "vendor", dev->vendor, "product", dev->product,
			 "release", dev->release, "class", dev->class,
			 "subclass", dev->subclass, "protocol", dev->protocol,
			 "interfaces", show_interfaces(dev));
}

static void take_list(struct usbask *ask)
{
	struct link *link = ask->link;
	json_t *answer;
	struct error err;
	size_t need, i;

	while ((need = usbip_list_need(&ask->list))) {
		if (link->in_size < need)
			return;
		if (usbip_list_feed(&ask->list, link->in, &err)) {
			refuse(ask, &err);
			return;
		}
		link_take(link, need);
	}
	answer = json_array();
	for (i = 0; i < ask->list.n; i++)
		json_array_append_new(answer, show(&ask->list.devices[i]));
	control_answer(ask->asked, answer);
	destroy(ask);
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
	control_answer_fd(ask->asked, show(&dev), fd);
	destroy(ask);
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

/* At the next of its addresses; refuses for @why where there is none. */
static void dial(struct usbask *ask, const struct error *why)
{
	struct error err = *why;

	while (!ask->link && ask->next < ask->n)
		ask->link = link_dial(ask->node, ask->addresses[ask->next++],
				      WIRE_USB, &usbask_ops, ask, &err);
	if (!ask->link)
		refuse(ask, &err);
}

static void on_ended(struct link *link, const struct error *why)
{
	struct usbask *ask = link->owner;
	bool met = link->known;

	ask->link = NULL;
	/* one that was spoken to is the right one */
	if (met)
		refuse(ask, why);
	else
		dial(ask, why);
}

static const struct link_ops usbask_ops = {
	.judge = on_judge,
	.ready = on_ready,
	.bytes = on_bytes,
	.ended = on_ended,
};

/* --- the question ------------------------------------------------------------------------------ */

static void on_gone(struct asked *asked, void *arg)
{
	(void)asked;
	destroy(arg);
}

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

void usbask_begin(struct node *node, struct asked *asked,
		  const struct request *request)
{
	const struct peers_peer *peer = peers_find(node, request->id);
	struct usbask *ask = calloc(1, sizeof(*ask));
	struct error err;

	if (!peer || !ask) {
		if (peer)
			error_set(&err, ENOMEM, "out of memory");
		else
			error_set(&err, ENOENT, "there is no such peer");
		free(ask);
		control_refuse(asked, &err);
		return;
	}
	if (*request->busid && ktls_check(&err)) {
		free(ask);
		control_refuse(asked, &err);
		return;
	}
	ask->node = node;
	ask->asked = asked;
	memcpy(ask->id, request->id, PEER_ID);
	strcpy(ask->busid, request->busid);
	usbip_list_init(&ask->list);
	find_addresses(ask, peer);
	error_set(&err, EHOSTUNREACH, "it is not known where %s is",
		  peer->kept.name);
	control_later(asked, on_gone, ask);
	dial(ask, &err);
}
