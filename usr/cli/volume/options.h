/* SPDX-License-Identifier: GPL-2.0 */
/* The options of volumes: a verb lists those it takes, all are read alike. */
#ifndef HEARTH_CLI_VOLUME_OPTIONS_H
#define HEARTH_CLI_VOLUME_OPTIONS_H

#include "../../volume/header.h"
#include "../ask.h"
#include "../verb.h"

struct volume_options {
	struct ask_source key, new_key, owner_key;
	struct header_cost cost;
	const char *meta, *header, *header_backup, *luks_header, *user;
	const char *cipher, *hash, *tab, *units;
	uint32_t key_bits, sector_size;
	uint32_t region;		/* sectors */
	uint32_t rate;			/* KiB/s */
	uint64_t size, offset;		/* sectors */
	uint64_t first, count;		/* regions */
	int from, to;			/* slots; -1: not given */
	uint64_t without;		/* a bit for each device */
	const char *add;
	bool has_range, has_rate;
	bool large_iv, discards, force, yes, wait, readonly, plain, no_key;
	bool owner;
};

enum {
	OPT_KEY_FILE, OPT_KEY_FD, OPT_NEW_KEY_FILE, OPT_NEW_KEY_FD,
	OPT_META, OPT_HEADER, OPT_BACKUP, OPT_LUKS_HEADER, OPT_USER,
	OPT_CIPHER, OPT_HASH, OPT_KEY_SIZE, OPT_SECTOR_SIZE, OPT_REGION_SIZE,
	OPT_SIZE, OPT_OFFSET, OPT_RANGE, OPT_RATE, OPT_FROM, OPT_TO,
	OPT_WITHOUT, OPT_ADD, OPT_LARGE_IV, OPT_DISCARDS, OPT_FORCE, OPT_YES,
	OPT_WAIT, OPT_MEMORY, OPT_ITERATIONS, OPT_READONLY, OPT_PLAIN,
	OPT_NO_KEY, OPT_TAB, OPT_UNITS, OPT_OWNER, OPT_OWNER_KEY_FILE,
	OPT_OWNER_KEY_FD,
};

/* For a verb's list of options, each with its comma. */
#define OPTION_TEXT(name, val)	{ name, required_argument, NULL, val }
#define OPTION_FLAG(name, val)	{ name, no_argument, NULL, val }
#define OPTIONS_KEY						\
	OPTION_TEXT("key-file", OPT_KEY_FILE),			\
	OPTION_TEXT("key-fd", OPT_KEY_FD)
#define OPTIONS_NEW_KEY						\
	OPTION_TEXT("new-key-file", OPT_NEW_KEY_FILE),		\
	OPTION_TEXT("new-key-fd", OPT_NEW_KEY_FD)
#define OPTIONS_COST						\
	OPTION_TEXT("pbkdf-memory", OPT_MEMORY),		\
	OPTION_TEXT("pbkdf-iterations", OPT_ITERATIONS)
#define OPTION_META	OPTION_TEXT("meta", OPT_META)
#define OPTION_HEADER	OPTION_TEXT("header", OPT_HEADER)
#define OPTION_USER	OPTION_TEXT("user", OPT_USER)
#define OPTION_SIZE	OPTION_TEXT("size", OPT_SIZE)
#define OPTION_RATE	OPTION_TEXT("rate", OPT_RATE)
#define OPTION_DISCARDS	OPTION_FLAG("allow-discards", OPT_DISCARDS)
#define OPTION_FORCE	OPTION_FLAG("force", OPT_FORCE)
#define OPTION_YES	OPTION_FLAG("yes", OPT_YES)
#define OPTION_WAIT	OPTION_FLAG("wait", OPT_WAIT)
#define OPTIONS_FORMAT						\
	OPTIONS_KEY, OPTIONS_COST, OPTION_META, OPTION_HEADER,	\
	OPTION_USER, OPTION_SIZE, OPTION_DISCARDS, OPTION_FORCE,	\
	OPTION_TEXT("cipher", OPT_CIPHER),			\
	OPTION_TEXT("key-size", OPT_KEY_SIZE),			\
	OPTION_TEXT("sector-size", OPT_SECTOR_SIZE),		\
	OPTION_FLAG("iv-large-sectors", OPT_LARGE_IV),		\
	OPTION_TEXT("region-size", OPT_REGION_SIZE)

/* Options of verbs that take no others. */
extern const struct option volume_no_options[], volume_header_option[],
	volume_wait_options[];

/*
 * Reads the options of @run into @o and checks each on its own, and that the
 * first operand may be a volume's name. Returns -1, or an exit code.
 */
int volume_options_read(struct run *run, struct volume_options *o);

/* The same of a verb whose operands are devices. */
int volume_options_devices(struct run *run, struct volume_options *o);

/* "50M": bytes a second as KiB/s, a number alone is KiB/s. False: it is none. */
bool volume_rate(const char *text, uint32_t *rate);

#endif
