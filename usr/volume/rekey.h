/* SPDX-License-Identifier: GPL-2.0 */
/* A user's regions move to a new key, while the volume is in use. */
#ifndef HEARTH_REKEY_H
#define HEARTH_REKEY_H

#include "keys.h"
#include "volume.h"

struct rekey_params {
	int from, to;		/* slots; -1: the user's only one, a new one */
	bool has_range;
	uint64_t first, count;	/* regions, with @has_range */
	bool has_rate;
	uint32_t rate;		/* KiB/s, with @has_rate; 0: no limit */
	struct header_cost cost;
};

/*
 * Begins a rekey of the user of @keys, whose passphrase is @pass: a new slot has
 * it too. @slots is set to the two slots. Returns 0 or a negative errno.
 *
 * @from may be a slot that the header lacks, if its key is loaded: this is the way
 * out where an old copy of the header was put back while the volume was open.
 */
int rekey_start(struct volume *volume, const struct rekey_params *params,
		struct keys *keys, const struct secret *pass,
		uint32_t slots[static 2], struct error *err);

#endif
