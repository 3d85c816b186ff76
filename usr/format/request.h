/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What hearthd is asked on its control socket: one JSON object, with "verb" and what
 * that verb takes. Which verbs there are, who may use them and what they take is one
 * table; a member that a verb does not take is refused.
 */
#ifndef HEARTH_REQUEST_H
#define HEARTH_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "peer.h"
#include "usbrule.h"
#include "wire.h"

#define REQUEST_PEERS	16	/* that something is for */
#define REQUEST_TTL_MAX	86400	/* seconds that an invitation may last */

enum request_verb {
	REQUEST_NODE_INIT,
	REQUEST_NODE_SHOW,
	REQUEST_NODE_BACKUP,
	REQUEST_NODE_RESTORE,
	REQUEST_PEER_INVITE,
	REQUEST_PEER_WATCH,
	REQUEST_PEER_LOOK,
	REQUEST_PEER_JOIN,
	REQUEST_PEER_ADD,
	REQUEST_PEER_LIST,
	REQUEST_PEER_NEARBY,
	REQUEST_PEER_REMOVE,
	REQUEST_USB_SHARE,
	REQUEST_USB_UNSHARE,
	REQUEST_USB_SHARED,
	REQUEST_USB_RELEASE,
	REQUEST_USB_LIST,
	REQUEST_USB_ATTACH,
	REQUEST_USB_BIND,
	REQUEST_USB_UNBIND,
	REQUEST_USB_BOUND,
	REQUEST_VERBS,
};

/* Who asks, as far as it matters; the later may what the earlier may. */
enum request_caller {
	REQUEST_OTHER,
	REQUEST_USER,	/* of group hearth */
	REQUEST_ADMIN,	/* root, or of group hearth-admin */
};

struct request {
	enum request_verb verb;
	char name[PEER_NAME];		/* "": it was not given */
	bool has_id, has_role;
	uint8_t id[PEER_ID];
	enum peer_role role;
	uint8_t key[WIRE_KEY];		/* wipe it */
	unsigned int n_addresses;	/* numeric, with ports */
	char addresses[WIRE_ADDRESSES][WIRE_ADDRESS];
	uint32_t ttl;			/* seconds; 0: it was not given */
	uint64_t seen;			/* of "peer-watch": what is known already */
	struct usbrule rule;
	char busid[USBIP_BUSID_SIZE];	/* "": it was not given */
	bool force, plain;
	unsigned int n_peers;
	uint8_t peers[REQUEST_PEERS][PEER_ID];
	char *data;			/* hexadecimal, or NULL; request_clear() */
};

/*
 * Takes @size bytes of JSON apart. Returns 0, or -EINVAL and then nothing is to be
 * cleared.
 */
int request_parse(const char *text, size_t size, struct request *request,
		  struct error *err);

/* Wipes what is secret, frees what was allocated. */
void request_clear(struct request *request);

/* "peer-list" */
const char *request_verb_name(enum request_verb verb);

/* The least that may use it. */
enum request_caller request_least(enum request_verb verb);

#endif
