/* SPDX-License-Identifier: GPL-2.0 */
/* What nodes say to each other, in frames: the messages and their tables. */
#ifndef HEARTH_WIRE_H
#define HEARTH_WIRE_H

#include "frame.h"
#include "peer.h"
#include "usbclass.h"
#include "usbip.h"
#include "usbrule.h"

/* Where a node listens, where nothing else was said. */
#define WIRE_PORT		4820
#define WIRE_PORT_TEXT		"4820"

/* What a TLS connection is for, by its ALPN name (RFC 7301). */
#define WIRE_CONTROL		"hearth/1"
#define WIRE_PAIRING		"hearth-pair/1"
#define WIRE_USB		"usbip/1.1.1"

/* RFC 5705: what a proof is bound to. */
#define WIRE_EXPORTER		"EXPORTER-hearth-pair1"
#define WIRE_EXPORTED		32	/* bytes */
#define WIRE_PROOF		32
#define WIRE_KEY		32	/* of a pairing: what the code becomes */
#define WIRE_ROUNDS		(1u << 20)	/* of PBKDF2-SHA256 */
#define WIRE_SALT		"hearth pair v1"	/* its end, too; then the inviter's id */

#define WIRE_ADDRESS		64	/* bytes of an address, with the end */
#define WIRE_ADDRESSES		8
#define WIRE_PRIVATE_MAX	512	/* bytes of a private key, PKCS #8 */

enum wire_type {
	WIRE_HELLO = 1,
	WIRE_PING,
	WIRE_PONG,
	WIRE_BYE,
	WIRE_JOIN = 16,
	WIRE_WELCOME,
	/* in a backup alone */
	WIRE_NODE = 32,
	WIRE_PEER,
	/* between hearthd and hearth-discover alone, on one machine */
	WIRE_ANNOUNCE = 48,	/* hearthd: this is what to say */
	WIRE_SEEN,		/* somebody says that he is a node */
	WIRE_GONE,		/* and now that he is none, or nothing any more */
	/* between peers, about USB devices */
	WIRE_WATCH = 64,	/* DEVICE is wanted, of all and of each change */
	WIRE_DEVICE,		/* how things stand with one that is shared */
};

enum wire_hold {
	WIRE_HOLD_FREE,		/* to be had */
	WIRE_HOLD_YOURS,	/* who hears it has it */
	WIRE_HOLD_OTHER,	/* another client has it, or its owner does */
	WIRE_HOLD_GONE,		/* it is there no more, or not shared */
	WIRE_HOLD_LAST = WIRE_HOLD_GONE,
};

enum wire_bye {
	WIRE_BYE_SHUTDOWN,	/* the node is being stopped */
	WIRE_BYE_REMOVED,	/* who hears it is no peer any more */
	WIRE_BYE_DUPLICATE,	/* there is another connection */
	WIRE_BYE_PROTOCOL,	/* what was said made no sense */
	WIRE_BYE_TWIN,		/* another hearthd with the same key is linked */
	WIRE_BYE_FLOOD,		/* too much was said */
	WIRE_BYE_LAST = WIRE_BYE_FLOOD,
};

/* Attributes; a type means the same in each message. */
enum wire_attr {
	WIRE_ATTR_NAME = 1,
	WIRE_ATTR_PORT,
	WIRE_ATTR_TIME,
	WIRE_ATTR_REASON,
	WIRE_ATTR_PROOF,
	WIRE_ATTR_ROLE,
	WIRE_ATTR_ID,
	WIRE_ATTR_ADDRESS,
	WIRE_ATTR_PRIVATE,
	WIRE_ATTR_PAIRING,
	WIRE_ATTR_RUN,
	WIRE_ATTR_BUSID,
	WIRE_ATTR_PLUG,
	WIRE_ATTR_VENDOR,
	WIRE_ATTR_PRODUCT,
	WIRE_ATTR_SERIAL,
	WIRE_ATTR_HOLD,
	WIRE_ATTR_CLASSES,
};

/* One of any type; what it does not have is zero. */
struct wire {
	enum wire_type type;
	char name[PEER_NAME];
	uint16_t port;			/* 0: it listens nowhere */
	uint64_t run;			/* of its hearthd, by chance; 0: it does not say */
	uint64_t time;			/* its sender's, to come back in a PONG */
	enum wire_bye reason;
	uint8_t proof[WIRE_PROOF];
	enum peer_role role;
	bool pairing;			/* its invitation is open */
	uint8_t id[PEER_ID];
	unsigned int n_addresses;
	char addresses[WIRE_ADDRESSES][WIRE_ADDRESS];
	size_t private_size;
	uint8_t private[WIRE_PRIVATE_MAX];
	char busid[USBIP_BUSID_SIZE];
	uint64_t plug;			/* another one when it was plugged in anew */
	uint16_t vendor, product;
	char serial[USBRULE_SERIAL];	/* "": none that is text */
	enum wire_hold hold;
	struct usbclass class;		/* nothing known: it does not say */
};

/* Ended by one without a name. */
extern const struct frame_policy wire_policies[];

/* Returns 0, or a negative errno for what no node says. */
int wire_parse(const struct frame *frame, struct wire *wire, struct error *err);

/* Writes it to @data. Returns the frame's size, or 0 where it does not fit. */
size_t wire_format(const struct wire *wire, void *data, size_t room);

/* "shutdown", "removed", "duplicate", "protocol", "twin", "flood" */
const char *wire_bye_name(enum wire_bye reason);

#endif
