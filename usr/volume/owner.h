/* SPDX-License-Identifier: GPL-2.0 */
/* Owners: whose keyslot has the metadata key. */
#ifndef HEARTH_OWNER_H
#define HEARTH_OWNER_H

#include "keys.h"
#include "volume.h"

/*
 * Do @keys have the metadata key of an open volume? The header says so of whom its
 * writer likes, the superblock's MAC does not. Of two, where a change was cut short, that
 * one is left. Returns 0 or a negative errno.
 */
int owner_prove(const struct volume *volume, struct keys *keys,
		struct error *err);

#endif
