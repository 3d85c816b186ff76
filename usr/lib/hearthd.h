/* SPDX-License-Identifier: GPL-2.0 */
/* Asking hearthd: one JSON object there, one answer back (userspace-api/node.rst). */
#ifndef HEARTH_HEARTHD_H
#define HEARTH_HEARTHD_H

#include <jansson.h>

#include "../format/error.h"

#define HEARTHD_SOCKET	"/run/hearth/node/control"

/*
 * Asks @request, whose reference is taken, and waits for as long as it takes. Returns 0
 * and @answer, to be given back, or a negative errno: what hearthd refused, in its
 * words, or that it is not there.
 */
int hearthd_ask(json_t *request, json_t **answer, struct error *err);

/* The same, and the descriptor that comes alongside; without one that is an error, too. */
int hearthd_ask_fd(json_t *request, json_t **answer, int *fd,
		   struct error *err);

#endif
