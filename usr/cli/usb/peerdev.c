// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../format/usbrule.h"
#include "../../lib/hearthd.h"
#include "../answer.h"
#include "../peer/peer.h"
#include "peerdev.h"

void peerdev_read(const json_t *json, struct usbip_device *dev)
{
	const json_t *interfaces = json_object_get(json, "interfaces"), *each;
	size_t i;

	memset(dev, 0, sizeof(*dev));
	snprintf(dev->busid, sizeof(dev->busid), "%s",
		 answer_text(json, "busid"));
	snprintf(dev->path, sizeof(dev->path), "%s", answer_text(json, "path"));
	dev->busnum = (uint32_t)answer_number(json, "busnum");
	dev->devnum = (uint32_t)answer_number(json, "devnum");
	dev->speed = (uint32_t)answer_number(json, "speed");
	dev->vendor = (uint16_t)answer_number(json, "vendor");
	dev->product = (uint16_t)answer_number(json, "product");
	dev->release = (uint16_t)answer_number(json, "release");
	dev->class = (uint8_t)answer_number(json, "class");
	dev->subclass = (uint8_t)answer_number(json, "subclass");
	dev->protocol = (uint8_t)answer_number(json, "protocol");
	json_array_foreach(interfaces, i, each) {
		if (i == UINT8_MAX)
			break;
		dev->interfaces[i] = (struct usbip_interface){
			.class = (uint8_t)answer_number(each, "class"),
			.subclass = (uint8_t)answer_number(each, "subclass"),
			.protocol = (uint8_t)answer_number(each, "protocol"),
		};
		dev->n_interfaces = (uint8_t)(i + 1);
	}
}

/* Who means a server without TLS is told how to say so. */
static int find(const char *text, json_t **peer, struct error *err)
{
	struct error why;
	int ret = peer_find(text, peer, &why);

	return ret ? error_set(err, -ret,
			       "%s; a server of plain USB/IP is named with --plain %s",
			       why.text, text) : 0;
}

static int ask_list(const json_t *peer, struct usbip_list *list,
		    struct error *err)
{
	json_t *answer, *each;
	size_t i;
	int ret = hearthd_ask(json_pack("{s:s,s:s}", "verb", "usb-list", "id",
					answer_text(peer, "id")), &answer, err);

	usbip_list_init(list);
	if (ret)
		return ret;
	list->devices = calloc(json_array_size(answer) + 1,
			       sizeof(*list->devices));
	json_array_foreach(answer, i, each)
		if (list->devices)
			peerdev_read(each, &list->devices[list->n++]);
	json_decref(answer);
	return list->devices ? 0 : error_set(err, ENOMEM, "out of memory");
}

int peerdev_list(const char *text, struct usbip_list *list, struct error *err)
{
	json_t *peer;
	int ret = find(text, &peer, err);

	if (ret)
		return ret;
	ret = ask_list(peer, list, err);
	json_decref(peer);
	return ret;
}

/* The one that the rule means, of what the peer shares. */
static int choose(const json_t *peer, const struct usbrule *rule,
		  const char *text, char busid[static USBIP_BUSID_SIZE],
		  struct error *err)
{
	struct usbip_list list;
	size_t i, n = 0;
	int ret = ask_list(peer, &list, err);

	for (i = 0; !ret && i < list.n; i++)
		if (usbrule_matches(rule, &list.devices[i], "")) {
			strcpy(busid, list.devices[i].busid);
			n++;
		}
	usbip_list_clear(&list);
	if (ret || n == 1)
		return ret;
	return n ? error_set(err, ENOTUNIQ,
			     "%zu devices there are %s: name one by its bus id",
			     n, text) :
		   error_set(err, ENODEV, "no device there is %s, or it is not shared",
			     text);
}

static int find_busid(const json_t *peer, const char *text,
		      char busid[static USBIP_BUSID_SIZE], struct error *err)
{
	struct usbrule rule;
	int ret = usbrule_parse(text, &rule, err);

	if (ret)
		return ret;
	if (*rule.serial)
		return error_set(err, EINVAL,
				 "a peer does not tell serial numbers: name it by its bus id");
	if (rule.kind != USBRULE_BUSID)
		return choose(peer, &rule, text, busid, err);
	strcpy(busid, rule.busid);
	return 0;
}

int peerdev_import(const char *text, const char *device,
		   struct usbip_device *dev, char *name, size_t size,
		   uint8_t id[static PEER_ID], struct error *err)
{
	char busid[USBIP_BUSID_SIZE];
	json_t *peer, *answer;
	int fd = -1, ret = find(text, &peer, err);

	if (ret)
		return ret;
	snprintf(name, size, "%s", answer_text(peer, "name"));
	if (peer_id_parse(answer_text(peer, "id"), id))
		ret = find_busid(peer, device, busid, err);
	else
		ret = error_set(err, EPROTO, "hearthd names a peer without an id");
	if (!ret)
		ret = hearthd_ask_fd(json_pack("{s:s,s:s,s:s}",
					       "verb", "usb-attach",
					       "id", answer_text(peer, "id"),
					       "busid", busid),
				     &answer, &fd, err);
	json_decref(peer);
	if (ret)
		return ret;
	peerdev_read(answer, dev);
	json_decref(answer);
	/* hearthd's own were never to wait */
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}
