// SPDX-License-Identifier: GPL-2.0
/* A name, an id or a role of another node. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/peer.h"
#include "../format/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), back[PEER_ID_TEXT];
	uint8_t id[PEER_ID];
	enum peer_role role;

	memcpy(text, data, size);
	text[size] = 0;
	/* a name of the wire has no end */
	if (peer_name_valid((const char *)data, size) !=
	    peer_name_valid(text, size))
		abort();
	if (peer_name_valid(text, size) &&
	    (!utf8_valid(text, size) || strlen(text) != size ||
	     size >= PEER_NAME || peer_id_parse(text, id)))
		abort();
	if (peer_id_parse(text, id)) {
		peer_id_text(id, back);
		if (strlen(text) != strlen(back))
			abort();
	}
	if (peer_role_parse(text, &role) && strcmp(peer_role_name(role), text))
		abort();
	free(text);
	return 0;
}
