// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/usbuse.h"
#include "exporter.h"
#include "peers.h"
#include "share.h"
#include "usbask.h"
#include "usbverbs.h"
#include "wish.h"

#define SYSFS	"/sys"
#define PROC	"/proc"

/* --- rules ------------------------------------------------------------------------------------- */

static json_t *show_peer(struct node *node, const uint8_t id[static PEER_ID])
{
	const struct peers_peer *peer = peers_find(node, id);
	char text[PEER_ID_TEXT];

	peer_id_text(id, text);
	return json_pack("{s:s,s:s}", "id", text, "name",
			 peer ? peer->kept.name : "");
}

static json_t *show_share(struct node *node, const struct store_share *share)
{
	char text[USBRULE_TEXT];
	json_t *peers = json_array();
	unsigned int i;

	for (i = 0; i < share->n; i++)
		json_array_append_new(peers, show_peer(node, share->peers[i]));
	usbrule_text(&share->rule, text);
	return json_pack("{s:s,s:s,s:o,s:b,s:b}", "rule", text,
			 "for", share->named ? "peers" : "self",
			 "peers", peers, "plain", share->plain,
			 "forced", share->forced);
}

static void put(struct node *node, struct asked *asked,
		const struct request *request)
{
	struct store_share share = {
		.rule = request->rule, .forced = request->force,
		.plain = request->plain, .named = request->n_peers > 0,
		.n = request->n_peers,
	};
	struct error err;
	unsigned int i;

	memcpy(share.peers, request->peers, sizeof(share.peers));
	for (i = 0; i < share.n; i++)
		if (!peers_find(node, share.peers[i])) {
			error_set(&err, ENOENT, "there is no such peer");
			control_refuse(asked, &err);
			return;
		}
	if (share_put(node, &share, &err))
		control_refuse(asked, &err);
	else
		control_answer(asked, show_share(node, &share));
}

static void drop(struct node *node, struct asked *asked,
		 const struct request *request)
{
	char text[USBRULE_TEXT];
	struct error err;

	usbrule_text(&request->rule, text);
	if (share_drop(node, &request->rule, &err)) {
		control_refuse(asked, &err);
		return;
	}
	exporter_review(node);
	control_answer(asked, json_pack("{s:s}", "rule", text));
}

/* --- devices ---------------------------------------------------------------------------------- */

struct showing {
	struct node *node;
	json_t *list;
};

static void add_rule(const struct store_share *share, void *arg)
{
	struct showing *showing = arg;

	json_array_append_new(showing->list,
			      show_share(showing->node, share));
}

static json_t *show_device(struct node *node, const struct usblocal *local)
{
	const struct usbip_device *about = &local->about;
	const char *holder = exporter_holder(node, local);
	char why[USBUSE_TEXT];
	json_t *json = json_pack("{s:s,s:i,s:i,s:I,s:i}",
				 "busid", about->busid, "vendor", about->vendor,
				 "product", about->product,
				 "speed", (json_int_t)about->speed,
				 "class", about->class);

	/* any bytes: what is no text is not told */
	if (*local->serial)
		json_object_set_new(json, "serial", json_string(local->serial));
	json_object_set_new(json, "shared",
			    json_boolean(share_has(node, local)));
	if (holder)
		json_object_set_new(json, "holder", json_string(holder));
	else if (usbuse_find(SYSFS, PROC, local, why) != USBUSE_NOT)
		json_object_set_new(json, "kept", json_string(why));
	return json;
}

