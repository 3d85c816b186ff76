// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "../lib/identity.h"
#include "offer.h"

struct offers *offers_of(struct offers *all, const uint8_t id[static PEER_ID])
{
	for (; all; all = all->next)
		if (identity_same(all->id, id))
			break;
	return all;
}

/* Makes room for a peer's first. */
static struct offers *begin(struct offers **all, const uint8_t *id)
{
	struct offers *offers = calloc(1, sizeof(*offers));

	if (!offers)
		return NULL;
	memcpy(offers->id, id, PEER_ID);
	offers->next = *all;
	*all = offers;
	return offers;
}

/* Where that device is in the list, or has its place. NULL: there is no room. */
static struct offer *place_of(struct offers *offers, const char *busid)
{
	unsigned int i;

	for (i = 0; i < offers->n; i++)
		if (!strcmp(offers->list[i].about.busid, busid))
			return &offers->list[i];
	return offers->n < OFFERS_MAX ? &offers->list[offers->n++] : NULL;
}

const struct offer *offers_hear(struct offers **all,
				const uint8_t id[static PEER_ID],
				const struct wire *device)
{
	struct offers *offers = offers_of(*all, id);
	struct offer *offer;

	if (!offers)
		offers = begin(all, id);
	offer = offers ? place_of(offers, device->busid) : NULL;
	if (!offer)
		return NULL;
	if (device->hold == WIRE_HOLD_GONE) {
		*offer = offers->list[--offers->n];
		return NULL;
	}
	memset(offer, 0, sizeof(*offer));
	strcpy(offer->about.busid, device->busid);
	offer->about.vendor = device->vendor;
	offer->about.product = device->product;
	strcpy(offer->serial, device->serial);
	offer->class = device->class;
	offer->plug = device->plug;
	offer->hold = device->hold;
	return offer;
}

void offers_forget(struct offers **all, const uint8_t id[static PEER_ID])
{
	struct offers *offers;

	for (; (offers = *all); all = &offers->next) {
		if (!identity_same(offers->id, id))
			continue;
		*all = offers->next;
		free(offers);
		return;
	}
}

void offers_clear(struct offers **all)
{
	struct offers *offers;

	while ((offers = *all)) {
		*all = offers->next;
		free(offers);
	}
}
