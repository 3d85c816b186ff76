/* SPDX-License-Identifier: GPL-2.0 */
/* Values of what hearthd answers. */
#ifndef HEARTH_CLI_ANSWER_H
#define HEARTH_CLI_ANSWER_H

#include <jansson.h>
#include <stdint.h>

/* The text that an object has there, or "". */
const char *answer_text(const json_t *object, const char *key);

/* The number that an object has there, or 0. */
uint64_t answer_number(const json_t *object, const char *key);

#endif
