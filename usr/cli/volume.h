/* SPDX-License-Identifier: GPL-2.0 */
/* Verbs of "hearth volume"; each gets its own name as argv[0]. */
#ifndef HEARTH_CLI_VOLUME_H
#define HEARTH_CLI_VOLUME_H

#include "hearth.h"

int volume_regions(struct out *out, int argc, char **argv);

#endif
