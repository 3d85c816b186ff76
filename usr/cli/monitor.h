/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HEARTH_CLI_MONITOR_H
#define HEARTH_CLI_MONITOR_H

#include "verb.h"

extern const struct verb monitor_verb;

#endif
