/* SPDX-License-Identifier: GPL-2.0 */
/* Devices of a peer, by way of hearthd. */
#ifndef HEARTH_CLI_PEERDEV_H
#define HEARTH_CLI_PEERDEV_H

#include <jansson.h>

#include "../../format/peer.h"
#include "../../format/usbip.h"

/* A device as hearthd tells of it; what it does not tell is 0 or "". */
void peerdev_read(const json_t *json, struct usbip_device *dev);

/*
 * The devices that @peer, a name or an id, shares with this node; usbip_list_clear() them.
 * Returns 0, or a negative errno: -ENOENT where there is no such peer, with a hint at
 * --plain.
 */
int peerdev_list(const char *peer, struct usbip_list *list, struct error *err);

/*
 * Asks it for the device that @text means: a bus id, or VID:PID where there is one. Returns
 * the connection that carries its URBs, or a negative errno. @name and @id: the peer's.
 */
int peerdev_import(const char *peer, const char *text,
		   struct usbip_device *dev, char *name, size_t size,
		   uint8_t id[static PEER_ID], struct error *err);

#endif
