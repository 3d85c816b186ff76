/* SPDX-License-Identifier: GPL-2.0 */
/* The command line: what it says of others goes to these. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "device.h"

struct options {
	uint32_t address;		/* IPv4, in the host's byte order */
	uint16_t port;
	const char *unix_path;		/* listen there instead; or NULL */
	bool vsock;			/* on @port of vsock instead */
	bool daemonic;
	unsigned int devices;
	const struct kind *kind;
	enum device_speed speed;
	int64_t delay_ms;		/* of every answer */
};

/* What makes no sense ends the program. */
struct options options_read(int argc, char **argv);

#endif
