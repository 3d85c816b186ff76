// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "hex.h"
#include "peer.h"
#include "utf8.h"

static const char *const roles[] = {
	[PEER_FRIEND] = "friend",
	[PEER_SELF] = "self",
};

bool peer_id_parse(const char *text, uint8_t id[static PEER_ID])
{
	return hex_parse(text, id, PEER_ID);
}

void peer_id_text(const uint8_t id[static PEER_ID],
		  char text[static PEER_ID_TEXT])
{
	hex_text(id, PEER_ID, text);
}

bool peer_name_valid(const char *name, size_t size)
{
	if (!size || size >= PEER_NAME || !utf8_shows(name, size))
		return false;
	if (*name == ' ' || *name == '-' || name[size - 1] == ' ')
		return false;
	/* An id, or the beginning of one that is long enough to name a peer by. */
	return size < 8 || !hex_digits(name, size);
}

bool peer_may(enum peer_role role, const uint8_t id[static PEER_ID],
	      const struct peer_grant *grant)
{
	unsigned int i;

	if (!grant->n)
		return role == PEER_SELF;
	for (i = 0; i < grant->n; i++)
		if (!memcmp(grant->peers[i], id, PEER_ID))
			return true;
	return false;
}

const char *peer_role_name(enum peer_role role)
{
	return roles[role];
}

bool peer_role_parse(const char *text, enum peer_role *role)
{
	unsigned int i;

	for (i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		if (strcmp(text, roles[i]))
			continue;
		*role = (enum peer_role)i;
		return true;
	}
	return false;
}
