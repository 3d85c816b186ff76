/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_CLI_VOLUME_OPEN_H
#define HEARTH_CLI_VOLUME_OPEN_H

#include "../../volume/open.h"
#include "options.h"

/* Opens a volume and shows what has come of it. Returns an exit code. */
int open_run(struct run *run, const struct volume_options *o,
	     const struct open_params *params);

#endif
