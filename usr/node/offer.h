/* SPDX-License-Identifier: GPL-2.0 */
/* What peers have for us, each as it says itself (DEVICE): those of whom something is wished. */
#ifndef HEARTH_NODE_OFFER_H
#define HEARTH_NODE_OFFER_H

#include "../format/wire.h"

#define OFFERS_MAX	64u	/* devices of a peer that are known */

struct offer {
	struct usbip_device about;	/* bus id, vendor and product of it */
	char serial[USBRULE_SERIAL];
	struct usbclass class;
	uint64_t plug;
	enum wire_hold hold;
};

/* A peer's, in a list of peers that have some. */
struct offers {
	struct offers *next;
	uint8_t id[PEER_ID];
	unsigned int n;
	struct offer list[OFFERS_MAX];
};

/* NULL: nothing was heard of it. */
struct offers *offers_of(struct offers *all, const uint8_t id[static PEER_ID]);

/*
 * The peer tells how things stand with a device. Returns what is known of it now; NULL where
 * it has gone, or there is no room.
 */
const struct offer *offers_hear(struct offers **all,
				const uint8_t id[static PEER_ID],
				const struct wire *device);
void offers_forget(struct offers **all, const uint8_t id[static PEER_ID]);
void offers_clear(struct offers **all);

#endif
