/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a node says of itself to all of its network, by mDNS: an instance of
 * _hearth._tcp, named by the first digits of its id, with the strings of a TXT record.
 *
 *	v=1  id=64 digits  n=name  pair=1 while its invitation is open
 *
 * Nothing of it is proved: anybody can say anything.
 */
#ifndef HEARTH_ANNOUNCEMENT_H
#define HEARTH_ANNOUNCEMENT_H

#include "error.h"
#include "peer.h"

#define ANNOUNCEMENT_TYPE	"_hearth._tcp"
#define ANNOUNCEMENT_INSTANCE	16	/* digits */
#define ANNOUNCEMENT_TEXT	68	/* bytes of a string, with the end */

struct announcement {
	uint8_t id[PEER_ID];
	char name[PEER_NAME];
	bool pairing;
	/* what was taken so far */
	bool has_version, has_id, has_name;
};

/*
 * Takes one string of a TXT record, KEY=VALUE; begin with zeros. One that is not known
 * is passed over. Returns 0 or -EPROTO.
 */
int announcement_take(struct announcement *said, const void *data, size_t size,
		      struct error *err);

/*
 * Is it all there, and does the instance's name fit? That are the digits, and where
 * another had them "-" and a number. Returns 0 or -EPROTO.
 */
int announcement_check(const struct announcement *said, const char *instance,
		       struct error *err);

/* May an instance of that name be a node's at all? */
bool announcement_instance(const char *instance);

/* The @n-th string of what is said. Returns false behind the last. */
bool announcement_text(const struct announcement *said, unsigned int n,
		       char text[static ANNOUNCEMENT_TEXT]);

#endif
