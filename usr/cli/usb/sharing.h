/* SPDX-License-Identifier: GPL-2.0 */
/* How it is shown what is shared, and for whom. */
#ifndef HEARTH_CLI_SHARING_H
#define HEARTH_CLI_SHARING_H

#include <jansson.h>

#include "../out.h"

/* A rule, as hearthd tells of it. */
void sharing_print(struct out *out, const json_t *rule);

#endif
