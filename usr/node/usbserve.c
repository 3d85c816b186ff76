// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "exporter.h"
#include "peers.h"
#include "usbserve.h"

/* --- the list ---------------------------------------------------------------------------- */

struct list {
	uint8_t *data;
	size_t size;
	uint32_t n;
};

static void add(const struct usblocal *local, void *arg)
{
	const struct usbip_device *about = &local->about;
	struct list *list = arg;
	unsigned int i;
	size_t size = USBIP_DEVICE_SIZE +
		      about->n_interfaces * (size_t)USBIP_INTERFACE_SIZE;

	if (list->size + size > USBSERVE_LIST_MAX)
		return;
	usbip_pack_device(list->data + list->size, about);
	list->size += USBIP_DEVICE_SIZE;
	for (i = 0; i < about->n_interfaces; i++) {
		usbip_pack_interface(list->data + list->size,
				     &about->interfaces[i]);
		list->size += USBIP_INTERFACE_SIZE;
	}
	list->n++;
}

uint8_t *usbserve_list(struct node *node, const struct share_client *client,
		       size_t *size)
{
	struct list list = {
		.data = malloc(USBSERVE_LIST_MAX),
		.size = USBIP_OP_SIZE + USBIP_COUNT_SIZE,
	};

	if (!list.data)
		return NULL;
	share_devices(node, client, add, &list);
	usbip_pack_reply(list.data, USBIP_OP_REP_DEVLIST, USBIP_ST_OK);
	usbip_pack_count(list.data + USBIP_OP_SIZE, list.n);
	*size = list.size;
	return list.data;
}

enum usbip_status usbserve_status(const struct error *err)
{
	switch (err->code) {
	case EBUSY:
		return USBIP_ST_DEV_BUSY;
	case ENODEV:
		return USBIP_ST_NODEV;
	default:
		return USBIP_ST_ERROR;
	}
}

/* --- over TLS ------------------------------------------------------------------------------ */

static void refuse(struct link *link, const struct share_client *client,
		   const char *busid, const struct error *err)
{
	uint8_t reply[USBIP_OP_SIZE];

	fprintf(stderr, SD_INFO "usb: %s does not get %s: %s\n", client->name,
		busid, err->text);
	usbip_pack_reply(reply, USBIP_OP_REP_IMPORT, usbserve_status(err));
	link_write(link, reply, sizeof(reply));
	link_close(link);
}

/* The kernel has the session, and what goes wrong is said over the socket. */
static void hand_over(struct node *node, const struct share_client *client,
		      const struct usblocal *local, int fd)
{
	uint8_t reply[USBIP_OP_SIZE];
	struct error err;

	if (exporter_start(node, local, client, fd, &err)) {
		fprintf(stderr, SD_WARNING "usb: %s does not get %s: %s\n",
			client->name, local->about.busid, err.text);
		usbip_pack_reply(reply, USBIP_OP_REP_IMPORT,
				 usbserve_status(&err));
		send(fd, reply, sizeof(reply), MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	close(fd);
}

static void import(struct link *link, const struct share_client *client,
		   const char *busid)
{
	struct node *node = link->node;
	struct usblocal local;
	struct error err;
	int fd;

	if (share_find(node, client, busid, &local, &err)) {
		refuse(link, client, busid, &err);
		return;
	}
	fd = link_to_kernel(link, &err);
	if (fd == -EOPNOTSUPP)
		refuse(link, client, busid, &err);
	else if (fd < 0)
		link_abort(link, &err);
	else
		hand_over(node, client, &local, fd);
}

static void list(struct link *link, const struct share_client *client)
{
	size_t size = 0;
	uint8_t *data = usbserve_list(link->node, client, &size);

	if (data)
		link_write(link, data, size);
	free(data);
	link_close(link);
}

/* Who it is, as he was let in: peers may go while a link is open. */
static bool identify(struct link *link, struct share_client *client)
{
	const struct peers_peer *peer = peers_find(link->node, link->tls.peer);

	memset(client, 0, sizeof(*client));
	if (!peer)
		return false;
	client->role = peer->kept.role;
	memcpy(client->id, peer->kept.id, PEER_ID);
	snprintf(client->name, sizeof(client->name), "%s", peer->kept.name);
	return true;
}

static int on_judge(struct link *link, const char *alpn,
		    const uint8_t id[static PEER_ID], struct error *err)
{
	(void)alpn;
	return peers_judge(link->node, id, err);
}

/* It has as long to ask as to be known. */
static void on_ready(struct link *link)
{
	(void)link;
}

static void on_bytes(struct link *link)
{
	char busid[USBIP_BUSID_SIZE];
	struct share_client client;
	struct error err;
	int n;

	if (!identify(link, &client)) {
		link_refuse(link);
		return;
	}
	n = usbip_take_request(link->in, link->in_size, busid, &err);
	if (!n)
		return;
	/* Before it is answered there is nothing more to say. */
	if (n > 0 && (size_t)n != link->in_size)
		n = error_set(&err, EPROTO, "it says more than it may");
	if (n < 0) {
		fprintf(stderr, SD_INFO "usb: %s: %s\n", client.name, err.text);
		link_close(link);
		return;
	}
	if (*busid)
		import(link, &client, busid);
	else
		list(link, &client);
}

static void on_ended(struct link *link, const struct error *why)
{
	(void)link;
	(void)why;
}

const struct link_ops usbserve_ops = {
	.judge = on_judge,
	.ready = on_ready,
	.bytes = on_bytes,
	.ended = on_ended,
};
