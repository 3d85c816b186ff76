/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a node knows across restarts, in SQLite. Each function is one transaction: when
 * it returns 0 the change is on the disk, and where the power fails before, there was
 * none. The file is written by hearthd alone.
 */
#ifndef HEARTH_STORE_H
#define HEARTH_STORE_H

#include <stdint.h>

#include "../format/error.h"
#include "../format/peer.h"
#include "../format/usbclass.h"
#include "../format/usbrule.h"
#include "../format/wire.h"

struct sqlite3;

struct store {
	struct sqlite3 *db;
};

/* A peer as it is kept. */
struct store_peer {
	uint8_t id[PEER_ID];
	char name[PEER_NAME];		/* no other has it */
	enum peer_role role;
	int64_t paired;			/* seconds since 1970 */
	unsigned int n_addresses;	/* the best first */
	char addresses[WIRE_ADDRESSES][WIRE_ADDRESS];
};

#define STORE_SHARE_PEERS	16u

/* USB devices that are shared, and for whom. */
struct store_share {
	struct usbrule rule;
	bool forced;		/* even what this machine keeps for itself */
	bool plain;		/* at the plain port, too: for anybody there */
	bool named;		/* for the peers below alone, even where there are none */
	unsigned int n;
	uint8_t peers[STORE_SHARE_PEERS][PEER_ID];
};

/* A device of a peer's that is to be plugged in here whenever it is to be had. */
struct store_wish {
	uint8_t peer[PEER_ID];
	struct usbrule rule;
	struct usbclass class;		/* that it may have; nothing is known yet */
};

/*
 * Opens the file, and brings one of an older version up to date. Returns 0 or a
 * negative errno; one of a newer version is -EPROTONOSUPPORT, and stays as it is.
 */
int store_open(struct store *store, const char *path, struct error *err);
void store_close(struct store *store);

/* The node's name; "" where it has none. */
int store_name(struct store *store, char name[static PEER_NAME],
	       struct error *err);
int store_set_name(struct store *store, const char *name, struct error *err);

/* Calls @each with every peer, in the order of names. */
int store_peers(struct store *store,
		int (*each)(const struct store_peer *peer, void *arg,
			    struct error *err),
		void *arg, struct error *err);

/* Adds a peer, or puts it in place of the one with its id. */
int store_put_peer(struct store *store, const struct store_peer *peer,
		   struct error *err);
int store_drop_peer(struct store *store, const uint8_t id[static PEER_ID],
		    struct error *err);

/* All that is known becomes this name and these peers. */
int store_replace(struct store *store, const char *name,
		  const struct store_peer *peers, size_t n, struct error *err);

/* Calls @each with all that is shared, in the order of the rules' texts. */
int store_shares(struct store *store,
		 int (*each)(const struct store_share *share, void *arg,
			     struct error *err),
		 void *arg, struct error *err);

/* Adds one, or puts it in place of the one with its rule. */
int store_put_share(struct store *store, const struct store_share *share,
		    struct error *err);
int store_drop_share(struct store *store, const struct usbrule *rule,
		     struct error *err);

/* Calls @each with every wish, in the order in which they were made. */
int store_wishes(struct store *store,
		 int (*each)(const struct store_wish *wish, void *arg,
			     struct error *err),
		 void *arg, struct error *err);

/* Adds one; of a peer that is kept. One that is there already stays. */
int store_put_wish(struct store *store, const struct store_wish *wish,
		   struct error *err);
/* From now on the device may have what is in the wish's class. */
int store_keep_class(struct store *store, const struct store_wish *wish,
		     struct error *err);
int store_drop_wish(struct store *store, const struct store_wish *wish,
		    struct error *err);

#endif
