/* SPDX-License-Identifier: GPL-2.0 */
/* What another node is called: its id, its name, and its role here. */
#ifndef HEARTH_PEER_H
#define HEARTH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_ID		32	/* bytes: the SHA-256 of its public key (SPKI) */
#define PEER_ID_TEXT	65	/* as 64 hexadecimal digits, with the end */
#define PEER_NAME	65	/* bytes of a name, with the end */

/* What it is to this node's owner: decides what it may use. */
enum peer_role {
	PEER_FRIEND,	/* may use what it was granted by name */
	PEER_SELF,	/* another machine of the same owner */
};

/* 64 hexadecimal digits. Returns false for anything else. */
bool peer_id_parse(const char *text, uint8_t id[static PEER_ID]);
void peer_id_text(const uint8_t id[static PEER_ID],
		  char text[static PEER_ID_TEXT]);

/*
 * 1 to 64 bytes of UTF-8 that a terminal shows as they are, with no space at either
 * end, which do not begin with "-" and do not read as an id.
 */
bool peer_name_valid(const char *name, size_t size);

/*
 * Whom something of this node is for: the peers that it was granted to by name, or,
 * where none is named, every machine of the same owner.
 */
struct peer_grant {
	unsigned int n;
	const uint8_t (*peers)[PEER_ID];
};

/*
 * May the peer @id use it? All that a node lends is asked here. Whether @id is a peer
 * at all, and what its role is, the caller knows from the link that it talks over.
 */
bool peer_may(enum peer_role role, const uint8_t id[static PEER_ID],
	      const struct peer_grant *grant);

/* "friend" or "self". */
const char *peer_role_name(enum peer_role role);
bool peer_role_parse(const char *text, enum peer_role *role);

#endif
