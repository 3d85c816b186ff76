/* SPDX-License-Identifier: GPL-2.0 */
/* What the verbs of "hearth volume slot" share. */
#ifndef HEARTH_CLI_VOLUME_SLOT_H
#define HEARTH_CLI_VOLUME_SLOT_H

#include "../../volume/volume.h"
#include "help.h"
#include "key.h"
#include "options.h"
#include "volume.h"

/* Something that is done to an open volume. */
typedef int (*slot_fn)(struct out *out, struct volume *v,
		       const struct volume_options *o, char **argv,
		       struct error *err);

/* What is wrong with the options: -1 for nothing, or an exit code. */
typedef int (*slot_check)(const struct volume_options *o);

/*
 * Gets the volume of the first operand, to be changed or only looked at, and
 * calls @fn; @check may be NULL. Returns an exit code.
 */
int slot_change(struct run *run, slot_check check, slot_fn fn);
int slot_look(struct run *run, slot_fn fn);

/* "v: slot 1 of bob" and what became of it. */
void slot_show(struct out *out, const char *name, uint32_t slot,
	       const char *user, const char *what);

#endif
