/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices in the hands of exporters (hearth-usbd), and who has them. An exporter goes on when
 * hearthd has ended; systemd keeps the connection to it meanwhile, for the next hearthd. Where
 * it does not, that the device is taken is still known, but not by whom.
 */
#ifndef HEARTH_NODE_EXPORTER_H
#define HEARTH_NODE_EXPORTER_H

#include "share.h"

#define EXPORTER_SOCKET	"/run/hearth/usbd"

/*
 * Has an exporter take the device for the client behind @fd, who has not been answered
 * yet. Returns 0, and the exporter answers; or a negative errno: -EBUSY where somebody has
 * it. @fd stays the caller's.
 */
int exporter_start(struct node *node, const struct usblocal *local,
		 const struct share_client *client, int fd, struct error *err);

/* Who has it: a name, "" where that is not known, or NULL where nobody has it. */
const char *exporter_holder(struct node *node, const struct usblocal *local);

/* Is it this peer that has it? */
bool exporter_serves(struct node *node, const char *busid,
		     const uint8_t id[static PEER_ID]);

/* Takes it from whoever has it. Returns false where no exporter is known. */
bool exporter_release(struct node *node, const char *busid);

/* Releases all that the peer has. */
void exporter_release_peer(struct node *node, const uint8_t id[static PEER_ID]);

/* Releases those whose client may have them no more: what is shared has changed. */
void exporter_review(struct node *node);

/* Takes up those of the hearthd before. Of a peer that is none any more they are released. */
void exporter_resume(struct node *node);

/* Forgets them; they go on. */
void exporter_stop(struct node *node);

#endif
