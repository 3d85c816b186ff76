// SPDX-License-Identifier: GPL-2.0
/* A server's address, as a user, a script or another program wrote it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct address addr;
	struct error err;
	int port;

	memcpy(text, data, size);
	text[size] = '\0';
	if (!address_parse(text, "3240", &addr, &err)) {
		port = atoi(addr.port);
		if (strcmp(addr.name, text))
			abort();
		if (addr.kind == ADDRESS_INET &&
		    (!*addr.host || port < 1 || port > 65535 ||
		     !strstr(text, addr.host)))
			abort();
		if (addr.kind == ADDRESS_UNIX &&
		    (*addr.path != '/' || !strstr(text, addr.path)))
			abort();
	}
	free(text);
	return 0;
}
