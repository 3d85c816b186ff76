// SPDX-License-Identifier: GPL-2.0
/* A request, of anybody who can open the control socket. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../format/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request;
	struct error err;

	if (!request_parse((const char *)data, size, &request, &err)) {
		if (request.verb >= REQUEST_VERBS ||
		    request.n_addresses > WIRE_ADDRESSES ||
		    (*request.name &&
		     !peer_name_valid(request.name, strlen(request.name))))
			abort();
		request_clear(&request);
	}
	return 0;
}