static void show(struct node *node, struct asked *asked)
{
	struct showing showing = { .node = node, .list = json_array() };
	json_t *devices = json_array();
	struct usblocal local;
	struct dirent **names;
	int i, n = scandir(SYSFS "/bus/usb/devices", &names, NULL, versionsort);

	for (i = 0; i < n; i++) {
		if (usblocal_read(SYSFS, names[i]->d_name, &local))
			json_array_append_new(devices, show_device(node, &local));
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	share_rules(node, add_rule, &showing);
	control_answer(asked, json_pack("{s:o,s:o}", "rules", showing.list,
					"devices", devices));
}

static void release(struct node *node, struct asked *asked,
		    const struct request *request)
{
	struct error err;

	if (exporter_release(node, request->busid)) {
		control_answer(asked, json_pack("{s:s}", "busid",
						request->busid));
		return;
	}
	error_set(&err, ENOENT, "no client of this hearthd has %s",
		  request->busid);
	control_refuse(asked, &err);
}

/* --- devices of peers ---------------------------------------------------------------------------- */

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

static json_t *show_remote(const struct usbip_device *dev)
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

/* One that waits for a peer's answer. */
struct waiting {
	struct asked *asked;
	struct usbask *ask;
};

static void on_answer(void *arg, const struct usbask_answer *answer)
{
	struct waiting *waiting = arg;
	json_t *list;
	size_t i;

	if (answer->err) {
		control_refuse(waiting->asked, answer->err);
	} else if (answer->device) {
		control_answer_fd(waiting->asked, show_remote(answer->device),
				  answer->fd);
	} else {
		list = json_array();
		for (i = 0; i < answer->list->n; i++)
			json_array_append_new(list, show_remote(
						&answer->list->devices[i]));
		control_answer(waiting->asked, list);
	}
	free(waiting);
}

static void on_gone(struct asked *asked, void *arg)
{
	struct waiting *waiting = arg;

	(void)asked;
	usbask_forget(waiting->ask);
	free(waiting);
}

static void ask_peer(struct node *node, struct asked *asked,
		     const struct request *request)
{
	struct waiting *waiting = malloc(sizeof(*waiting));
	struct error err;

	error_set(&err, ENOMEM, "out of memory");
	if (waiting)
		waiting->ask = usbask_begin(node, request->id, request->busid,
					    on_answer, waiting, &err);
	if (!waiting || !waiting->ask) {
		free(waiting);
		control_refuse(asked, &err);
		return;
	}
	waiting->asked = asked;
	control_later(asked, on_gone, waiting);
}

/* --- wishes ------------------------------------------------------------------------------------- */

static const char *const wish_states[] = {
	[WISH_WAITING] = "waiting", [WISH_ASKING] = "asking",
	[WISH_CHECKING] = "checking", [WISH_ATTACHED] = "attached",
	[WISH_DETACHED] = "detached", [WISH_REFUSED] = "refused",
};

static void add_wish(const struct wish_view *view, void *arg)
{
	struct showing *showing = arg;
	char text[USBRULE_TEXT], classes[USBCLASS_TEXT];
	json_t *json;

	usbrule_text(&view->kept.rule, text);
	json = json_pack("{s:s,s:o,s:s}", "rule", text, "peer",
			 show_peer(showing->node, view->kept.peer),
			 "state", wish_states[view->state]);
	if (view->port) {
		json_object_set_new(json, "port", json_integer(view->port));
		json_object_set_new(json, "busid", json_string(view->busid));
	} else if (view->why.code) {
		json_object_set_new(json, "why", json_string(view->why.text));
	}
	if (view->kept.class.n) {
		usbclass_text(&view->kept.class, classes);
		json_object_set_new(json, "classes", json_string(classes));
	}
	json_array_append_new(showing->list, json);
}

static void show_wishes(struct node *node, struct asked *asked)
{
	struct showing showing = { .node = node, .list = json_array() };

	wish_each(node, add_wish, &showing);
	control_answer(asked, showing.list);
}

static void put_wish(struct node *node, struct asked *asked,
		     const struct request *request, bool drop_it)
{
	struct store_wish kept = { .rule = request->rule };
	char text[USBRULE_TEXT];
	struct error err;

	memcpy(kept.peer, request->id, PEER_ID);
	if (drop_it ? wish_drop(node, &kept, &err) :
		      wish_put(node, &kept, &err)) {
		control_refuse(asked, &err);
		return;
	}
	usbrule_text(&kept.rule, text);
	control_answer(asked, json_pack("{s:s,s:o}", "rule", text, "peer",
					show_peer(node, kept.peer)));
}

void usbverbs_ask(struct node *node, struct asked *asked,
		  const struct request *request)
{
	switch (request->verb) {
	case REQUEST_USB_SHARE:
		put(node, asked, request);
		break;
	case REQUEST_USB_UNSHARE:
		drop(node, asked, request);
		break;
	case REQUEST_USB_SHARED:
		show(node, asked);
		break;
	case REQUEST_USB_RELEASE:
		release(node, asked, request);
		break;
	case REQUEST_USB_LIST:
	case REQUEST_USB_ATTACH:
		ask_peer(node, asked, request);
		break;
	case REQUEST_USB_BIND:
		put_wish(node, asked, request, false);
		break;
	case REQUEST_USB_UNBIND:
		put_wish(node, asked, request, true);
		break;
	case REQUEST_USB_BOUND:
		show_wishes(node, asked);
		break;
	default:
		break;
	}
}
